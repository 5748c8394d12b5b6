import { expect } from 'chai';
import { structTypeOf } from '../../../src/api/schema/types.js';
import { type PatchKind, patchObject, readPatch } from '../../../src/registry/patch/index.js';
import { refusal } from '../../helpers/refusal.js';

const deployment = structTypeOf('io.k8s.api.apps.v1.Deployment');
const present = Object.freeze({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', labels: { a: 'b' } },
  spec: { replicas: 1, paused: undefined, template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
});
const patch = (kind: PatchKind, body: unknown, validation: 'Ignore' | 'Warn' | 'Strict' = 'Warn') =>
  patchObject<typeof present>(readPatch(kind, typeof body === 'string' ? body : JSON.stringify(body)), deployment, present, validation);

describe('patching an object', () => {
  it('gives a decoded object and leaves the present one alone', () => {
    const { object } = patch('merge', { spec: { replicas: 3 }, metadata: { labels: null } });
    expect(object.spec.replicas).to.equal(3);
    expect(JSON.stringify(object)).to.match(
      /^\{"kind":"Deployment","apiVersion":"apps\/v1","metadata":\{"name":"d"\},"spec":\{"replicas":3,"selector":null,/,
    );
    expect(present.metadata.labels).to.deep.equal({ a: 'b' });
  });
  it('can be applied to one object after another', () => {
    const read = readPatch('strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"c","$retainKeys":["name"]},{"name":"d"}]}}}}');
    const first = patchObject(read, deployment, present, 'Warn').object;
    expect(patchObject(read, deployment, present, 'Warn').object).to.deep.equal(first);
  });
  for (const [kind, body] of [
    ['merge', { spec: { nope: 1 } }],
    ['json', [{ op: 'add', path: '/spec/nope', value: 1 }]],
    ['strategic', { spec: { nope: 1 } }],
  ] as const) {
    it(`tells unknown fields of a ${kind} patch as it was asked to`, () => {
      expect(patch(kind, body, 'Warn').warnings).to.deep.equal(['unknown field "spec.nope"']);
      expect(patch(kind, body, 'Ignore').warnings).to.deep.equal([]);
      const { code, status } = refusal(() => patch(kind, body, 'Strict'));
      expect(code).to.equal(422);
      expect(status.message).to.match(/^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "spec.nope"$/);
    });
  }
  it('tells doubts about the patch itself', () => {
    expect(patch('merge', '{"spec":{"replicas":1,"replicas":2}}').warnings).to.deep.equal(['duplicate field "spec.replicas"']);
    expect(patch('json', '[{"op":"test","path":"/kind","value":"Deployment","zz":1}]').warnings).to.deep.equal([
      'json patch unknown field "[0].zz"',
    ]);
  });

  // the words and the status of kube-apiserver v1.36.3
  const shown = (value: string, why: string) => ` "" is invalid: patch: Invalid value: "${value}": ${why}`;
  const refused: readonly (readonly [PatchKind, string, number, string])[] = [
    ['merge', 'null', 400, 'Invalid JSON Patch'],
    ['merge', '[]', 400, 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['merge', '{', 400, 'error decoding patch: unexpected end of JSON input'],
    ['merge', '', 400, 'error decoding patch: unexpected end of JSON input'],
    ['json', '{"op":"add"}', 400, 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['json', 'nonsense', 400, "error decoding patch: invalid character 'o' in literal null (expecting 'u')"],
    ['json', '[{"op":"remove","path":"/data/absent"}]', 422, 'the server rejected our request due to an error in our request'],
    ['json', '[{"op":"fly","path":"/data"}]', 422, 'the server rejected our request due to an error in our request'],
    ['strategic', '{', 400, 'unexpected end of JSON input'],
    ['strategic', '[]', 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['strategic', '{"spec":{"$retainKeys":"x"}}', 400, 'invalid patch format of retainKeys'],
    [
      'strategic',
      '{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}',
      500,
      'map: map[image:x] does not contain declared merge key: name',
    ],
    ['strategic', '{"spec":{"replicas":"x"}}', 422, shown('map[spec:map[replicas:x]]', 'unrecognized type: int32')],
    [
      'strategic',
      '{"spec":{"template":{"spec":{"containers":"x"}}}}',
      422,
      shown('map[spec:map[template:map[spec:map[containers:x]]]]', 'cannot restore slice from string'),
    ],
    [
      'strategic',
      '{"spec":{"template":{"spec":{"containers":{"name":"x"}}}}}',
      422,
      shown('map[spec:map[template:map[spec:map[containers:map[name:x]]]]]', 'cannot restore slice from map'),
    ],
    ['strategic', '{"metadata":{"labels":{"a":1}}}', 422, shown('map[metadata:map[labels:map[a:1]]]', 'cannot convert int64 to string')],
  ];
  for (const [kind, body, code, message] of refused) {
    it(`refuses ${kind} ${body}: ${code} ${message}`, () => {
      const error = refusal(() => patch(kind, body));
      expect([error.code, error.status.message]).to.deep.equal([code, message]);
    });
  }
  it('refuses what makes no object of the type, with the object as it would be', () => {
    const { status } = refusal(() => patch('merge', { spec: { replicas: 'x' } }));
    expect(status.message).to.match(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/,
    );
    expect(status.details?.causes).to.have.length(1);
  });
  it('refuses more than ten thousand operations', () => {
    const operations = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'Deployment' }));
    const { code, status } = refusal(() => patch('json', operations));
    expect([code, status.message]).to.deep.equal([
      413,
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    ]);
    expect(() => patch('json', operations.slice(1))).not.to.throw();
  });
});
