// What happens when a batch does not reach the disk, or may have.
import { expect } from 'chai';
import { EmbeddedStorage } from '../../src/storage/embedded.js';
import type { Operation } from '../../src/storage/medium.js';
import { MemoryMedium } from '../../src/storage/memory.js';
import type { StorageError, StorageEvent } from '../../src/storage/storage.js';
import { refused } from '../suites/storage.js';

const bytes = (text: string) => Buffer.from(text);

/** A medium that fails on demand, and can hold a batch back. */
class FaultyMedium extends MemoryMedium {
  /** lost: fails, and the batch is not there; arrived: fails, but it is there after the reopening. */
  fault: 'none' | 'lost' | 'arrived' = 'none';
  reopenings = 0;
  failReopening = false;
  /** While set: a batch is in the medium, but the write does not return. */
  held: Promise<void> | undefined;
  #arrived: readonly Operation[] = [];
  #open = true;

  override async write(batch: readonly Operation[]): Promise<void> {
    if (!this.#open) throw new Error('not open');
    if (this.fault !== 'none') {
      this.#arrived = this.fault === 'arrived' ? batch : [];
      throw new Error('no space left on device');
    }
    await super.write(batch);
    await this.held;
  }

  override get(key: string): Buffer | undefined {
    if (!this.#open) throw new Error('not open');
    return super.get(key);
  }

  override async reopen(): Promise<void> {
    this.#open = false;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failReopening) throw new Error('still no space left on device');
    this.reopenings++;
    this.#open = true;
    await super.write(this.#arrived);
  }
}

describe('a store whose medium fails', () => {
  let medium: FaultyMedium;
  let storage: EmbeddedStorage;
  let log: StorageEvent[];
  const told = () => log.map((e) => `${e.revision} ${e.key}=${e.value?.toString()}`);

  beforeEach(async () => {
    medium = new FaultyMedium();
    storage = new EmbeddedStorage(medium);
    log = [];
    await storage.subscribe(0, (events) => log.push(...events));
    await storage.create('/a/1', bytes('1'));
  });

  it('refuses the whole batch and shows nothing of it', async () => {
    medium.fault = 'lost';
    const writes = [
      storage.create('/a/2', bytes('1')),
      storage.update('/a/1', bytes('2'), 1),
      storage.create('/a/2', bytes('2')),
      storage.delete('/a/1', 9),
    ];
    for (const write of writes) await refused(write, 'UNAVAILABLE');
    expect(storage.revision()).to.equal(1);
    expect(await storage.get('/a/2')).to.equal(undefined);
    expect((await storage.get('/a/1'))?.value.toString()).to.equal('1');
    expect((await storage.list({ prefix: '/a/' })).entries).to.have.length(1);
    expect(told()).to.deep.equal(['1 /a/1=1']);
  });

  it('says that it takes no writes, and mends that when it is asked, without a write', async () => {
    await storage.check();
    medium.fault = 'lost';
    medium.failReopening = true;
    await refused(storage.create('/a/2', bytes('1')), 'UNAVAILABLE');
    const error = await refused(storage.check(), 'UNAVAILABLE');
    expect(error.message).to.equal('the write did not reach the disk: still no space left on device');
    medium.fault = 'none';
    medium.failReopening = false;
    await storage.check();
    expect(storage.revision()).to.equal(1);
    expect(await storage.create('/a/2', bytes('1'))).to.equal(2);
  });

  it('goes on, with the next revision, once the medium does', async () => {
    medium.fault = 'lost';
    await refused(storage.create('/a/2', bytes('1')), 'UNAVAILABLE');
    await refused(storage.create('/a/2', bytes('1')), 'UNAVAILABLE');
    medium.fault = 'none';
    expect(await storage.create('/a/2', bytes('2'))).to.equal(2);
    expect(medium.reopenings).to.equal(2);
    expect(told()).to.deep.equal(['1 /a/1=1', '2 /a/2=2']);
  });

  it('tells of a batch that was there after all, before the next write is decided', async () => {
    medium.fault = 'arrived';
    await refused(storage.create('/a/2', bytes('x')), 'UNAVAILABLE');
    expect(await storage.get('/a/2')).to.equal(undefined);
    expect(storage.revision()).to.equal(1);
    medium.fault = 'none';
    const error = await refused(storage.create('/a/2', bytes('y')), 'EXISTS');
    expect(error.current).to.deep.equal({ key: '/a/2', value: bytes('x'), revision: 2 });
    expect(await storage.create('/a/3', bytes('z'))).to.equal(3);
    expect(told()).to.deep.equal(['1 /a/1=1', '2 /a/2=x', '3 /a/3=z']);
  });

  it('keeps the doubt while it cannot be opened again', async () => {
    medium.fault = 'arrived';
    await refused(storage.create('/a/2', bytes('x')), 'UNAVAILABLE');
    medium.fault = 'none';
    medium.failReopening = true;
    expect((await refused(storage.create('/a/3', bytes('z')), 'UNAVAILABLE')).message).to.match(/still no space/);
    await refused(storage.get('/a/1'), 'UNAVAILABLE');
    medium.failReopening = false;
    expect(await storage.create('/a/3', bytes('z'))).to.equal(3);
    expect(told()).to.deep.equal(['1 /a/1=1', '2 /a/2=x', '3 /a/3=z']);
  });

  it('lets readers wait for the reopening', async () => {
    medium.fault = 'lost';
    await refused(storage.create('/a/2', bytes('x')), 'UNAVAILABLE');
    medium.fault = 'none';
    const write = storage.create('/a/2', bytes('y'));
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      reads.push(storage.get('/a/1'), storage.list({ prefix: '/a/', revision: 1 }));
      await Promise.resolve();
      if (i % 5 === 4) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await write).to.equal(2);
    await Promise.all(reads);
  });

  it('fails a compaction too, and makes up for it later', async () => {
    await storage.create('/a/2', bytes('1'));
    medium.fault = 'lost';
    await refused(storage.compact(1), 'UNAVAILABLE');
    medium.fault = 'none';
    await storage.compact(2);
    expect(storage.floor()).to.equal(2);
    expect(await medium.scan('h/', 'h0').next(9), 'history records left').to.deep.equal([]);
    expect(await storage.create('/a/3', bytes('1'))).to.equal(3);
  });

  it('shows a write to nobody before it is durable', async () => {
    let release = () => {};
    medium.held = new Promise((resolve) => {
      release = resolve;
    });
    const writes = [storage.update('/a/1', bytes('2'), 1), storage.create('/a/2', bytes('1')), storage.delete('/a/1', 2)];
    const late: StorageEvent[] = [];
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(medium.get('k/\u002fa/2'), 'the batch is in the medium').to.not.equal(undefined);
    expect(storage.revision()).to.equal(1);
    expect((await storage.get('/a/1'))?.value.toString()).to.equal('1');
    expect(await storage.get('/a/2')).to.equal(undefined);
    const { entries, revision } = await storage.list({ prefix: '/a/' });
    expect({ keys: entries.map((e) => `${e.key}=${e.value.toString()}@${e.revision}`), revision }).to.deep.equal({
      keys: ['/a/1=1@1'],
      revision: 1,
    });
    await storage.subscribe(0, (events) => late.push(...events));
    expect(late).to.have.length(1);
    expect(late[0]?.value?.toString()).to.equal('1');
    release();
    expect(await Promise.all(writes)).to.deep.equal([2, 3, 4]);
    expect(late.map((e) => e.revision)).to.deep.equal([1, 2, 3, 4]);
  });

  it('reports a listener that throws without losing the write', async () => {
    const thrown = new Promise<unknown>((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other);
        resolve(error);
      });
    });
    await storage.subscribe(1, () => {
      throw new Error('a bug');
    });
    const after: StorageEvent[] = [];
    await storage.subscribe(1, (events) => after.push(...events));
    expect(await storage.create('/a/2', bytes('1'))).to.equal(2);
    expect(after).to.have.length(1);
    expect(((await thrown) as StorageError).message).to.equal('a bug');
  });
});
