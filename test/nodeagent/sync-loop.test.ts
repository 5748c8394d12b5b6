import { expect } from 'chai';
import { SyncLoop } from '../../src/nodeagent/sync-loop.js';
import { VirtualClock } from '../../src/util/clock.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A loop whose syncs end when they are told to. */
class World {
  readonly clock = new VirtualClock();
  readonly failures: unknown[] = [];
  syncs = 0;
  readonly #ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  readonly loop = new SyncLoop({
    clock: this.clock,
    sync: () => {
      this.syncs++;
      return new Promise((resolve, reject) => this.#ends.push({ resolve, reject }));
    },
    failed: (error) => this.failures.push(error),
  });

  async end(error?: Error): Promise<void> {
    const running = this.#ends.shift();
    if (error) running?.reject(error);
    else running?.resolve();
    await turn();
  }
}

describe('the loop of a pod', () => {
  it('syncs once more for all that happened during a sync', async () => {
    const world = new World();
    for (let i = 0; i < 3; i++) world.loop.wake();
    expect([world.syncs, world.loop.running]).to.deep.equal([1, true]);
    await world.end();
    expect(world.syncs).to.equal(2);
    await world.end();
    expect([world.syncs, world.loop.running]).to.deep.equal([2, false]);
  });

  it('keeps the earliest of the times it is to sync at, and none once it has', async () => {
    const world = new World();
    world.loop.wakeIn(500);
    world.loop.wakeIn(2_000);
    world.loop.wakeIn(100);
    await world.clock.advance(100);
    expect(world.syncs).to.equal(1);
    await world.end();
    await world.clock.advance(10_000);
    expect(world.syncs).to.equal(1);
  });

  it('tries again after a failure, each time later, until it succeeds', async () => {
    const world = new World();
    world.loop.wake();
    for (const delay of [500, 1_000, 2_000]) {
      const before = world.syncs;
      await world.end(new Error('no'));
      await world.clock.advance(delay - 1);
      expect(world.syncs).to.equal(before);
      await world.clock.advance(1);
      expect(world.syncs).to.equal(before + 1);
    }
    expect(world.failures).to.have.length(3);
    await world.end();
    world.loop.wake();
    await world.end(new Error('no'));
    await world.clock.advance(500);
    expect(world.syncs).to.equal(6);
  });

  it('leaves nothing behind when it stops', async () => {
    const world = new World();
    world.loop.wakeIn(500);
    world.loop.wake();
    world.loop.stop();
    world.loop.wakeIn(10);
    await world.end(new Error('no'));
    expect([world.syncs, world.failures.length, world.clock.next()]).to.deep.equal([1, 0, undefined]);
  });
});
