import { expect } from 'chai';
import type { KubeObject } from '../../../src/api/meta/object.js';
import { decode, normalize } from '../../../src/api/schema/decode.js';
import { type StructType, structTypeOf } from '../../../src/api/schema/types.js';
import { applyObject, type ApplyOptions, trackUpdate } from '../../../src/registry/fields/index.js';
import { refusal } from '../../helpers/refusal.js';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const configMap = structTypeOf('io.k8s.api.core.v1.ConfigMap');
const pod = structTypeOf('io.k8s.api.core.v1.Pod');
let now = Date.parse('2026-01-01T00:00:00Z');

type Any = KubeObject & { data?: Record<string, string>; spec?: Record<string, unknown> };

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** The next stored state. */
function apply(live: Any | undefined, applied: object, manager: string, options: Partial<ApplyOptions> = {}): Any {
  const type: StructType = options.type ?? configMap;
  const kind = type.name;
  now += 1000;
  const result = applyObject({
    type,
    live,
    applied: { apiVersion: 'v1', kind, metadata: { name: 'a' }, ...applied } as KubeObject,
    manager,
    force: false,
    apiVersion: 'v1',
    kind,
    subresource: '',
    reset: {},
    defaults: () => undefined,
    now,
    ...options,
  }) as Any;
  return result === live ? result : frozen(normalize(type, result));
}

const data = (fields: Record<string, string>) => ({ data: fields });
const owners = (object: KubeObject) =>
  (object.metadata.managedFields ?? []).map((m) => [m.manager, m.operation, JSON.stringify(m.fieldsV1)]);

describe('server-side apply', () => {
  it('creates an object, decoded and defaulted, owned field by field', () => {
    const object = apply(undefined, data({ k: 'v' }), 'one', { defaults: (o) => void ((o as Any).metadata.labels = { by: 'default' }) });
    expect(object.data).to.deep.equal({ k: 'v' });
    expect(object.metadata.labels).to.deep.equal({ by: 'default' });
    expect(owners(object)).to.deep.equal([['one', 'Apply', '{"f:data":{"f:k":{}}}']]);
    expect(object.metadata.managedFields?.[0]?.time).to.equal('2026-01-01T00:00:01Z');
  });
  it('gives back the live object when nothing changes', () => {
    const live = apply(undefined, data({ k: 'v' }), 'one');
    expect(apply(live, data({ k: 'v' }), 'one')).to.equal(live);
  });
  it('changes, adds and removes what the manager alone owns', () => {
    const live = apply(undefined, data({ a: '1', b: '1' }), 'one');
    const next = apply(live, data({ b: '2', c: '3' }), 'one');
    expect(next.data).to.deep.equal({ b: '2', c: '3' });
    const none = apply(next, {}, 'one');
    expect([none.data, none.metadata.managedFields]).to.deep.equal([undefined, undefined]);
  });
  it('leaves what somebody else owns too, and shares it without a new time when nothing else changes', () => {
    const first = apply(undefined, data({ a: '1', b: '1' }), 'one');
    const second = apply(first, data({ b: '1' }), 'two');
    expect(second.metadata.managedFields?.map((m) => m.time !== undefined)).to.deep.equal([false, true]);
    const third = apply(second, data({ a: '1' }), 'one');
    expect(third.data).to.deep.equal({ a: '1', b: '1' });
    expect(owners(third)).to.have.deep.members([
      ['one', 'Apply', '{"f:data":{"f:a":{}}}'],
      ['two', 'Apply', '{"f:data":{"f:b":{}}}'],
    ]);
    expect(apply(third, {}, 'two').data).to.deep.equal({ a: '1' });
  });
  it('leaves what nobody owns', () => {
    const live = frozen(decode<Any>(configMap, { ...apply(undefined, data({ a: '1' }), 'one'), data: { a: '1', stray: 'x' } }).object);
    expect(apply(live, data({ b: '2' }), 'one').data).to.deep.equal({ b: '2', stray: 'x' });
    // … unless it is within a field that goes
    expect(apply(live, {}, 'one').data).to.equal(undefined);
  });

  it('refuses to change what somebody else owns, and says whose it is', () => {
    const first = apply(undefined, data({ a: '1', b: '1' }), 'one');
    const { status, code } = refusal(() => apply(first, data({ a: '2' }), 'two'));
    expect(code).to.equal(409);
    expect(status).to.deep.include({ reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "one": .data.a' });
    expect(status.details).to.deep.equal({
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }],
    });
    expect(refusal(() => apply(first, data({ a: '2', b: '2' }), 'two')).status.message).to.equal(
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
    );
  });
  it('names the version of updaters and the subresource', () => {
    const object = decode<Any>(configMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } }).object;
    trackUpdate({ type: configMap, object, live: undefined, manager: 'up', apiVersion: 'v1', subresource: 'scale', reset: {}, now });
    expect(refusal(() => apply(frozen(object), data({ a: '2' }), 'two')).status.message).to.equal(
      'Apply failed with 1 conflict: conflict with "up" with subresource "scale" using v1: .data.a',
    );
  });
  it('takes fields over by force', () => {
    const first = apply(undefined, data({ a: '1', b: '1' }), 'one');
    const next = apply(first, data({ a: '2' }), 'two', { force: true });
    expect(next.data).to.deep.equal({ a: '2', b: '1' });
    expect(owners(next)).to.have.deep.members([
      ['one', 'Apply', '{"f:data":{"f:b":{}}}'],
      ['two', 'Apply', '{"f:data":{"f:a":{}}}'],
    ]);
  });
  it('takes an object that nobody owns for the work of one earlier updater', () => {
    const live = frozen(decode<Any>(configMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } }).object);
    expect(refusal(() => apply(live, data({ a: '2' }), 'two')).status.message).to.equal(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    );
    expect(owners(apply(live, data({ b: '2' }), 'two'))).to.have.deep.members([
      ['two', 'Apply', '{"f:data":{"f:b":{}}}'],
      ['before-first-apply', 'Update', '{"f:data":{".":{},"f:a":{}}}'],
    ]);
  });
  it('owns an empty map, and a null', () => {
    expect(owners(apply(undefined, data({}), 'one'))).to.deep.equal([['one', 'Apply', '{"f:data":{}}']]);
    expect(owners(apply(undefined, { data: null }, 'one'))).to.deep.equal([['one', 'Apply', '{"f:data":{}}']]);
  });
});

describe('applying lists', () => {
  const container = (name: string, fields: object = {}) => ({ name, ...fields });
  const spec = (...containers: object[]) => ({ spec: { containers } });
  const applyPod = (live: Any | undefined, applied: object, manager: string, force = false) =>
    apply(live, applied, manager, { type: pod, reset: { 'f:status': {} }, force });
  const containersOf = (object: Any) => (object.spec?.containers ?? []) as { name: string; args?: string[] }[];
  const names = (object: Any) => containersOf(object).map((c) => c.name);

  it('merges items by their keys and keeps those of others where they stand', () => {
    const first = applyPod(undefined, spec(container('a', { image: 'i' }), container('b', { image: 'i' })), 'one');
    const second = applyPod(first, spec(container('c', { image: 'i' }), container('a', { tty: true })), 'two');
    expect(names(second)).to.deep.equal(['c', 'a', 'b']);
    expect(containersOf(second)[1]).to.deep.equal({ name: 'a', image: 'i', resources: {}, tty: true });
    // one gives up both: a stays for two, without what only one owned
    const third = applyPod(second, {}, 'one');
    expect(third.spec?.containers).to.deep.equal([
      { name: 'c', image: 'i', resources: {} },
      { name: 'a', resources: {}, tty: true },
    ]);
  });
  it('removes an item with what nobody owned in it', () => {
    const defaults = (object: KubeObject) => {
      for (const c of ((object as Any).spec?.containers ?? []) as { imagePullPolicy?: string }[]) c.imagePullPolicy ??= 'Always';
    };
    const first = apply(undefined, spec(container('a'), container('b')), 'one', { type: pod, reset: { 'f:status': {} }, defaults });
    const second = apply(first, spec(container('a')), 'one', { type: pod, reset: { 'f:status': {} }, defaults });
    expect(second.spec?.containers).to.deep.equal([{ name: 'a', resources: {}, imagePullPolicy: 'Always' }]);
  });
  it('adds defaults to the keys of items', () => {
    const port = (fields: object) => spec(container('a', { ports: [{ containerPort: 80, ...fields }] }));
    const first = applyPod(undefined, port({ protocol: 'TCP', hostIP: '1.1.1.1' }), 'one');
    expect(refusal(() => applyPod(first, port({ hostIP: '2.2.2.2' }), 'two')).status.message).to.equal(
      'Apply failed with 1 conflict: conflict with "one": .spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].hostIP',
    );
  });
  it('replaces atomic lists and maps as a whole', () => {
    const first = applyPod(undefined, { spec: { containers: [container('a', { args: ['x', 'y'] })], nodeSelector: { a: '1' } } }, 'one');
    const conflict = refusal(() =>
      applyPod(first, { spec: { containers: [container('a', { args: ['x'] })], nodeSelector: { b: '1' } } }, 'two'),
    );
    expect(conflict.status.details?.causes?.map((c) => c.field)).to.deep.equal(['.spec.nodeSelector', '.spec.containers[name="a"].args']);
    const next = applyPod(first, { spec: { containers: [container('a', { args: ['z'] })], nodeSelector: { b: '1' } } }, 'two', true);
    expect(next.spec?.nodeSelector).to.deep.equal({ b: '1' });
    expect(containersOf(next)[0]?.args).to.deep.equal(['z']);
  });
  it('unites sets', () => {
    const finalizers = (...list: string[]) => ({ metadata: { name: 'a', finalizers: list } });
    const first = apply(undefined, finalizers('e.com/a', 'e.com/b'), 'one');
    const second = apply(first, finalizers('e.com/c', 'e.com/b'), 'two');
    expect(second.metadata.finalizers).to.deep.equal(['e.com/a', 'e.com/c', 'e.com/b']);
    expect(apply(second, finalizers('e.com/a'), 'one').metadata.finalizers).to.deep.equal(['e.com/a', 'e.com/c', 'e.com/b']);
    expect(apply(second, finalizers('e.com/b'), 'one').metadata.finalizers).to.deep.equal(['e.com/c', 'e.com/b']);
  });
});

describe('configurations that cannot be applied', () => {
  const typed = 'failed to create typed patch object (/a; /v1, Kind=Pod): ';
  const containers = (...list: unknown[]) => ({ spec: { containers: list } });
  // the words of kube-apiserver v1.36.3
  const refused: readonly (readonly [object, number, string])[] = [
    [{ kind: 'ConfigMap' }, 400, 'invalid object type: /v1, Kind=ConfigMap'],
    [{ apiVersion: 'apps/v1' }, 400, 'invalid object type: apps/v1, Kind=Pod'],
    [{ metadata: { name: 'a', managedFields: [] } }, 400, 'metadata.managedFields must be nil'],
    [{ spec: { nope: 1 } }, 500, `${typed}.spec.nope: field not declared in schema`],
    [{ spec: { hostNetwork: 'x' } }, 500, `${typed}.spec.hostNetwork: expected boolean, got &{x}`],
    [{ spec: { hostNetwork: { a: 1 } } }, 500, `${typed}.spec.hostNetwork: expected boolean, got &{map[a:1]}`],
    [{ spec: { priority: true } }, 500, `${typed}.spec.priority: expected numeric (int or float), got bool`],
    [{ spec: { priority: [1] } }, 500, `${typed}.spec.priority: expected numeric (int or float), got []interface {}`],
    [{ spec: 'x' }, 500, `${typed}.spec: expected map, got &{x}`],
    [{ spec: { containers: 'x' } }, 500, `${typed}.spec.containers: expected list, got &{x}`],
    [containers(1), 500, `${typed}.spec.containers: element 0: associative list with keys may not have non-map elements`],
    [containers(null), 500, `${typed}.spec.containers: element 0: associative list with keys may not have a null element`],
    [containers({ name: 'a' }, { name: 'a' }), 500, `${typed}.spec.containers: duplicate entries for key [name="a"]`],
    [
      containers({ name: 'a', args: [1] }),
      500,
      `${typed}.spec.containers[name="a"].args[0]: expected string, got &value.valueUnstructured{Value:1}`,
    ],
    [
      containers({ name: 'a', resources: { limits: { cpu: { a: 1 } } } }),
      500,
      `${typed}.spec.containers[name="a"].resources.limits.cpu: expected any scalar, got &{map[a:1]}`,
    ],
    [{ metadata: { name: 'a', finalizers: ['x', 'x'] } }, 500, `${typed}.metadata.finalizers: duplicate entries for key [="x"]`],
    [
      { metadata: { name: 'a', labels: { a: 1, b: true } } },
      500,
      `${typed}errors:\n  .metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}\n  .metadata.labels.b: expected string, got &value.valueUnstructured{Value:true}`,
    ],
    [
      containers({ name: 'a', resources: { limits: { cpu: 'zz' } } }),
      500,
      "failed to convert new object (/a; /v1, Kind=Pod) to proper version: unable to convert unstructured object to /v1, Kind=Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [applied, code, message] of refused) {
    it(`${JSON.stringify(applied)}: ${message}`, () => {
      const error = refusal(() => apply(undefined, applied, 'one', { type: pod, reset: { 'f:status': {} } }));
      expect([error.code, error.status.message]).to.deep.equal([code, message]);
    });
  }
});

describe('the move from client-side apply', () => {
  const live = () => {
    const last = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { mine: '1', changed: '1' } });
    const object = decode<Any>(configMap, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', annotations: { [LAST_APPLIED]: last } },
      data: { mine: '1', changed: 'by somebody', other: 'x' },
    }).object;
    trackUpdate({
      type: configMap,
      object,
      live: undefined,
      manager: 'kubectl-client-side-apply',
      apiVersion: 'v1',
      subresource: '',
      reset: {},
      now,
    });
    return frozen(object);
  };
  it('lets kubectl take over what its annotation says is its own', () => {
    const next = apply(live(), data({ mine: '2' }), 'kubectl');
    expect(next.data?.mine).to.equal('2');
    expect(next.metadata.annotations?.[LAST_APPLIED]).to.equal(
      '{"apiVersion":"v1","data":{"mine":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });
  it('but nothing else, and nobody else', () => {
    const conflict = 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: ';
    expect(refusal(() => apply(live(), data({ mine: '2', changed: '2' }), 'kubectl')).status.message).to.equal(`${conflict}.data.changed`);
    expect(refusal(() => apply(live(), data({ mine: '2' }), 'other')).status.message).to.equal(`${conflict}.data.mine`);
  });
});
