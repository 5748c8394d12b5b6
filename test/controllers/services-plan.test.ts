import { expect } from 'chai';
import type { EndpointAddress, EndpointSubset } from '../../src/api/types/core-v1.gen.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../src/api/types/discovery-v1.gen.js';
import { type Group, planSlices } from '../../src/controllers/services/slices.js';
import { packed, truncated } from '../../src/controllers/services/subsets.js';

const http: EndpointPort[] = [{ name: 'http', port: 80, protocol: 'TCP' }];
const endpoint = (n: number, ready = true): Endpoint => ({ addresses: [`10.0.0.${n}`], conditions: { ready } });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => endpoint(from + i));

function slice(name: string, endpoints: Endpoint[], ports: EndpointPort[] = http): EndpointSlice {
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, uid: name }, addressType: 'IPv4', ports, endpoints };
}

function plan(existing: EndpointSlice[], groups: Group[], stale: string[] = []) {
  const made = planSlices({
    existing,
    groups,
    maxEndpoints: 5,
    fresh: ({ ports, addressType }) => ({ ...slice('', [], [...ports]), addressType }),
    relabeled: (s) => (stale.includes(s.metadata.name) ? { ...s, metadata: { ...s.metadata, labels: { fresh: 'yes' } } } : undefined),
  });
  const ips = (s: EndpointSlice) => s.endpoints?.map((e) => Number(e.addresses[0]?.split('.')[3])) ?? [];
  return {
    create: made.create.map(ips),
    update: Object.fromEntries(made.update.map((s) => [s.metadata.name, ips(s)])),
    delete: made.delete.map((s) => s.metadata.name),
  };
}
const group = (endpoints: Endpoint[], ports = http): Group => ({ ports, addressType: 'IPv4', endpoints });

describe('planning of endpoint slices', () => {
  it('makes as many slices as are needed', () => {
    expect(plan([], [group(range(1, 7))])).to.deep.equal({
      create: [
        [1, 2, 3, 4, 5],
        [6, 7],
      ],
      update: {},
      delete: [],
    });
  });

  it('has one empty slice where there is nothing', () => {
    expect(plan([], [group([], [])])).to.deep.equal({ create: [[]], update: {}, delete: [] });
    expect(plan([slice('empty', [], [])], [group([], [])])).to.deep.equal({ create: [], update: {}, delete: [] });
  });

  it('touches nothing when all is as it should be', () => {
    expect(plan([slice('a', range(1, 3)), slice('b', range(4, 5))], [group(range(1, 5))])).to.deep.equal({
      create: [],
      update: {},
      delete: [],
    });
  });

  it('fills slices that change anyway first', () => {
    expect(plan([slice('a', range(1, 3)), slice('b', range(4, 6))], [group([...range(2, 6), endpoint(7)])])).to.deep.equal({
      create: [],
      update: { a: [2, 3, 7] },
      delete: [],
    });
  });

  it('then fills the fullest slice that has the room', () => {
    expect(plan([slice('a', range(1, 2)), slice('b', range(3, 6))], [group(range(1, 7))])).to.deep.equal({
      create: [],
      update: { b: [3, 4, 5, 6, 7] },
      delete: [],
    });
  });

  it('writes endpoints whose state has changed, in their place', () => {
    expect(plan([slice('a', range(1, 2))], [group([endpoint(1), endpoint(2, false)])])).to.deep.equal({
      create: [],
      update: { a: [1, 2] },
      delete: [],
    });
  });

  it('deletes slices that have become empty', () => {
    expect(plan([slice('a', range(1, 2)), slice('b', range(3, 4))], [group(range(1, 2))])).to.deep.equal({
      create: [],
      update: {},
      delete: ['b'],
    });
  });

  it('reuses a slice for other ports rather than deleting it', () => {
    expect(plan([slice('a', range(1, 2))], [group(range(1, 2), [{ name: 'http', port: 8080, protocol: 'TCP' }])])).to.deep.equal({
      create: [],
      update: { a: [1, 2] },
      delete: [],
    });
    expect(plan([slice('empty', [], [])], [group(range(1, 2))])).to.deep.equal({ create: [], update: { empty: [1, 2] }, delete: [] });
  });

  it('writes slices whose labels are no longer right', () => {
    expect(plan([slice('a', range(1, 2))], [group(range(1, 2))], ['a'])).to.deep.equal({ create: [], update: { a: [1, 2] }, delete: [] });
  });

  it('keeps endpoints with different ports apart', () => {
    const other = [{ name: 'http', port: 81, protocol: 'TCP' as const }];
    expect(plan([], [group(range(1, 2)), group(range(3, 3), other)]).create).to.deep.equal([[1, 2], [3]]);
  });
});

describe('packing of subsets', () => {
  const address = (ip: string): EndpointAddress => ({ ip });
  const p = (port: number) => ({ port, protocol: 'TCP' as const });

  it('brings the ports of an address together', () => {
    const subsets: EndpointSubset[] = [
      { addresses: [address('10.0.0.2')], ports: [p(81)] },
      { addresses: [address('10.0.0.1')], ports: [p(80)] },
      { addresses: [address('10.0.0.2')], ports: [p(80)] },
      { addresses: [address('10.0.0.1')], ports: [p(81)] },
    ];
    expect(packed(subsets)).to.deep.equal([{ addresses: [address('10.0.0.1'), address('10.0.0.2')], ports: [p(80), p(81)] }]);
  });

  it('keeps addresses apart that differ in ports or readiness', () => {
    const made = packed([
      { addresses: [address('10.0.0.1')], ports: [p(80)] },
      { addresses: [address('10.0.0.2')], notReadyAddresses: [address('10.0.0.3')], ports: [p(81)] },
    ]);
    expect(made).to.deep.equal([
      { addresses: [address('10.0.0.1')], ports: [p(80)] },
      { addresses: [address('10.0.0.2')], notReadyAddresses: [address('10.0.0.3')], ports: [p(81)] },
    ]);
  });

  it('takes an address for not ready when it is said to be both', () => {
    for (const subsets of [
      [{ addresses: [address('10.0.0.1')], notReadyAddresses: [address('10.0.0.1')], ports: [p(80)] }],
      [
        { notReadyAddresses: [address('10.0.0.1')], ports: [p(80)] },
        { addresses: [address('10.0.0.1')], ports: [p(80)] },
      ],
    ])
      expect(packed(subsets)).to.deep.equal([{ notReadyAddresses: [address('10.0.0.1')], ports: [p(80)] }]);
  });

  it('is done when it has been done', () => {
    const once = packed([
      { addresses: [address('10.0.0.9'), address('10.0.0.10')], ports: [p(90), p(80)] },
      { addresses: [address('10.0.0.1')] },
    ]);
    expect(packed(once)).to.deep.equal(once);
  });

  it('leaves out what is beyond a thousand, not ready addresses first', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => address(`10.1.${i >> 8}.${i & 255}`));
    const small = truncated([{ addresses: many(10), notReadyAddresses: many(10) }]);
    expect(small.over).to.equal(false);
    const some = truncated([{ addresses: many(900), notReadyAddresses: many(300) }]);
    expect([some.over, some.subsets[0]?.addresses?.length, some.subsets[0]?.notReadyAddresses?.length]).to.deep.equal([true, 900, 100]);
    const all = truncated([{ addresses: many(900), notReadyAddresses: many(5) }, { addresses: many(600) }]);
    expect(all.subsets.map((s) => [s.addresses?.length, s.notReadyAddresses])).to.deep.equal([
      [600, undefined],
      [400, undefined],
    ]);
  });
});
