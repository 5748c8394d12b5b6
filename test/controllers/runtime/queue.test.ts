import { expect } from 'chai';
import { WorkQueue } from '../../../src/controllers/runtime/queue.js';
import { VirtualClock } from '../../../src/util/clock.js';

describe('work queue', () => {
  let clock: VirtualClock;
  let queue: WorkQueue;
  beforeEach(() => {
    clock = new VirtualClock();
    queue = new WorkQueue(clock);
  });

  it('hands out keys in the order they came, each once', async () => {
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    expect([await queue.get(), await queue.get(), await queue.get()]).to.deep.equal(['a', 'b', 'c']);
    expect(queue.length).to.equal(0);
  });

  it('never hands out a key that is worked on, and hands it out once more after', async () => {
    queue.add('a');
    expect(await queue.get()).to.equal('a');
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(await queue.get()).to.equal('b');
    expect(queue.length).to.equal(0);
    queue.done('a');
    expect(queue.length).to.equal(1);
    expect(await queue.get()).to.equal('a');
    queue.done('a');
    expect(queue.length).to.equal(0);
  });

  it('wakes one waiting worker a key', async () => {
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(await first).to.equal('a');
    expect(await second).to.equal('b');
    queue.done('a');
    expect(await queue.get()).to.equal('a');
  });

  it('adds later, and of two delays takes the shorter', async () => {
    queue.addAfter('a', 1000);
    queue.addAfter('a', 200);
    queue.addAfter('a', 500);
    await clock.advance(199);
    expect(queue.length).to.equal(0);
    await clock.advance(1);
    expect(await queue.get()).to.equal('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.length).to.equal(0);
  });

  it('adds at once without a delay', () => {
    queue.addAfter('a', 0);
    expect(queue.length).to.equal(1);
  });

  it('doubles the back-off of a key from 5 ms up to 1000 s, and begins again after forget', async () => {
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      queue.addRateLimited('a');
      waits.push((clock.next() ?? 0) - clock.now());
      await clock.advance(1_000_000);
      await queue.get();
      queue.done('a');
    }
    expect(waits.slice(0, 4)).to.deep.equal([5, 10, 20, 40]);
    expect(waits.slice(-3)).to.deep.equal([655_360, 1_000_000, 1_000_000]);
    expect(queue.failures('a')).to.equal(20);
    queue.forget('a');
    expect(queue.failures('a')).to.equal(0);
    queue.addRateLimited('a');
    await clock.advance(4);
    expect(queue.length).to.equal(0);
    await clock.advance(1);
    expect(queue.length).to.equal(1);
  });

  it('lets a hundred failures through at once and then ten a second', async () => {
    for (let i = 0; i < 120; i++) queue.addRateLimited(`key-${i}`);
    await clock.advance(5);
    expect(queue.length).to.equal(100);
    await clock.advance(995);
    expect(queue.length).to.equal(110);
    await clock.advance(1000);
    expect(queue.length).to.equal(120);
  });

  it('ends its workers when it is closed, and takes nothing more', async () => {
    const worker = queue.get();
    queue.addAfter('late', 10);
    queue.close();
    expect(await worker).to.equal(undefined);
    queue.add('a');
    await clock.advance(100);
    expect(queue.length).to.equal(0);
    expect(await queue.get()).to.equal(undefined);
    expect(clock.next()).to.equal(undefined);
  });
});
