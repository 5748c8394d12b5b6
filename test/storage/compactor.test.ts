import { expect } from 'chai';
import { startCompactor } from '../../src/storage/compactor.js';
import { openMemory } from '../../src/storage/memory.js';
import type { Storage } from '../../src/storage/storage.js';
import { VirtualClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/log.js';

const MINUTE = 60_000;

describe('the compactor', () => {
  let storage: Storage;
  let clock: VirtualClock;
  const write = (name: string) => storage.create(`/a/${name}`, Buffer.from('1'));

  beforeEach(() => {
    storage = openMemory();
    clock = new VirtualClock();
  });

  it('keeps at least five minutes of history, and not much more', async () => {
    const stop = startCompactor({ storage, clock, logger: silentLogger });
    const writtenAt: number[] = [clock.now()];
    for (let i = 1; i <= 60; i++) {
      writtenAt[await write(String(i))] = clock.now();
      await clock.advance(MINUTE / 4);
      const oldest = clock.now() - (writtenAt[storage.floor()] as number);
      expect(oldest, `age of the youngest event forgotten at ${i}`).to.satisfy((age: number) => storage.floor() === 0 || age >= 5 * MINUTE);
      expect(oldest).to.be.at.most(7 * MINUTE);
    }
    expect(storage.floor()).to.be.greaterThan(30);
    await stop();
  });

  it('goes on after a failure', async () => {
    let failures = 2;
    const compact = storage.compact.bind(storage);
    storage.compact = (revision) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : compact(revision));
    const errors: string[] = [];
    const stop = startCompactor({ storage, clock, logger: { ...silentLogger, error: (message) => void errors.push(message) } });
    await write('1');
    for (let i = 0; i < 10; i++) await clock.advance(MINUTE);
    expect(errors).to.deep.equal(['cannot compact the store', 'cannot compact the store']);
    expect(storage.floor()).to.equal(1);
    await stop();
  });

  it('ends, also when the store is closed before it', async () => {
    const stop = startCompactor({ storage, clock, logger: { ...silentLogger, error: (message) => expect.fail(message) } });
    await clock.advance(5 * MINUTE);
    await storage.close();
    await clock.advance(5 * MINUTE);
    await stop();
    expect(clock.next()).to.equal(undefined);
  });
});
