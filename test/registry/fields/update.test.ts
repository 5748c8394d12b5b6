import { expect } from 'chai';
import deployments from '../../../src/api/apps-v1/deployments.js';
import type { KubeObject } from '../../../src/api/meta/object.js';
import { decode } from '../../../src/api/schema/decode.js';
import { structTypeOf } from '../../../src/api/schema/types.js';
import { resetFields, trackUpdate } from '../../../src/registry/fields/index.js';

type ConfigMap = KubeObject & { data?: Record<string, string> };

const configMap = structTypeOf('io.k8s.api.core.v1.ConfigMap');
const deployment = structTypeOf('io.k8s.api.apps.v1.Deployment');
let now = Date.parse('2026-01-01T00:00:00Z');

function made(data: Record<string, string> | undefined, metadata: object = {}): ConfigMap {
  return decode<ConfigMap>(configMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...metadata }, data }).object;
}

function track(object: ConfigMap, live: ConfigMap | undefined, manager: string, options: { subresource?: string } = {}): ConfigMap {
  now += 1000;
  trackUpdate({ type: configMap, object, live, manager, apiVersion: 'v1', subresource: options.subresource ?? '', reset: {}, now });
  return object;
}

/** The next state of an object, as a client that knows managedFields sends it. */
function changed(live: ConfigMap, data: Record<string, string> | undefined, metadata: object = {}): ConfigMap {
  return made(data, { ...live.metadata, ...metadata });
}

const owners = (object: KubeObject) =>
  object.metadata.managedFields?.map((m) => [m.manager, m.operation, m.subresource, JSON.stringify(m.fieldsV1)]);

describe('field ownership of updates', () => {
  it('gives the creator every field that is set, but nobody what the server keeps', () => {
    const object = track(made({ k: 'v' }, { labels: { a: 'b' }, uid: 'u', namespace: 'n', generation: 1 }), undefined, 'maker');
    expect(object.metadata.managedFields).to.deep.equal([
      {
        manager: 'maker',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:01Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:k': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } },
      },
    ]);
    expect(Object.keys(object.metadata.managedFields?.[0] ?? {})).to.deep.equal([
      'manager',
      'operation',
      'apiVersion',
      'time',
      'fieldsType',
      'fieldsV1',
    ]);
  });
  it('writes nothing where nothing is owned', () => {
    expect(track(made(undefined), undefined, 'maker').metadata.managedFields).to.equal(undefined);
  });
  it('calls a manager without a name unknown', () => {
    expect(owners(track(made({ k: 'v' }), undefined, ''))?.[0]?.[0]).to.equal('unknown');
  });

  it('takes a field from its owner and gives it to who changes it', () => {
    const first = track(made({ a: '1', b: '1' }), undefined, 'one');
    const second = track(changed(first, { a: '1', b: '2', c: '3' }), first, 'two');
    expect(owners(second)).to.deep.equal([
      ['one', 'Update', undefined, '{"f:data":{".":{},"f:a":{}}}'],
      ['two', 'Update', undefined, '{"f:data":{"f:b":{},"f:c":{}}}'],
    ]);
    // what goes is lost by its owner; who removed it owns nothing more
    const third = track(changed(second, { b: '2' }), second, 'three');
    expect(owners(third)).to.deep.equal([
      ['one', 'Update', undefined, '{"f:data":{}}'],
      ['two', 'Update', undefined, '{"f:data":{"f:b":{}}}'],
    ]);
  });
  it('keeps the entries, and their times, of an update that changes nothing', () => {
    const first = track(made({ a: '1' }), undefined, 'one');
    const entries = first.metadata.managedFields;
    expect(track(changed(first, { a: '1' }), first, 'two').metadata.managedFields).to.deep.equal(entries);
    expect(track(changed(first, { a: '1' }, { managedFields: undefined }), first, 'one').metadata.managedFields).to.deep.equal(entries);
  });
  it('keeps the parts of an object apart by subresource', () => {
    const first = track(made({ a: '1' }), undefined, 'one');
    const second = track(changed(first, { a: '1' }, { labels: { l: '1' } }), first, 'one', { subresource: 'status' });
    expect(second.metadata.managedFields?.map((m) => m.subresource)).to.deep.equal([undefined, 'status']);
  });

  it('forgets all managers when a client sends an empty list, or an empty entry', () => {
    const first = track(made({ a: '1' }), undefined, 'one');
    for (const managedFields of [[], [{}]]) {
      const reset = made({ a: '1' }, { ...first.metadata, managedFields });
      reset.metadata.managedFields = managedFields as never;
      expect(track(reset, first, 'two').metadata.managedFields).to.equal(undefined);
    }
  });
  it('lets a client set managers, unless what it sends cannot be read', () => {
    const first = track(made({ a: '1' }), undefined, 'one');
    const entry = {
      manager: 'hand',
      operation: 'Apply' as const,
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:a': {} } },
    };
    expect(owners(track(changed(first, { a: '1' }, { managedFields: [entry] }), first, 'x'))).to.deep.equal([
      ['hand', 'Apply', undefined, '{"f:data":{"f:a":{}}}'],
    ]);
    for (const wrong of [{ operation: 'Odd' }, { fieldsType: 'V9' }, { apiVersion: '' }]) {
      expect(owners(track(changed(first, { a: '1' }, { managedFields: [{ ...entry, ...wrong }] }), first, 'x'))).to.deep.equal(
        owners(first),
      );
    }
    expect(owners(track(changed(first, { a: '1' }, { managedFields: [entry] }), first, 'x', { subresource: 'status' }))).to.deep.equal(
      owners(first),
    );
  });
  it('does not begin to track an object that nobody owns', () => {
    const live = made({ a: '1' });
    expect(track(changed(live, { a: '2' }), live, 'two').metadata.managedFields).to.equal(undefined);
  });

  it('puts the oldest of more than ten updaters together', () => {
    let object = track(made({ k0: '0' }), undefined, 'm0');
    for (let i = 1; i <= 12; i++) object = track(changed(object, { ...object.data, [`k${i}`]: 'x' }), object, `m${i}`);
    const managers = object.metadata.managedFields ?? [];
    expect(managers.map((m) => m.manager)).to.deep.equal(['ancient-changes', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11', 'm12']);
    expect(managers[0]?.fieldsV1).to.deep.equal({ 'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} } });
  });
  it('orders appliers before updaters, then by time and name', () => {
    const first = track(made({ a: '1' }), undefined, 'one');
    const applied = {
      manager: 'z',
      operation: 'Apply' as const,
      apiVersion: 'v1',
      time: '2030-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:a': {} } },
    };
    const second = track(
      changed(first, { a: '1', b: '2' }, { managedFields: [...(first.metadata.managedFields ?? []), applied] }),
      first,
      'aaa',
    );
    expect(second.metadata.managedFields?.map((m) => m.manager)).to.deep.equal(['z', 'one', 'aaa']);
  });

  it('leaves status to /status, and the rest to the object', () => {
    const full = (status: object, replicas: number) =>
      decode<KubeObject>(deployment, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd', labels: { l: String(replicas) } },
        spec: { replicas },
        status,
      }).object;
    const live = full({}, 1);
    live.metadata.managedFields = [
      { manager: 'm', operation: 'Update', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ];
    const through = (subresource: string) => {
      const object = full({ replicas: 3 }, 2);
      trackUpdate({
        type: deployment,
        object,
        live,
        manager: 'x',
        apiVersion: 'apps/v1',
        subresource,
        reset: resetFields(deployments as never, subresource),
        now,
      });
      return owners(object)
        ?.filter(([manager]) => manager === 'x')
        .map((owner) => owner[3]);
    };
    expect(through('')).to.deep.equal(['{"f:metadata":{"f:labels":{"f:l":{}}},"f:spec":{"f:replicas":{}}}']);
    expect(through('status')).to.deep.equal(['{"f:status":{"f:replicas":{}}}']);
  });
  it('tells items of lists apart by their keys, with the defaults of those keys', () => {
    const service = structTypeOf('io.k8s.api.core.v1.Service');
    const object = decode<KubeObject>(service, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', finalizers: ['e.com/x'] },
      spec: { ports: [{ port: 443 }, { port: 53, protocol: 'UDP' }] },
    }).object;
    trackUpdate({ type: service, object, live: undefined, manager: 'm', apiVersion: 'v1', subresource: '', reset: {}, now });
    const fields = object.metadata.managedFields?.[0]?.fieldsV1 as { 'f:metadata': object; 'f:spec': { 'f:ports': object } };
    expect(Object.keys(fields['f:spec']['f:ports'])).to.deep.equal([
      '.',
      'k:{"port":53,"protocol":"UDP"}',
      'k:{"port":443,"protocol":"TCP"}',
    ]);
    expect(fields['f:metadata']).to.deep.equal({ 'f:finalizers': { '.': {}, 'v:"e.com/x"': {} } });
  });
});
