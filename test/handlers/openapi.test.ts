import { expect } from 'chai';
import protobuf from 'protobufjs';
import request from 'supertest';
import { define } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import { fact } from '../../src/api/facts.js';
import { OpenApi } from '../../src/handlers/openapi.js';
import { VirtualClock } from '../../src/util/clock.js';
import { allDefinitions } from '../helpers/all-definitions.js';
import { serveHandler } from '../helpers/handler-server.js';

const OTHERS = ['/version', '/.well-known/openid-configuration', '/openid/v1/jwks'];
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V3_PROTOBUF = V2_PROTOBUF.replace('v2', 'v3');
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

function serve(definitions: Definitions, otherPaths = OTHERS) {
  const openApi = new OpenApi({ definitions, clock: new VirtualClock(Date.UTC(2026, 0, 1)), otherPaths });
  return request(serveHandler((r) => openApi.handle(r)));
}
function methods(paths: Record<string, object>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.keys(item)
        .filter((key) => key !== 'parameters')
        .sort(),
    ]),
  );
}

describe('OpenAPI of everything', () => {
  const server = serve(allDefinitions());
  const facts = fact<Record<string, Record<string, string[]>>>('openapi-paths');
  const sorted = (paths: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(paths).map(([path, list]) => [path, [...list].sort()]));

  it('v3 has a document for each group and version, with the paths and methods of upstream', async () => {
    const index = (await server.get('/openapi/v3').expect(200)).text;
    const { paths } = JSON.parse(index) as { paths: Record<string, { serverRelativeURL: string }> };
    expect(Object.keys(paths)).to.have.members(Object.keys(facts));
    for (const [name, { serverRelativeURL }] of Object.entries(paths)) {
      const { body } = await server.get(serverRelativeURL).expect(200);
      expect(methods(body.paths), name).to.deep.equal(sorted(facts[name] as Record<string, string[]>));
    }
  });

  it('every reference in a document leads somewhere', async () => {
    for (const [path, root] of [
      ['/openapi/v3/api/v1', 'components'],
      ['/openapi/v2', 'definitions'],
    ] as const) {
      const { body } = await server.get(path);
      for (const [, ref] of JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]*)"/g)) {
        const found = (ref as string).split('/').reduce((value, key) => value?.[key], body);
        expect(found, ref).to.be.an('object');
      }
      expect(Object.keys(root === 'components' ? body.components.schemas : body.definitions)).to.include('io.k8s.api.core.v1.Pod');
    }
  });

  it('v2 has all paths in one document, without defaults', async () => {
    const { body } = await server.get('/openapi/v2').expect(200);
    expect(methods(body.paths)).to.deep.equal(sorted(Object.assign({}, ...Object.values(facts)) as Record<string, string[]>));
    expect(body.definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).to.include({ type: 'string', format: 'int-or-string' });
    expect(body.definitions['io.k8s.api.core.v1.ContainerPort'].properties.protocol).not.to.have.property('default');
  });
});

describe('OpenAPI of some definitions', () => {
  const definitions = new Definitions();
  definitions.add(define({ group: 'apps', version: 'v1', resource: 'deployments' }));
  definitions.add(define({ group: '', version: 'v1', resource: 'pods', returnDeletedObject: true }));
  const server = serve(definitions, []);

  it('describes what is served, and no more', async () => {
    const index = JSON.parse((await server.get('/openapi/v3')).text) as { paths: object };
    expect(Object.keys(index.paths)).to.deep.equal(['api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1']);
    await server.get('/openapi/v3/apis/batch/v1').expect(404, '');
    await server.get('/openapi/v3/').expect(404, '');
  });

  it('describes an operation as upstream does', async () => {
    const { body } = await server.get('/openapi/v3/apis/apps/v1');
    const item = body.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'];
    expect(item.parameters.map((p: { name: string }) => p.name)).to.deep.equal(['name', 'namespace', 'pretty']);
    expect(item.patch.parameters.map((p: { name: string }) => p.name)).to.deep.equal([
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ]);
    expect(item.patch).to.deep.include({
      operationId: 'patchAppsV1NamespacedDeploymentScale',
      tags: ['apps_v1'],
      'x-kubernetes-action': 'patch',
    });
    expect(item.patch['x-kubernetes-group-version-kind']).to.deep.equal({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
    expect(Object.keys(item.patch.requestBody.content)).to.deep.equal([
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ]);
    expect(Object.keys(item.patch.responses)).to.deep.equal(['200', '201', '401']);
    const kinds = body.components.schemas[`${META}DeleteOptions`]['x-kubernetes-group-version-kind'];
    expect(kinds.map((k: { group: string }) => k.group)).to.deep.equal(['', 'apps']);
  });

  it('says which kinds a DELETE answers with', async () => {
    const deleted = async (path: string, url: string) =>
      (await server.get(path)).body.paths[url].delete.responses['200'].content['application/json'].schema.$ref;
    expect(await deleted('/openapi/v3/api/v1', '/api/v1/namespaces/{namespace}/pods/{name}')).to.equal(
      '#/components/schemas/io.k8s.api.core.v1.Pod',
    );
    expect(await deleted('/openapi/v3/apis/apps/v1', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}')).to.equal(
      `#/components/schemas/${META}Status`,
    );
  });

  it('lets clients keep a document by its hash', async () => {
    const plain = await server.get('/openapi/v3/apis/apps/v1').expect(200);
    expect(plain.headers).to.include({ vary: 'Accept', 'cache-control': 'no-cache, private', 'content-type': 'application/json' });
    const hash = (plain.headers.etag as string).slice(1, -1);
    expect(hash).to.match(/^[0-9A-F]{128}$/);
    const url = `/openapi/v3/apis/apps/v1?hash=${hash}`;
    expect((await server.get('/openapi/v3')).text).to.include(url);
    const kept = await server.get(url).expect(200);
    expect(kept.headers).to.include({ 'cache-control': 'public, immutable', expires: 'Fri, 01 Jan 2027 00:00:00 GMT' });
    await server.get(url).set('If-None-Match', `"${hash}"`).expect(304, '');
    const moved = await server.get('/openapi/v3/apis/apps/v1?hash=OLD').expect(301);
    expect(moved.headers.location).to.equal(url);
  });

  it('negotiates JSON and protobuf', async () => {
    for (const accept of ['application/json', '*/*', 'application/*', 'application/yaml, */*;q=0.1'])
      await server.get('/openapi/v3/api/v1').set('Accept', accept).expect(200);
    await server.get('/openapi/v3/api/v1').set('Accept', 'application/yaml').expect(406, '');
    await server.get('/openapi/v2').set('Accept', 'application/yaml').expect(406, '');
    const json = await server.get('/openapi/v2').set('Accept', 'application/json').expect('Content-Type', 'application/json');
    const binary = await server.get('/openapi/v2').set('Accept', V2_PROTOBUF).buffer(true).parse(bytes).expect(200);
    expect(binary.headers['content-type']).to.equal('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    await server
      .get('/openapi/v2')
      .set('Accept', V2_PROTOBUF)
      .set('If-None-Match', json.headers.etag as string)
      .expect(304);
    const names = definitionNames(binary.body as Buffer);
    expect(names).to.have.members(Object.keys(json.body.definitions));
    const { etag } = (await server.get('/openapi/v3/api/v1')).headers;
    for (const accept of [V3_PROTOBUF, V3_PROTOBUF.replace('@', '.')]) {
      const v3 = await server.get('/openapi/v3/api/v1').set('Accept', accept).buffer(true).parse(bytes).expect(200);
      expect(v3.headers).to.include({ 'content-type': V3_PROTOBUF.replace('@', '.'), etag });
      const [version, info] = wireFields(v3.body as Buffer);
      expect([version?.toString(), info?.toString()]).to.deep.equal(['3.0.0', '\n\nKubernetes2\x041.36']);
    }
  });

  it('is made anew after the definitions changed', async () => {
    const before = (await server.get('/openapi/v2')).headers.etag;
    definitions.add(define({ group: 'batch', version: 'v1', resource: 'jobs' }));
    await server.get('/openapi/v3/apis/batch/v1').expect(200);
    expect((await server.get('/openapi/v2')).headers.etag).not.to.equal(before);
  });
});

function bytes(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}

/** The fields of a message, all of them of a length that is told. */
function wireFields(message: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    reader.uint32();
    fields.push(Buffer.from(reader.bytes()));
  }
  return fields;
}

/** The names of the definitions (field 9) in a gnostic Document, read off the wire. */
function definitionNames(document: Buffer): string[] {
  const names: string[] = [];
  const reader = protobuf.Reader.create(document);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 !== 9) {
      reader.skipType(tag & 7);
      continue;
    }
    const definitions = protobuf.Reader.create(reader.bytes());
    while (definitions.pos < definitions.len) {
      definitions.uint32();
      const entry = protobuf.Reader.create(definitions.bytes());
      entry.uint32();
      names.push(entry.string());
    }
  }
  return names;
}
