import { expect } from 'chai';
import type { Plugin } from '../../src/scheduler/framework.js';
import { schedulingGates } from '../../src/scheduler/plugins/scheduling-gates.js';
import { SchedulingQueue } from '../../src/scheduler/queue.js';
import { VirtualClock } from '../../src/util/clock.js';
import { pod } from './builders.js';

const fit: Plugin = { name: 'Fit', events: ['node-added', 'assigned-pod-deleted'] };
const picky: Plugin = { name: 'Picky', events: ['node-added'], mayHelp: () => false };
const node = { event: 'node-added', old: undefined, current: {} } as const;

describe('the scheduling queue', () => {
  let clock: VirtualClock;
  let queue: SchedulingQueue;
  let wakes: number;

  beforeEach(() => {
    clock = new VirtualClock();
    wakes = 0;
    queue = new SchedulingQueue({ plugins: [schedulingGates, fit, picky], clock, wake: () => wakes++ });
  });
  afterEach(() => queue.stop());

  const nextName = () => queue.next()?.pod.metadata.name;

  it('gives pods by priority, then in the order of their coming', async () => {
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const) {
      queue.add(pod({ name, priority }));
      await clock.advance(1);
    }
    expect([nextName(), nextName(), nextName(), nextName(), nextName()]).to.deep.equal(['b', 'd', 'a', 'c', undefined]);
    expect(wakes).to.equal(4);
  });

  it('keeps a rejected pod until something happens that its rejecting rule waits for', () => {
    queue.add(pod({ name: 'a' }));
    const turn = queue.next();
    if (!turn) throw new Error('no turn');
    queue.failed(turn, turn.pod, new Set(['Fit']));
    queue.notify({ event: 'node-labels-changed', old: undefined, current: {} });
    expect(queue.sizes).to.include({ unschedulable: 1 });
    queue.notify(node);
    expect(queue.sizes).to.include({ unschedulable: 0, backoff: 1 });
  });

  it('asks the rule whether the very event can help', () => {
    queue.add(pod({ name: 'a' }));
    const turn = queue.next();
    if (!turn) throw new Error('no turn');
    queue.failed(turn, turn.pod, new Set(['Picky']));
    queue.notify(node);
    expect(queue.sizes).to.include({ unschedulable: 1 });
  });

  it('does not let a rejected pod wait for its back-off while there is nothing else to do', () => {
    queue.add(pod({ name: 'a' }));
    const turn = queue.next();
    if (!turn) throw new Error('no turn');
    queue.failed(turn, turn.pod, new Set(['Fit']));
    queue.notify(node);
    expect(nextName()).to.equal('a');
  });

  it('lets errors wait one second, doubled up to ten', async () => {
    queue.add(pod({ name: 'a' }));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      const turn = queue.next();
      if (!turn) throw new Error('no turn');
      queue.failed(turn, turn.pod, new Set());
      await clock.advance(seconds * 1000 - 1);
      expect(queue.sizes, `${seconds} s`).to.include({ backoff: 1, active: 0 });
      await clock.advance(1);
      expect(queue.sizes, `${seconds} s`).to.include({ backoff: 0, active: 1 });
    }
  });

  it('gives every unschedulable pod another turn after five minutes', async () => {
    queue.add(pod({ name: 'a' }));
    const turn = queue.next();
    if (!turn) throw new Error('no turn');
    queue.failed(turn, turn.pod, new Set(['Fit']));
    await clock.advance(299_000);
    expect(queue.sizes).to.include({ unschedulable: 1 });
    await clock.advance(60_000);
    expect(queue.sizes).to.include({ unschedulable: 0, active: 1 });
  });

  it('holds pods with scheduling gates back until the last gate is gone', () => {
    const gated = pod({ name: 'a', spec: { schedulingGates: [{ name: 'example.com/wait' }] } });
    queue.add(gated);
    expect(nextName()).to.equal(undefined);
    expect(queue.sizes).to.include({ gated: 1 });
    const free = { ...gated, spec: { ...gated.spec, schedulingGates: [] } };
    queue.update(gated, free, []);
    expect(nextName()).to.equal('a');
  });

  it('forgets a removed pod wherever it waits', () => {
    const a = pod({ name: 'a' });
    queue.add(a);
    queue.remove(a.metadata.uid ?? '');
    expect(nextName()).to.equal(undefined);
  });
});
