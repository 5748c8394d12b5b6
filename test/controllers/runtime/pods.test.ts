import { expect } from 'chai';
import type { Pod } from '../../../src/api/types/core-v1.gen.js';
import { byDeletionOrder } from '../../../src/controllers/runtime/deletion-order.js';
import { Expectations } from '../../../src/controllers/runtime/expectations.js';
import { isPodAvailable, nextAvailability, podFromTemplate } from '../../../src/controllers/runtime/pods.js';
import { slowStart } from '../../../src/controllers/runtime/slow-start.js';
import { timestamp, VirtualClock } from '../../../src/util/clock.js';

const NOW = Date.UTC(2026, 0, 2);

interface Shape {
  node?: string;
  phase?: 'Pending' | 'Running' | 'Unknown';
  readyFor?: number;
  age?: number;
  cost?: string;
  restarts?: number;
}

/** @param readyFor seconds since it became ready; absent: it is not */
function pod(name: string, { node = 'n1', phase = 'Running', readyFor, age = 3600, cost, restarts = 0 }: Shape): Pod {
  const conditions =
    readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(NOW - readyFor * 1000) }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      creationTimestamp: timestamp(NOW - age * 1000),
      annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost },
    },
    spec: { nodeName: node, containers: [] },
    status: { phase, conditions, containerStatuses: [{ name: 'main', restartCount: restarts, ready: true, image: '', imageID: '' }] },
  };
}

describe('order of deletion', () => {
  const first = (a: Shape, b: Shape, related: Pod[] = []) => {
    const names = (x: Shape, y: Shape) => byDeletionOrder([pod('x', x), pod('y', y)], related, NOW)[0]?.metadata.name;
    // the same whichever comes first
    expect([names(a, b), names(b, a)]).to.deep.equal(['x', 'y']);
  };

  it('takes pods without a node first', () => first({ node: '', readyFor: 9 }, { phase: 'Pending' }));
  it('then pending ones', () => first({ phase: 'Pending', readyFor: 9 }, { phase: 'Unknown' }));
  it('then unknown ones', () => first({ phase: 'Unknown', readyFor: 9 }, {}));
  it('then those not ready', () => first({ cost: '5' }, { readyFor: 9 }));
  it('then those that cost less', () => first({ readyFor: 9, cost: '-5', node: 'n2' }, { readyFor: 9 }, [pod('r', {})]));
  it('then those on crowded nodes', () => first({ readyFor: 900, node: 'n2' }, { readyFor: 9 }, [pod('r', { node: 'n2' })]));
  it('then those ready for a shorter time', () => first({ readyFor: 9, age: 9000 }, { readyFor: 900, restarts: 3 }));
  it('then those that restarted more', () => first({ readyFor: 9, restarts: 3, age: 9000 }, { readyFor: 9, age: 90 }));
  it('then the younger ones', () => first({ readyFor: 9, age: 90 }, { readyFor: 9, age: 9000 }));

  it('takes ages within a power of two for the same', () => {
    const order = byDeletionOrder([pod('a', { readyFor: 900, age: 1000 }), pod('b', { readyFor: 800, age: 900 })], [], NOW);
    expect(order.map((p) => p.metadata.name)).to.deep.equal(['a', 'b']);
  });

  it('takes a cost that cannot be read for none', () => first({ readyFor: 9, cost: '-1' }, { readyFor: 9, cost: 'cheap' }));
});

describe('availability', () => {
  it('begins some time after readiness', () => {
    expect(isPodAvailable(pod('p', { readyFor: 9 }), 10, NOW)).to.equal(false);
    expect(isPodAvailable(pod('p', { readyFor: 10 }), 10, NOW)).to.equal(true);
    expect(isPodAvailable(pod('p', { readyFor: 0 }), 0, NOW)).to.equal(true);
    expect(isPodAvailable(pod('p', {}), 0, NOW)).to.equal(false);
  });

  it('is next for the pod that has been ready longest', () => {
    expect(nextAvailability([pod('a', { readyFor: 2 }), pod('b', { readyFor: 7 }), pod('c', { readyFor: 20 })], 10, NOW)).to.equal(3000);
    expect(nextAvailability([pod('c', { readyFor: 20 }), pod('d', {})], 10, NOW)).to.equal(undefined);
  });
});

describe('pods of a template', () => {
  const reference = { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' };
  it('have the name of their owner, with a dash where there is room', () => {
    const template = { metadata: { name: '', labels: { a: 'b' } }, spec: { containers: [] } };
    expect(podFromTemplate(template, 'web', reference, 'ns').metadata).to.deep.include({
      generateName: 'web-',
      namespace: 'ns',
      labels: { a: 'b' },
    });
    expect(podFromTemplate(template, 'x'.repeat(253), reference, 'ns').metadata.generateName).to.equal('x'.repeat(253));
  });
});

describe('expectations', () => {
  let clock: VirtualClock;
  let expectations: Expectations;
  beforeEach(() => {
    clock = new VirtualClock();
    expectations = new Expectations(clock);
  });

  it('are met when every creation has been seen or has failed', () => {
    expect(expectations.satisfied('a')).to.equal(true);
    expectations.expectCreations('a', 3);
    expectations.created('a');
    expect(expectations.satisfied('a')).to.equal(false);
    expectations.created('a', 2);
    expect(expectations.satisfied('a')).to.equal(true);
    expect(expectations.satisfied('b')).to.equal(true);
  });

  it('count each deletion once', () => {
    expectations.expectDeletions('a', ['x', 'y']);
    expectations.deleted('a', 'x');
    expectations.deleted('a', 'x');
    expectations.deleted('a', 'z');
    expect(expectations.satisfied('a')).to.equal(false);
    expectations.deleted('a', 'y');
    expect(expectations.satisfied('a')).to.equal(true);
  });

  it('end after five minutes, or with their object', async () => {
    expectations.expectCreations('a', 1);
    expectations.expectCreations('b', 1);
    expectations.forget('b');
    expect(expectations.satisfied('b')).to.equal(true);
    await clock.advance(300_000);
    expect(expectations.satisfied('a')).to.equal(false);
    await clock.advance(1);
    expect(expectations.satisfied('a')).to.equal(true);
  });
});

describe('slow start', () => {
  it('doubles its batches', async () => {
    const batches: number[] = [];
    let running = 0;
    const result = await slowStart(10, async () => {
      running++;
      await Promise.resolve();
      if (running > 0) batches.push(running);
      running = 0;
    });
    expect(result).to.deep.equal({ succeeded: 10 });
    expect(batches).to.deep.equal([1, 2, 4, 3]);
  });

  it('begins no batch after one with a failure', async () => {
    let calls = 0;
    const result = await slowStart(100, () => (++calls === 3 ? Promise.reject(new Error('quota')) : Promise.resolve()));
    expect(calls).to.equal(3);
    expect(result.succeeded).to.equal(2);
    expect(result.error).to.deep.include({ message: 'quota' });
  });

  it('does nothing for nothing', async () => {
    expect(await slowStart(0, () => Promise.reject(new Error('called')))).to.deep.equal({ succeeded: 0 });
  });
});
