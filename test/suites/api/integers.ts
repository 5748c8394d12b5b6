import { expect } from 'chai';
import { type Api, POD, refused } from './session.js';

/** Odd, so that no float64 holds it; and the largest int64. */
const EXACT = '9007199254740993';
const LARGEST = '9223372036854775807';
const YAML = 'application/yaml';

/** Integers of 64 bits keep their digits, whatever way they take. The client here reads JSON itself: texts are compared. */
export function integerConversations(use: () => Api): void {
  const template = { spec: { ...POD, restartPolicy: 'Never' } };
  const job = (name: string, seconds: string) =>
    `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"${name}"},"spec":{"suspend":true,"activeDeadlineSeconds":${seconds},"template":${JSON.stringify(template)}}}`;
  const written = async (path: string) => /"activeDeadlineSeconds":(-?\d+)/.exec((await use().get(path).expect(200)).text)?.[1];

  it('in fields of built-in kinds, by every way of writing', async () => {
    const api = use();
    const path = api.path('jobs.batch', 'long');
    await api.post(api.path('jobs.batch'), job('long', EXACT)).expect(201);
    expect(await written(path)).to.equal(EXACT);
    const spec = (value: string) => `{"spec":{"activeDeadlineSeconds":${value}}}`;
    const ways: [type: 'json-patch' | 'merge-patch' | 'strategic-merge-patch' | 'apply-patch', body: (value: string) => string][] = [
      ['merge-patch', spec],
      ['strategic-merge-patch', spec],
      ['json-patch', (value) => `[{"op":"replace","path":"/spec/activeDeadlineSeconds","value":${value}}]`],
      ['apply-patch', (value) => job('long', value)],
    ];
    for (const [i, [type, body]] of ways.entries()) {
      const value = `922337203685477580${i + 1}`;
      await api.patch(type === 'apply-patch' ? `${path}?force=true&fieldManager=m` : path, type, body(value)).expect(200);
      expect(await written(path), type).to.equal(value);
    }
    const tested = `[{"op":"test","path":"/spec/activeDeadlineSeconds","value":${LARGEST}}]`;
    refused(await api.patch(path, 'json-patch', tested), 422, 'Invalid', /^the server rejected our request/);
    const { text } = await api.get(path, YAML).buffer(true);
    expect(text).to.contain('activeDeadlineSeconds: 9223372036854775804\n');
    const lists = await api.get(`${api.path('jobs.batch')}?pretty=true`).expect(200);
    expect(lists.text).to.contain('"activeDeadlineSeconds": 9223372036854775804,');
  });

  it('in YAML and protobuf', async () => {
    const api = use();
    const yaml = (text: string) => api.raw('post', api.path('jobs.batch')).set('content-type', YAML).send(text);
    await yaml(job('yaml', EXACT)).expect(201);
    await yaml(
      `{"apiVersion": "batch/v1", kind: Job, metadata: {name: yaml-2}, spec: {suspend: true, activeDeadlineSeconds: 0x20000000000001, template: ${JSON.stringify(template)}}}`,
    ).expect(201);
    expect([await written(api.path('jobs.batch', 'yaml')), await written(api.path('jobs.batch', 'yaml-2'))]).to.deep.equal([EXACT, EXACT]);
    const protobuf = 'application/vnd.kubernetes.protobuf';
    const bytes = await api
      .get(api.path('jobs.batch', 'yaml'), protobuf)
      .buffer(true)
      .parse((response, done) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done(null, Buffer.concat(chunks)));
      });
    await api
      .raw('put', api.path('jobs.batch', 'yaml'))
      .set('content-type', protobuf)
      .send(bytes.body as string)
      .expect(200);
    expect(await written(api.path('jobs.batch', 'yaml'))).to.equal(EXACT);
  });

  it('that are none are refused as they are written', async () => {
    const api = use();
    const place = 'Go struct field JobSpec.spec.activeDeadlineSeconds of type int64';
    for (const value of ['9223372036854775808', '-9223372036854775809', '5.0', '1e3', '9007199254740993.0', '1e400'])
      refused(
        await api.post(api.path('jobs.batch'), job('none', value)),
        400,
        'BadRequest',
        `Job in version "v1" cannot be handled as a Job: json: cannot unmarshal number ${value} into ${place}`,
      );
  });

  it('as quantities keep all of their digits too', async () => {
    const api = use();
    const hard = `{"metadata":{"name":"digits"},"spec":{"hard":{"requests.memory":${EXACT},"limits.memory":1234567890123456789.5}}}`;
    const { body } = await api.post(api.path('resourcequotas'), hard).expect(201);
    expect(body.spec.hard).to.deep.equal({ 'requests.memory': EXACT, 'limits.memory': '1234567890123456789500m' });
  });

  it('as grace periods may be longer than any time', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'patient' }, spec: { ...POD, nodeName: 'n' } });
    const { text } = await api.delete(`${api.path('pods', 'patient')}?gracePeriodSeconds=${LARGEST}`).expect(200);
    expect(text).to.contain(`"deletionGracePeriodSeconds":${LARGEST}`);
    await api.delete(`${api.path('pods', 'patient')}?gracePeriodSeconds=0`).expect(200);
  });

  it('in custom resources, with bounds, defaults, sets and columns', async () => {
    const api = use();
    const group = `${api.namespace}.dev`;
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const integer = '{"type":"integer"}';
    const properties = `{"i":${integer},"d":{"type":"integer","default":${EXACT}},"e":{"type":"integer","enum":[${EXACT}]},"s":{"type":"array","x-kubernetes-list-type":"set","items":${integer}}}`;
    const schema = `{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":${properties}}`;
    const version = `{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":${schema}},"additionalPrinterColumns":[{"name":"I","type":"integer","jsonPath":".i"}]}`;
    const definition = `{"metadata":{"name":"counts.${group}"},"spec":{"group":"${group}","scope":"Namespaced","names":{"plural":"counts","kind":"Count"},"versions":[${version}]}}`;
    await api.post(definitions, definition).expect(201);
    const path = api.path(`counts.${group}`);
    try {
      while ((await api.get(path)).status !== 200);
      const post = (fields: string) => api.post(path, `{"apiVersion":"${group}/v1","kind":"Count","metadata":{"name":"c"},${fields}}`);
      refused(await post('"s":[1,1]'), 422, 'Invalid', /s\[1\]: Duplicate value: 1/);
      refused(await post('"i":9223372036854775808'), 422, 'Invalid', /i in body must be of type integer: "number"/);
      refused(
        await post('"e":9007199254740992'),
        422,
        'Invalid',
        /Unsupported value: 9007199254740992: supported values: "9007199254740993"/,
      );
      refused(await post('"f":1e400'), 400, 'BadRequest', /json: cannot unmarshal number 1e400 into Go value of type float64/);
      await post(`"i":${LARGEST},"e":${EXACT},"s":[9007199254740992,${EXACT}],"free":{"n":[-${EXACT},1e20]}`).expect(201);
      const { text } = await api.get(`${path}/c`).expect(200);
      for (const part of [`"i":${LARGEST}`, `"d":${EXACT}`, `"s":[9007199254740992,${EXACT}]`, `{"n":[-${EXACT},100000000000000000000]}`])
        expect(text).to.contain(part);
      const table = await api.get(`${path}/c`, 'application/json;as=Table;v=v1;g=meta.k8s.io').expect(200);
      expect(table.text).to.contain(`"cells":["c",${LARGEST}]`);
      const apply = `{"apiVersion":"${group}/v1","kind":"Count","metadata":{"name":"c"},"s":[-${EXACT}]}`;
      const applied = await api.patch(`${path}/c?fieldManager=m`, 'apply-patch', apply).expect(200);
      expect(applied.text).to.contain(`"s":[9007199254740992,${EXACT},-${EXACT}]`).and.to.contain(`"v:-${EXACT}":{}`);
    } finally {
      await api.delete(`${definitions}/counts.${group}`);
    }
  });
}
