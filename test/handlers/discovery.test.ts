import { createHash } from 'node:crypto';
import { expect } from 'chai';
import request from 'supertest';
import { define } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import { fact } from '../../src/api/facts.js';
import { Discovery } from '../../src/handlers/discovery.js';
import { allDefinitions, versionPaths } from '../helpers/all-definitions.js';
import { serveHandler } from '../helpers/handler-server.js';

interface Discovered {
  resources: { name: string }[];
}
type Facts = Record<string, Discovered> & { aggregated: Record<'api' | 'apis', object>; '/api': object; '/apis': object };
const facts = fact<Facts>('discovery');
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

function serve(definitions: Definitions) {
  const discovery = new Discovery({ definitions, serverAddress: () => '192.0.2.2:26443', otherPaths: ['/version', '/healthz'] });
  return request(serveHandler((r) => discovery.handle(r)));
}

describe('discovery of everything', () => {
  const server = serve(allDefinitions());

  it('lists versions and groups in the order of upstream', async () => {
    expect((await server.get('/api').expect(200)).text).to.equal(`${JSON.stringify(facts['/api'])}\n`);
    expect((await server.get('/apis/').expect(200)).text).to.equal(`${JSON.stringify(facts['/apis'])}\n`);
  });

  it('lists the resources of each version, byte for byte', async () => {
    for (const path of versionPaths) expect((await server.get(path).expect(200)).text, path).to.equal(`${JSON.stringify(facts[path])}\n`);
  });

  it('aggregates all in one document', async () => {
    for (const root of ['api', 'apis'] as const) {
      const answer = await server.get(`/${root}`).set('Accept', AGGREGATED).expect(200);
      expect(answer.text, root).to.equal(`${JSON.stringify(facts.aggregated[root])}\n`);
      expect(answer.headers).to.include({ 'content-type': AGGREGATED, vary: 'Accept', 'cache-control': 'public' });
    }
  });

  it('tells a client that knows the aggregated document so', async () => {
    const first = await server.get('/apis').set('Accept', `${AGGREGATED},application/json`);
    expect(first.headers.etag).to.match(/^"[0-9A-F]{128}"$/);
    const again = await server
      .get('/apis')
      .set('Accept', AGGREGATED)
      .set('If-None-Match', first.headers.etag as string)
      .expect(304);
    expect(again.text).to.equal('');
    expect(again.headers.etag).to.equal(first.headers.etag);
    await server
      .get('/api')
      .set('Accept', AGGREGATED)
      .set('If-None-Match', first.headers.etag as string)
      .expect(200);
  });

  it('gives the aggregated document to whoever takes it at all', async () => {
    for (const accept of [`application/json,${AGGREGATED}`, `*/*, ${AGGREGATED};q=0.1`]) {
      const { body, headers } = await server.get('/apis').set('Accept', accept).expect(200);
      expect(body.kind, accept).to.equal('APIGroupDiscoveryList');
      expect(headers.vary).to.equal('Accept');
    }
    expect((await server.get('/apis')).headers).not.to.have.property('vary');
  });

  it('makes the tag of an aggregated document as upstream does', async () => {
    for (const root of ['api', 'apis'] as const) {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = facts.aggregated[root] as Record<string, unknown>;
      const tag = createHash('sha512').update(JSON.stringify(rest)).digest('hex').toUpperCase();
      expect((await server.get(`/${root}`).set('Accept', AGGREGATED)).headers.etag).to.equal(`"${tag}"`);
    }
  });

  it('gives the legacy document where the aggregated one is not served', async () => {
    const old = AGGREGATED.replace('v=v2;', 'v=v2beta1;');
    await server.get('/apis').set('Accept', old).expect(406);
    expect((await server.get('/apis').set('Accept', `${old},application/json`).expect(200)).body.kind).to.equal('APIGroupList');
    for (const path of ['/apis/apps/v1', '/apis/']) await server.get(path).set('Accept', AGGREGATED).expect(406);
  });

  it('describes one group', async () => {
    const v1 = { groupVersion: 'autoscaling/v1', version: 'v1' };
    const v2 = { groupVersion: 'autoscaling/v2', version: 'v2' };
    const { body } = await server.get('/apis/autoscaling').expect(200);
    expect(body).to.deep.equal({ kind: 'APIGroup', apiVersion: 'v1', name: 'autoscaling', versions: [v2, v1], preferredVersion: v2 });
  });

  it('does not know other groups and versions', async () => {
    await server.get('/apis/nonsense').expect(404, '404 page not found\n');
    await server.get('/apis/nonsense/v1').expect(404, '404 page not found\n');
    for (const path of ['/nonsense', '/apiss', '/healthz/nonsense']) await server.get(path).expect(404, '404 page not found\n');
    for (const path of ['/api/v2', '/api/v1/x/y', '/apis/apps/v9', '/apis/apps/v1/x'])
      expect((await server.get(path).expect(404)).body.message, path).to.equal('the server could not find the requested resource');
  });

  it('is only read, except where upstream does not look at the method', async () => {
    for (const path of ['/api', '/apis/apiregistration.k8s.io', '/apis/apps/v1']) await server.post(path).expect(405);
    for (const path of ['/', '/index.html', '/apis', '/apis/apps']) await server.post(path).expect(200);
  });

  it('refuses other forms as the handler of the path does', async () => {
    const message = async (path: string) => (await server.get(path).set('Accept', 'text/csv').expect(406)).body.message as string;
    const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    for (const path of ['/apis', '/apis/apps'])
      expect(await message(path)).to.equal(`only the following media types are accepted: ${types}`);
    for (const path of ['/api', '/apis/apiregistration.k8s.io', '/apis/apps/v1'])
      expect(await message(path)).to.equal(`406: Not Acceptable\n\nAvailable representations: ${types}`);
  });
});

describe('discovery of some definitions', () => {
  it('shows served groups only, and what came later', async () => {
    const definitions = new Definitions();
    definitions.add(define({ group: 'apps', version: 'v1', resource: 'deployments' }));
    const server = serve(definitions);
    const names = async () => (await server.get('/apis')).body.groups.map((g: { name: string }) => g.name);
    expect(await names()).to.deep.equal(['apps']);
    const widget = { ...define({ group: 'apps', version: 'v1', resource: 'deployments' }), group: 'example.com', kind: 'Widget' };
    for (const version of ['v1alpha1', 'v1', 'v10', 'other', 'v2beta1']) definitions.add({ ...widget, version });
    expect(await names()).to.deep.equal(['apps', 'example.com']);
    const { body } = await server.get('/apis/example.com');
    expect(body.versions.map((v: { version: string }) => v.version)).to.deep.equal(['v10', 'v1', 'v2beta1', 'v1alpha1', 'other']);
  });

  it('lists groups made at run time by the names of their APIServices, and aggregates them by their own', async () => {
    const deployments = define({ group: 'apps', version: 'v1', resource: 'deployments' });
    const definitions = new Definitions();
    definitions.add(deployments);
    for (const name of ['v2/a.example.com', 'v1alpha1/b.example.com', 'v1/d.example.com', 'v3/c.example.com', 'v1/c.example.com']) {
      const [version = '', group = ''] = name.split('/');
      definitions.add({ ...deployments, group, version, serving: { ...deployments.serving, routes: false } });
    }
    const server = serve(definitions);
    const listed = (await server.get('/apis')).body.groups.map((g: { name: string }) => g.name);
    expect(listed).to.deep.equal(['apps', 'c.example.com', 'd.example.com', 'b.example.com', 'a.example.com']);
    const { items } = (await server.get('/apis').set('Accept', AGGREGATED)).body;
    const names = items.map((g: { metadata: { name: string } }) => g.metadata.name);
    expect(names).to.deep.equal(['apps', 'a.example.com', 'b.example.com', 'c.example.com', 'd.example.com']);
  });

  it('lists all paths at the root', async () => {
    const definitions = new Definitions();
    definitions.add(define({ group: 'apps', version: 'v1', resource: 'deployments' }));
    definitions.add(define({ group: '', version: 'v1', resource: 'pods' }));
    const { body } = await serve(definitions).get('/').expect(200);
    expect(body.paths).to.deep.equal(['/api', '/api/v1', '/apis', '/apis/', '/apis/apps', '/apis/apps/v1', '/healthz', '/version']);
  });
});
