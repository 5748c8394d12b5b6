import { expect } from 'chai';
import { fact } from '../../../src/api/facts.js';
import { decodeObject, encodeObject, encodeWatchEvent, ProtobufError, type ApiObject } from '../../../src/api/protobuf/index.js';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema;
  allOf?: Schema[];
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}
const schemas = fact<Record<string, Schema>>('schemas');
const SCALARS: Record<string, unknown> = {
  Time: '2026-01-02T03:04:05Z',
  MicroTime: '2026-01-02T03:04:05.000006Z',
  Quantity: '1500m',
  IntOrString: '25%',
  FieldsV1: { 'f:metadata': { 'f:labels': { '.': {} } } },
  RawExtension: { any: ['thing', 1, null] },
  JSON: ['any', { thing: 1.5 }],
  JSONSchemaPropsOrArray: [{ type: 'string' }],
  JSONSchemaPropsOrBool: { type: 'string' },
  JSONSchemaPropsOrStringArray: ['one', 'two'],
};

/** A value with every field set, as deep as types do not repeat. */
function fill(schema: Schema, above: readonly string[]): unknown {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (ref) {
    const name = ref.split('/').at(-1) as string;
    const scalar = SCALARS[name.split('.').at(-1) as string];
    if (scalar !== undefined) return scalar;
    return above.includes(name) ? undefined : fill(schemas[name] as Schema, [...above, name]);
  }
  if (schema.items) return list(fill(schema.items, above));
  if (schema.additionalProperties) {
    const key = fill(schema.additionalProperties, above);
    return key === undefined ? undefined : { key };
  }
  if (schema.properties) {
    const filled = Object.entries(schema.properties).map(([field, s]) => [field, fill(s, above)]);
    return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
  }
  if (schema.format === 'byte') return Buffer.from('bytes').toString('base64');
  return { string: 'text', integer: 7, number: 7, boolean: true, object: {} }[schema.type as string];
}
function list(item: unknown): unknown[] | undefined {
  return item === undefined ? undefined : [item];
}

/** Protobuf knows the type of the outermost object only: those within lose theirs. */
function withoutInnerTypes(object: Record<string, unknown>): ApiObject & Record<string, unknown> {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    const isObject = ['metadata', 'propagationPolicy', 'preferredVersion'].some((field) => field in value);
    const entries = Object.entries(value).filter(([k]) => !isObject || (k !== 'kind' && k !== 'apiVersion'));
    return Object.fromEntries(entries.map(([k, v]) => [k, strip(v)]));
  };
  return { apiVersion: object.apiVersion as string, kind: object.kind as string, ...(strip(object) as object) };
}

const kinds = Object.entries(schemas).flatMap(([name, s]) =>
  (s['x-kubernetes-group-version-kind'] ?? []).map(({ group, version, kind }) => ({
    name,
    kind,
    apiVersion: group === '' ? version : `${group}/${version}`,
  })),
);

describe('protobuf', () => {
  it('brings every kind there and back, all fields set', () => {
    let count = 0;
    for (const { name, apiVersion, kind } of kinds) {
      // a WatchEvent has a frame, not an envelope
      if (kind === 'WatchEvent') continue;
      const filled = { ...(fill(schemas[name] as Schema, [name]) as object), apiVersion, kind };
      const object = withoutInnerTypes(filled);
      expect(decodeObject(encodeObject(object)), `${apiVersion} ${kind}`).to.deep.equal(object);
      count++;
    }
    expect(count).to.be.greaterThan(130);
  });

  it('reads what a Go server writes, and writes what it reads', () => {
    const bytes = Buffer.from(GO_CONFIG_MAP, 'hex');
    const object = decodeObject(bytes);
    expect(object).to.deep.equal({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'c',
        namespace: 'nego',
        uid: object.metadata && (object.metadata as { uid: string }).uid,
        creationTimestamp: (object.metadata as { creationTimestamp: string }).creationTimestamp,
        labels: { a: '1', b: '2' },
        managedFields: (object.metadata as { managedFields: unknown[] }).managedFields,
      },
      data: { k: 'v' },
      binaryData: { x: 'AQI=' },
      immutable: false,
    });
    expect((object.metadata as { managedFields: { fieldsV1: object }[] }).managedFields[0]?.fieldsV1).to.have.property('f:data');
    expect(decodeObject(encodeObject(object))).to.deep.equal(object);
  });

  it('tells zero from absent where Go has a pointer, and leaves out what JSON would', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: '', generation: 0 },
      spec: { replicas: 0, paused: false, minReadySeconds: 0 },
    };
    expect(decodeObject(encodeObject(deployment))).to.deep.equal({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {},
      spec: { replicas: 0 },
    });
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { creationTimestamp: null },
      spec: { volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: '', livenessProbe: { httpGet: { port: 0 } } }] },
    };
    expect(decodeObject(encodeObject(pod))).to.deep.equal({ ...pod, metadata: {} });
  });

  it('tells the schemas of custom resources from lists, texts and truth', () => {
    const openAPIV3Schema = {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      additionalProperties: false,
      items: { type: 'integer', minimum: 0, multipleOf: 0.5, default: 0 },
      dependencies: { a: ['b'], c: { required: ['d'] } },
      definitions: { e: { items: [{ $ref: '#/f' }, { enum: ['x', null, { y: [] }] }], additionalProperties: { nullable: true } } },
      properties: { g: { additionalItems: true, 'x-kubernetes-int-or-string': true } },
    };
    const versions = [{ name: 'v1', served: true, storage: false, schema: { openAPIV3Schema } }];
    const names = { plural: 'things', kind: 'Thing' };
    const object = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: { group: 'example.com', names, scope: 'Cluster', versions },
    };
    const read = decodeObject(encodeObject(object));
    expect(read['spec']).to.deep.equal(object.spec);
  });

  it('keeps large and negative numbers', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generation: 2 ** 52 + 1 },
      spec: { priority: -1000, activeDeadlineSeconds: -1 },
    };
    expect(decodeObject(encodeObject(pod))).to.deep.equal(pod);
  });

  it('knows Status and options of every group', () => {
    const status = {
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      message: 'no',
      reason: 'NotFound',
      details: { name: 'x', kind: 'pods' },
      code: 404,
    };
    expect(decodeObject(encodeObject(status))).to.deep.equal(status);
    for (const apiVersion of ['v1', 'apps/v1', 'meta.k8s.io/v1']) {
      const options = { apiVersion, kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid: 'u' } };
      expect(decodeObject(encodeObject(options)), apiVersion).to.deep.equal(options);
    }
    const partial = {
      apiVersion: 'meta.k8s.io/v1beta1',
      kind: 'PartialObjectMetadataList',
      metadata: { resourceVersion: '1' },
      items: [{ metadata: { name: 'a' } }],
    };
    expect(decodeObject(encodeObject(partial))).to.deep.equal(partial);
  });

  it('takes bytes without a type for what is expected', () => {
    const typeless = encodeObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } as ApiObject);
    const typeLength = typeless[5] as number;
    const bytes = Buffer.concat([typeless.subarray(0, 4), typeless.subarray(6 + typeLength)]);
    expect(decodeObject(bytes, { apiVersion: 'v1', kind: 'ConfigMap' })).to.deep.equal({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
    });
  });

  it('frames a watch event: its length, and no magic number before it', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const frame = encodeWatchEvent('ADDED', object);
    expect(frame.readUInt32BE()).to.equal(frame.length - 4);
    expect(frame.subarray(4, 11).toString('latin1')).to.equal('\x0a\x05ADDED');
    expect(decodeObject(frame.subarray(frame.indexOf('k8s\0')))).to.deep.equal(object);
  });

  it('refuses what is no object, with the texts of upstream', () => {
    const refusal = (bytes: Buffer) => {
      try {
        decodeObject(bytes);
      } catch (e) {
        if (e instanceof ProtobufError) return e.message;
        throw e;
      }
      return undefined;
    };
    expect(refusal(Buffer.from(''))).to.equal('empty data');
    expect(refusal(Buffer.from('not protobuf'))).to.equal(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
    expect(refusal(Buffer.from('k8s\0\x0a\x03abc'))).to.equal('unexpected EOF');
    expect(refusal(Buffer.from('k8s\0\x0a\x7f'))).to.equal('unexpected EOF');
    expect(refusal(Buffer.from('k8s\0'))).to.equal('empty body');
    expect(refusal(Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(11, 0xff)]))).to.equal('proto: integer overflow');
    expect(refusal(Buffer.from('k8s\0\x12\xff\xff\xff\xff\x0f', 'latin1'))).to.equal('unexpected EOF');
    expect(refusal(Buffer.from('k8s\0\0\0\0'))).to.equal('proto: illegal tag 0 (wire type 0)');
    expect(() => encodeObject({ apiVersion: 'example.com/v1', kind: 'Widget' })).to.throw(
      ProtobufError,
      'no kind "Widget" of version "example.com/v1"',
    );
    expect(() => encodeObject({ apiVersion: 'meta.k8s.io/v1', kind: 'Table' })).to.throw(ProtobufError);
  });
});

/** A ConfigMap as kube-apiserver v1.36 answers it. */
const GO_CONFIG_MAP = [
  '6b3873000a0f0a0276311209436f6e6669674d61701299020a83020a016312001a046e65676f22002a2431653338626136382d356565372d34353633',
  '2d616563312d39346438353234393936633232003800420808a8a499d80610005a060a01611201315a060a01621201328a01ae010a01741206557064',
  '6174651a027631220808a8a499d806100032084669656c647356313a86010a83017b22663a62696e61727944617461223a7b222e223a7b7d2c22663a',
  '78223a7b7d7d2c22663a64617461223a7b222e223a7b7d2c22663a6b223a7b7d7d2c22663a696d6d757461626c65223a7b7d2c22663a6d6574616461',
  '7461223a7b22663a6c6162656c73223a7b222e223a7b7d2c22663a61223a7b7d2c22663a62223a7b7d7d7d7d420012060a016b1201761a070a017812',
  '02010220001a002200',
].join('');
