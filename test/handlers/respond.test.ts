import { expect } from 'chai';
import request from 'supertest';
import deployments from '../../src/api/apps-v1/deployments.js';
import { define, type Definition } from '../../src/api/definition.js';
import { notFound, tooManyRequests } from '../../src/api/meta/errors.js';
import type { KubeObject } from '../../src/api/meta/object.js';
import { decodeObject } from '../../src/api/protobuf/index.js';
import { itemOf } from '../../src/handlers/forms/item.js';
import { endpointOf, negotiate } from '../../src/handlers/negotiation.js';
import { type Listed, sendItem, sendList, sendStatus, sendText } from '../../src/handlers/respond.js';
import { serveHandler } from '../helpers/handler-server.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const configMaps = define({
  group: '',
  version: 'v1',
  resource: 'configmaps',
  row: (o) => [o.metadata.name, Object.keys((o as { data?: object }).data ?? {}).length, '10m'],
});
const subject = { definition: configMaps, subresource: '', now: NOW };
const metadata = {
  name: 'a',
  namespace: 'n',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { '}"\\': '{' },
  annotations: { metadata: '{"metadata":{' },
};
const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { k: 'v' } } as unknown as KubeObject;
const item = itemOf(object);
const META = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const META_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const one = (warnings: string[] = []) =>
  request(serveHandler(async (r) => sendItem(r, negotiate(r, endpointOf(configMaps, false)), subject, item), warnings));
function many(list: Partial<Listed> & { count?: number }) {
  const listItem = { ...item, listTail: item.text.subarray('{"kind":"ConfigMap","apiVersion":"v1",'.length) };
  const listed: Listed = {
    items: Array.from({ length: list.count ?? 1 }, () => listItem),
    revision: 9,
    continue: '',
    remaining: undefined,
    ...list,
  };
  return request(serveHandler(async (r) => sendList(r, negotiate(r, endpointOf(configMaps, true)), subject, listed)));
}

describe('answers with an object', () => {
  it('are its text, untouched', async () => {
    const answer = await one().get('/').expect(200);
    expect(answer.text).to.equal(`${item.text.toString()}\n`);
    expect(answer.headers).to.include({
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
      'content-length': String(item.text.length + 1),
    });
    expect(answer.headers).not.to.have.property('warning');
  });

  it('are indented for people, without a last line end', async () => {
    const answer = await one().get('/?pretty=true').expect(200);
    expect(answer.text).to.equal(JSON.stringify(object, undefined, 2));
  });

  it('are metadata only where asked, whatever strings it holds', async () => {
    const answer = await one().get('/').set('Accept', META).expect(200);
    expect(answer.text).to.equal(`${JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })}\n`);
    await one()
      .get('/')
      .set('Accept', META_LIST)
      .expect(406)
      .expect((r) => {
        expect(r.body.message).to.equal(
          'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
        );
      });
  });

  it('are tables where asked', async () => {
    const answer = await one().get('/').set('Accept', TABLE).expect(200);
    expect(answer.body).to.deep.include({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: { resourceVersion: '7' } });
    expect(answer.body.columnDefinitions.map((c: { name: string }) => c.name)).to.deep.equal(['Name', 'Data', 'Age']);
    expect(answer.body.rows).to.deep.equal([
      { cells: ['a', 1, '10m'], object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata } },
    ]);
    const whole = await one().get('/?includeObject=Object').set('Accept', TABLE);
    expect(whole.body.rows[0].object).to.deep.equal(object);
    const none = await one().get('/?includeObject=None').set('Accept', TABLE);
    expect(none.body.rows[0].object).to.equal(null);
  });

  it('are tables of their own for a scale', async () => {
    const scale = { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata, spec: {}, status: { replicas: 2 } } as unknown as KubeObject;
    const server = serveHandler(async (r) =>
      sendItem(
        r,
        negotiate(r, endpointOf(configMaps, false)),
        { ...subject, definition: deployments as Definition, subresource: 'scale' },
        itemOf(scale),
      ),
    );
    const { body } = await request(server).get('/').set('Accept', TABLE).expect(200);
    expect(body.columnDefinitions.map((c: { name: string }) => c.name)).to.deep.equal(['Name', 'Desired', 'Available', 'Age']);
    expect(body.rows[0].cells).to.deep.equal(['a', 0, 2, '10m']);
  });

  it('carry warnings once each, escaped, in UTF-8', async () => {
    const answer = await one(['say "no"', 'two', 'two', 'bad\nline', 'é☃']).get('/').expect(200);
    expect(Buffer.from(answer.headers.warning as string, 'latin1').toString()).to.equal('299 - "say \\"no\\"", 299 - "two", 299 - "é☃"');
  });

  it('cut their warnings when there are too many', async () => {
    const answer = await one(Array.from({ length: 20 }, (_, i) => String(i).padStart(400, 'x')))
      .get('/')
      .expect(200);
    const texts = (answer.headers.warning as string).split(', ');
    expect(texts).to.have.length(16);
    expect(texts[0]).to.have.length('299 - ""'.length + 256);
  });
});

describe('answers with a list', () => {
  it('join the texts of the items', async () => {
    const answer = await many({ count: 2, continue: 'token', remaining: 3 }).get('/').expect(200);
    const { kind: _, apiVersion: __, ...bare } = object as unknown as Record<string, unknown>;
    expect(answer.text).to.equal(
      `${JSON.stringify({ kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '9', continue: 'token', remainingItemCount: 3 }, items: [bare, bare] })}\n`,
    );
  });

  it('may be empty', async () => {
    expect((await many({ count: 0 }).get('/')).body).to.deep.equal({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '9' },
      items: [],
    });
    expect((await many({ count: 0 }).get('/').set('Accept', TABLE)).body.rows).to.deep.equal([]);
    expect((await many({ count: 0 }).get('/').set('Accept', META_LIST)).body.items, 'as upstream').to.equal(null);
  });

  it('have no rows at all where a kind has no columns of its own', async () => {
    const limitRanges = define({ group: '', version: 'v1', resource: 'limitranges' });
    const empty: Listed = { items: [], revision: 9, continue: '', remaining: undefined };
    const server = serveHandler(async (r) =>
      sendList(r, negotiate(r, endpointOf(limitRanges, true)), { ...subject, definition: limitRanges }, empty),
    );
    const { body } = await request(server).get('/').set('Accept', TABLE);
    expect(body.rows).to.equal(null);
    expect(body.columnDefinitions.map((c: { name: string }) => c.name)).to.deep.equal(['Name', 'Created At']);
  });

  it('come whole when they are large', async () => {
    const answer = await many({ count: 5000 }).get('/').expect(200);
    expect(answer.body.items).to.have.length(5000);
    const table = await many({ count: 5000 }).get('/').set('Accept', TABLE);
    expect(table.body.rows).to.have.length(5000);
  });

  it('are tables and metadata where asked', async () => {
    const table = await many({ count: 2, continue: 'token', remaining: 1 }).get('/').set('Accept', TABLE);
    expect(table.body.metadata).to.deep.equal({ resourceVersion: '9', continue: 'token', remainingItemCount: 1 });
    expect(table.body.rows).to.have.length(2);
    const metadataOnly = await many({ count: 2 }).get('/').set('Accept', META_LIST.replace('v=v1;', 'v=v1beta1;'));
    expect(metadataOnly.body.kind).to.equal('PartialObjectMetadataList');
    expect(metadataOnly.body.items[1]).to.deep.equal({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1', metadata });
    await many({})
      .get('/')
      .set('Accept', META)
      .expect(406)
      .expect((r) => {
        expect(r.body.message).to.equal('you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)');
      });
  });
});

describe('answers with a Status', () => {
  const status = (error = notFound(configMaps, 'x')) => request(serveHandler(async (r) => sendStatus(r, error.status)));

  it('have their fields in the order of upstream', async () => {
    const answer = await status().get('/').expect(404);
    expect(answer.text).to.equal(
      '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \\"x\\" not found","reason":"NotFound","details":{"name":"x","kind":"configmaps"},"code":404}\n',
    );
  });

  it('are indented JSON for a client that accepts no Status', async () => {
    const answer = await status().get('/').set('Accept', TABLE).expect(404);
    expect(answer.headers['content-type']).to.equal('application/json');
    expect(answer.text).to.match(/^\{\n {2}"kind": "Status",\n/);
  });

  it('say when to come again', async () => {
    const answer = await status(tooManyRequests('slowly', 3)).get('/').expect(429);
    expect(answer.headers['retry-after']).to.equal('3');
  });
});

it('answers with text say that they are nothing else', async () => {
  const answer = await request(serveHandler(async (r) => sendText(r, 200, 'ok')))
    .get('/')
    .expect(200, 'ok');
  expect(answer.headers).to.include({ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
});

describe('answers in other encodings', () => {
  it('are YAML with sorted keys', async () => {
    const answer = await one()
      .get('/')
      .set('Accept', 'application/yaml')
      .expect(200)
      .expect('Content-Type', 'application/yaml')
      .buffer(true);
    expect(answer.text.split('\n').filter((line) => /^\w/.test(line))).to.deep.equal([
      'apiVersion: v1',
      'data:',
      'kind: ConfigMap',
      'metadata:',
    ]);
    const list = await many({}).get('/').set('Accept', 'application/yaml').expect(200).buffer(true);
    expect(list.text).to.match(/^apiVersion: v1\nitems:\n- data:\n {4}k: v\n/);
    const table = await many({}).get('/').set('Accept', 'application/yaml;as=Table;v=v1;g=meta.k8s.io').buffer(true);
    expect(table.text).to.match(/^apiVersion: meta.k8s.io\/v1\ncolumnDefinitions:\n/);
  });

  it('are protobuf', async () => {
    const PROTOBUF = 'application/vnd.kubernetes.protobuf';
    const read = (r: request.Test) => r.buffer(true).parse(binary).expect(200).expect('Content-Type', PROTOBUF);
    expect(decodeObject((await read(one().get('/').set('Accept', PROTOBUF))).body as Buffer)).to.deep.equal(object);
    const list = decodeObject((await read(many({ count: 2 }).get('/').set('Accept', PROTOBUF))).body as Buffer);
    expect(list).to.deep.include({ kind: 'ConfigMapList', metadata: { resourceVersion: '9' } });
    expect(list.items).to.have.length(2);
    const partial = await read(one().get('/').set('Accept', META.replace('application/json', PROTOBUF)));
    expect(decodeObject(partial.body as Buffer)).to.deep.equal({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
  });
});

function binary(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}
