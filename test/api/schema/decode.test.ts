import { expect } from 'chai';
import { decode, DecodeError, emptyOf, normalize, strictErrors } from '../../../src/api/schema/decode.js';
import { Field, listType, mapType, scalarType, structType, structTypeOf, UNDECLARED } from '../../../src/api/schema/types.js';

const core = (kind: string) => structTypeOf(`io.k8s.api.core.v1.${kind}`);
const pod = core('Pod');
const container = (fields: object) => ({ spec: { containers: [{ name: 'c', image: 'i', ...fields }] } });
const decoded = (type: Parameters<typeof decode>[0], value: unknown) => JSON.stringify(decode(type, value).object);

describe('decoding', () => {
  it('writes declared fields in the order of the Go structs, whatever the order they came in', () => {
    const value = {
      data: { b: '2', a: '1' },
      metadata: { labels: { z: '1', a: '2' }, uid: 'u', resourceVersion: '1', namespace: 'n', name: 'x' },
      apiVersion: 'v1',
      kind: 'ConfigMap',
    };
    expect(decoded(core('ConfigMap'), value)).to.equal(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x","namespace":"n","uid":"u","resourceVersion":"1","labels":{"a":"2","z":"1"}},"data":{"a":"1","b":"2"}}',
    );
  });

  it('leaves out zero values that Go leaves out, and fills in those it writes', () => {
    expect(decoded(pod, {})).to.equal('{"metadata":{},"spec":{"containers":null},"status":{}}');
    expect(decoded(structTypeOf('io.k8s.api.apps.v1.Deployment'), {})).to.equal(
      '{"metadata":{},"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"strategy":{}},"status":{}}',
    );
    expect(decoded(structTypeOf('io.k8s.api.rbac.v1.ClusterRole'), { metadata: { name: '' } })).to.equal('{"metadata":{},"rules":null}');
    expect(decoded(core('ContainerState'), {})).to.equal('{}');
    expect(decoded(core('PodCondition'), { type: 'Ready' })).to.equal(
      '{"type":"Ready","status":"","lastProbeTime":null,"lastTransitionTime":null}',
    );
    expect(decoded(core('ServicePort'), {})).to.equal('{"port":0,"targetPort":0}');
    expect(decoded(core('Container'), { name: 'c', stdin: false, args: [], ports: [], workingDir: '' })).to.equal(
      '{"name":"c","resources":{}}',
    );
  });

  it('keeps what a pointer points to, zero or empty as it may be', () => {
    expect(decoded(structTypeOf('io.k8s.api.apps.v1.ReplicaSetSpec'), { replicas: 0, selector: {} })).to.equal(
      '{"replicas":0,"selector":{},"template":{"metadata":{},"spec":{"containers":null}}}',
    );
    expect(decoded(core('Volume'), { name: 'v', emptyDir: {} })).to.equal('{"name":"v","emptyDir":{}}');
  });

  it('reads null as absent, and as the zero value in lists and maps', () => {
    expect(decoded(core('ConfigMap'), { metadata: { name: 'a' }, data: null })).to.equal('{"metadata":{"name":"a"}}');
    expect(decoded(core('ConfigMap'), { metadata: null, data: { a: null } })).to.equal('{"metadata":{},"data":{"a":""}}');
    expect(decoded(core('Container'), { name: 'c', args: [null] })).to.equal('{"name":"c","args":[""],"resources":{}}');
    expect(decoded(core('ResourceRequirements'), { limits: { cpu: null } })).to.equal('{"limits":{"cpu":"0"}}');
    expect(decoded(core('Secret'), { data: { a: null } })).to.equal('{"metadata":{},"data":{"a":""}}');
  });

  it('tells an empty list that must be written from none, until it is stored', () => {
    const role = structTypeOf('io.k8s.api.rbac.v1.Role');
    const { object } = decode(role, { rules: [] });
    expect(object.rules).to.deep.equal([]);
    expect(normalize(role, object).rules).to.equal(null);
  });

  it('brings quantities, times and base64 into their canonical form', () => {
    expect(decoded(core('ResourceRequirements'), { limits: { cpu: 1, memory: '1024Ki' }, requests: { cpu: ' 1000m ' } })).to.equal(
      '{"limits":{"cpu":"1","memory":"1Mi"},"requests":{"cpu":"1"}}',
    );
    expect(decoded(core('PodStatus'), { startTime: '2020-01-01T00:00:00.9+02:00' })).to.equal('{"startTime":"2019-12-31T22:00:00Z"}');
    expect(decoded(structTypeOf('io.k8s.api.coordination.v1.LeaseSpec'), { renewTime: '2020-01-01T00:00:00.123456+02:00' })).to.equal(
      '{"renewTime":"2019-12-31T22:00:00.123456Z"}',
    );
    expect(decoded(core('Secret'), { data: { a: 'QQ==\n', b: 'QR==' } })).to.equal('{"metadata":{},"data":{"a":"QQ==","b":"QQ=="}}');
  });

  it('shares nothing with its input', () => {
    const value = { metadata: { labels: { a: '1' }, managedFields: [{ fieldsV1: { 'f:a': {} } }] } };
    const { object } = decode<typeof value>(pod, value);
    object.metadata.labels.a = '2';
    Object.assign(object.metadata.managedFields[0]?.fieldsV1 ?? {}, { 'f:b': {} });
    expect(value).to.deep.equal({ metadata: { labels: { a: '1' }, managedFields: [{ fieldsV1: { 'f:a': {} } }] } });
  });

  it('takes keys that mean something to JavaScript as plain keys', () => {
    const value: unknown = JSON.parse('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}},"constructor":1}');
    const { object, unknown } = decode<{ metadata: { labels: object } }>(pod, value);
    expect(JSON.stringify(object.metadata.labels)).to.equal('{"__proto__":"x","constructor":"y"}');
    expect(unknown).to.deep.equal(['unknown field "constructor"']);
  });

  it('gives a stable form: decoding it again changes nothing', () => {
    const object = decode(pod, container({ resources: { limits: { cpu: '1000m' } }, livenessProbe: { httpGet: { port: 80 } } })).object;
    expect(JSON.stringify(normalize(pod, object))).to.equal(JSON.stringify(object));
    expect(JSON.stringify(normalize(pod, { ...object, extra: undefined }))).to.equal(JSON.stringify(object));
  });

  it('knows the empty object of a type', () => {
    expect(JSON.stringify(emptyOf(pod))).to.equal('{"metadata":{},"spec":{"containers":null},"status":{}}');
  });
});

describe('unknown and duplicate fields', () => {
  it('are told with their paths, in the order of the document', () => {
    const value = {
      zz: 1,
      spec: { b: 1, containers: [{ image: 'i', qq: 1, name: 'c', aa: 2 }], a: 2 },
      metadata: { name: 'c', x: { y: 1 } },
    };
    expect(decode(pod, value).unknown).to.deep.equal([
      'unknown field "zz"',
      'unknown field "spec.b"',
      'unknown field "spec.containers[0].qq"',
      'unknown field "spec.containers[0].aa"',
      'unknown field "spec.a"',
      'unknown field "metadata.x"',
    ]);
  });
  it('tell fields apart by case', () => {
    expect(decode(core('ConfigMap'), { metadata: { Name: 'a' }, Data: {} }).unknown).to.deep.equal([
      'unknown field "metadata.Name"',
      'unknown field "Data"',
    ]);
  });
  it('are told to strict clients without what is inside unknown fields', () => {
    expect(strictErrors(['duplicate field "data.k"', 'duplicate field "Data.k"'], ['unknown field "Data"'])).to.deep.equal([
      'duplicate field "data.k"',
      'unknown field "Data"',
    ]);
  });
  it('are no more than a hundred', () => {
    const value = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`f${i}`, i]));
    expect(decode(pod, value).unknown).to.have.length(100);
  });
});

describe('values of the wrong type', () => {
  // what kube-apiserver v1.36.3 says, after `Pod in version "v1" cannot be handled as a Pod: `
  const refused: readonly (readonly [unknown, string])[] = [
    [{ spec: { containers: 'x' } }, 'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container'],
    [{ spec: { containers: ['x'] } }, 'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container'],
    [container({ env: { a: 1 } }), 'json: cannot unmarshal object into Go struct field Container.spec.containers.env of type []v1.EnvVar'],
    [container({ args: [1] }), 'json: cannot unmarshal number into Go struct field Container.spec.containers.args of type string'],
    [
      container({ ports: [{ containerPort: '80' }] }),
      'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      container({ ports: [{ containerPort: 80.5 }] }),
      'json: cannot unmarshal number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      container({ ports: [{ containerPort: 99999999999 }] }),
      'json: cannot unmarshal number 99999999999 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      { spec: { terminationGracePeriodSeconds: 'x' } },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
    ],
    [
      { spec: { restartPolicy: 1 } },
      'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [{ spec: { hostNetwork: 'x' } }, 'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool'],
    [{ spec: { nodeSelector: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string'],
    [
      container({ livenessProbe: { httpGet: { port: true } } }),
      'json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32',
    ],
    [
      container({ livenessProbe: { httpGet: { port: 1.5 } } }),
      'json: cannot unmarshal number 1.5 into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32',
    ],
    [
      container({ resources: { limits: { cpu: true } } }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [{ metadata: 'x' }, 'json: cannot unmarshal string into Go struct field Pod.metadata of type v1.ObjectMeta'],
    [
      { metadata: { creationTimestamp: 5 } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    [
      { metadata: { creationTimestamp: 'yesterday' } },
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    [{ metadata: { creationTimestamp: '' } }, 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
    [{ status: { startTime: '2020-02-30T00:00:00Z' } }, 'parsing time "2020-02-30T00:00:00Z": day out of range'],
    [{ status: { startTime: '2020-02-20T25:00:00Z' } }, 'parsing time "2020-02-20T25:00:00Z": hour out of range'],
    [
      { status: { startTime: '2020-02-20 20:00:00Z' } },
      'parsing time "2020-02-20 20:00:00Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 20:00:00Z" as "T"',
    ],
    [
      { status: { startTime: '2020-02-20T20:00:00' } },
      'parsing time "2020-02-20T20:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
    ],
  ];
  for (const [value, message] of refused) it(message, () => expect(() => decode(pod, value)).to.throw(DecodeError, message));

  const lease = (renewTime: string) => () => decode(structTypeOf('io.k8s.api.coordination.v1.Lease'), { spec: { renewTime } });
  it('a time to the microsecond must have six digits', () => {
    const as = 'as "2006-01-02T15:04:05.000000Z07:00": cannot parse';
    expect(lease('2020-01-01T00:00:00Z')).to.throw(`parsing time "2020-01-01T00:00:00Z" ${as} "Z" as ".000000"`);
    expect(lease('2020-01-01T00:00:00.123Z')).to.throw(`parsing time "2020-01-01T00:00:00.123Z" ${as} ".123Z" as ".000000"`);
  });
  it('base64 is told by the first wrong byte', () => {
    expect(() => decode(core('Secret'), { data: { a: 'QQ=*' } })).to.throw(DecodeError, 'illegal base64 data at input byte 2');
    expect(() => decode(core('Secret'), { data: { a: 5 } })).to.throw(
      'json: cannot unmarshal number into Go struct field Secret.data of type []uint8',
    );
  });
  it('schemas of definitions may be of several forms', () => {
    const schema = structTypeOf('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
    const value = {
      items: { type: 'string' },
      additionalProperties: false,
      properties: { a: { additionalProperties: { type: 'string' }, default: { x: [1] } } },
    };
    expect(decode(schema, value).object).to.deep.equal(value);
    expect(() => decode(schema, { additionalProperties: 'x' })).to.throw(DecodeError, 'boolean or JSON schema expected');
    expect(() => decode(schema, { properties: { a: { type: ['x'] } } })).to.throw(
      'json: cannot unmarshal array into Go struct field JSONSchemaProps.properties.type of type string',
    );
  });
});

describe('types made at run time', () => {
  const field = (name: string, type: ConstructorParameters<typeof Field>[1]) => new Field({ name, omitEmpty: true, pointer: true }, type);
  it('keep what an open struct does not declare', () => {
    const open = structType('v1.Widget', [field('a', scalarType('string'))], { open: true });
    expect(decode(open, { a: 'x', b: { c: 1 } })).to.deep.equal({ object: { a: 'x', b: { c: 1 } }, unknown: [] });
  });
  it('may contain themselves', () => {
    const node = structType('v1.Node', [
      field('next', () => node),
      field('items', listType(mapType(scalarType('int64')))),
      field('any', UNDECLARED),
    ]);
    expect(decode(node, { next: { next: { items: [{ a: 1 }] } }, any: [1, { x: null }] }).object).to.deep.equal({
      next: { next: { items: [{ a: 1 }] } },
      any: [1, { x: null }],
    });
  });
});
