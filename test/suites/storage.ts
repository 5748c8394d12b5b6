// The contract of Storage, run once per backend. Revisions are compared with the one at the start: a store need not be new.
import { expect } from 'chai';
import { type Entry, type Storage, StorageError, type StorageErrorCode, type StorageEvent } from '../../src/storage/storage.js';

export interface StorageBackend {
  /** An empty store. */
  open(): Promise<Storage>;
  /** Closes the store and opens it again with what it holds; only asked of durable ones. */
  reopen(storage: Storage): Promise<Storage>;
  /** Removes what `open` made; every store is closed by then. */
  cleanUp(): Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
const texts = (entries: readonly Entry[]) => entries.map((e) => `${e.key}=${e.value.toString()}`);
const told = (events: readonly StorageEvent[], from: number) =>
  events.map(
    (e) =>
      `${e.revision - from} ${e.key} ${e.previous ? `${e.previous.value.toString()}@${e.previous.revision - from}` : '-'} ${e.value?.toString() ?? '-'}`,
  );

/** Expects a promise to be refused with a code. @returns the error */
export async function refused(promise: Promise<unknown>, code: StorageErrorCode): Promise<StorageError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error, `expected ${code}`).to.be.instanceOf(StorageError);
  expect((error as StorageError).code).to.equal(code);
  return error as StorageError;
}

/** All of the range, read in pages. */
async function everything(storage: Storage, prefix: string, limit: number, revision?: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  let page = await storage.list({ prefix, limit, revision });
  for (;;) {
    entries.push(...page.entries);
    if (!page.more) return entries;
    page = await storage.list({ prefix, limit, revision: page.revision, after: entries.at(-1)?.key });
  }
}

/** Plays events over a state. */
function replay(events: readonly StorageEvent[], state = new Map<string, Entry>()): Map<string, Entry> {
  for (const { key, value, revision, previous } of events) {
    expect(state.get(key)?.revision, `what revision ${revision} found in ${key}`).to.equal(previous?.revision);
    expect(state.get(key)?.value.toString()).to.equal(previous?.value.toString());
    if (value) state.set(key, { key, value, revision });
    else state.delete(key);
  }
  return state;
}

export function storageSuite(name: string, backend: StorageBackend): void {
  describe(`storage: ${name}`, () => {
    let storage: Storage;
    let start: number;
    let log: StorageEvent[];

    beforeEach(async () => {
      storage = await backend.open();
      start = storage.revision();
      log = [];
      await storage.subscribe(start, (events) => log.push(...events));
    });

    afterEach(async () => {
      // whatever the test did: the log, played from the start, must give the present state
      const present = await storage.list({ prefix: '/' }).catch(() => undefined);
      await storage.close();
      await backend.cleanUp();
      if (present) expect(texts([...replay(log).values()]).sort()).to.deep.equal(texts(present.entries).sort());
    });

    describe('writing', () => {
      it('gives each write the next revision, also of writes to different keys', async () => {
        expect(await storage.create('/a/x', bytes('1'))).to.equal(start + 1);
        expect(await storage.create('/a/y', bytes('1'))).to.equal(start + 2);
        expect(await storage.update('/a/x', bytes('2'), start + 1)).to.equal(start + 3);
        expect(await storage.delete('/a/x', start + 3)).to.equal(start + 4);
        expect(storage.revision()).to.equal(start + 4);
      });

      it('shows what was written', async () => {
        const revision = await storage.create('/a/x', bytes('é\0'));
        expect(await storage.get('/a/x')).to.deep.equal({ key: '/a/x', value: bytes('é\0'), revision });
        expect(await storage.get('/a/y')).to.equal(undefined);
      });

      it('keeps an empty value', async () => {
        await storage.create('/a/x', Buffer.alloc(0));
        expect((await storage.get('/a/x'))?.value).to.have.length(0);
        await storage.update('/a/x', bytes('1'), start + 1);
        expect(told(log, start)).to.deep.equal(['1 /a/x - ', '2 /a/x @1 1']);
      });

      it('refuses to create what exists, and says what is there', async () => {
        await storage.create('/a/x', bytes('1'));
        const error = await refused(storage.create('/a/x', bytes('2')), 'EXISTS');
        expect(error.current).to.deep.equal({ key: '/a/x', value: bytes('1'), revision: start + 1 });
      });

      it('refuses to update or delete at another revision, and says what is there', async () => {
        const first = await storage.create('/a/x', bytes('1'));
        const second = await storage.update('/a/x', bytes('2'), first);
        for (const attempt of [
          storage.update('/a/x', bytes('3'), first),
          storage.delete('/a/x', first),
          storage.update('/a/x', bytes('3'), 0),
        ]) {
          expect((await refused(attempt, 'CONFLICT')).current).to.deep.equal({ key: '/a/x', value: bytes('2'), revision: second });
        }
        for (const attempt of [
          storage.update('/a/y', bytes('1'), first),
          storage.update('/a/y', bytes('1'), 0),
          storage.delete('/a/y', 0),
        ]) {
          expect((await refused(attempt, 'CONFLICT')).current).to.equal(undefined);
        }
      });

      it('lets a key take a last state right before it goes, with an event and a revision of its own', async () => {
        await storage.create('/a/x', bytes('1'));
        const [gone, late] = await Promise.allSettled([
          storage.delete('/a/x', start + 1, bytes('last')),
          storage.update('/a/x', bytes('2'), start + 2),
        ]);
        expect(gone).to.include({ value: start + 3 });
        expect(late.status).to.equal('rejected');
        expect(told(log, start)).to.deep.equal(['1 /a/x - 1', '2 /a/x 1@1 last', '3 /a/x last@2 -']);
        expect(await storage.get('/a/x')).to.equal(undefined);
        expect(texts((await storage.list({ prefix: '/a/', revision: start + 2 })).entries)).to.deep.equal(['/a/x=last']);
        await refused(storage.delete('/a/x', start + 2, bytes('last')), 'CONFLICT');
        expect(storage.revision()).to.equal(start + 3);
      });

      it('gives refused writes no revision', async () => {
        const results = await Promise.allSettled([
          storage.create('/a/x', bytes('1')),
          storage.create('/a/x', bytes('2')),
          storage.update('/a/y', bytes('1'), 7),
          storage.create('/a/y', bytes('1')),
        ]);
        expect(results.map((r) => (r.status === 'fulfilled' ? r.value - start : (r.reason as StorageError).code))).to.deep.equal([
          1,
          'EXISTS',
          'CONFLICT',
          2,
        ]);
        expect(storage.revision()).to.equal(start + 2);
      });

      it('compares with writes of the same turn', async () => {
        const results = await Promise.allSettled([
          storage.create('/a/x', bytes('1')),
          storage.update('/a/x', bytes('2'), start + 1),
          storage.update('/a/x', bytes('lost'), start + 1),
          storage.delete('/a/x', start + 2),
          storage.create('/a/x', bytes('3')),
        ]);
        expect(results.map((r) => r.status)).to.deep.equal(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
        expect(told(log, start)).to.deep.equal(['1 /a/x - 1', '2 /a/x 1@1 2', '3 /a/x 2@2 -', '4 /a/x - 3']);
      });

      it('lets one of many creators win', async () => {
        const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => storage.create('/a/x', bytes(String(i)))));
        const won = results.filter((r) => r.status === 'fulfilled');
        expect(won).to.have.length(1);
        const current = await storage.get('/a/x');
        for (const r of results) if (r.status === 'rejected') expect((r.reason as StorageError).current).to.deep.equal(current);
      });

      it('loses no increment of many writers', async () => {
        await storage.create('/a/counter', bytes('0'));
        const increment = async (): Promise<void> => {
          const { value, revision } = (await storage.get('/a/counter')) as Entry;
          await storage.update('/a/counter', bytes(String(Number(value) + 1)), revision).catch((error: StorageError) => {
            if (error.code !== 'CONFLICT') throw error;
            return increment();
          });
        };
        await Promise.all(Array.from({ length: 20 }, increment));
        expect((await storage.get('/a/counter'))?.value.toString()).to.equal('20');
      });

      it('takes values of a megabyte, many at once', async () => {
        const value = Buffer.alloc(1024 * 1024, 'x');
        await Promise.all(Array.from({ length: 20 }, (_, i) => storage.create(`/a/${i}`, value)));
        expect((await storage.get('/a/19'))?.value.equals(value)).to.equal(true);
      });
    });

    describe('listing', () => {
      const put = (...keys: string[]) => Promise.all(keys.map((key) => storage.create(key, bytes('1'))));
      const keys = async (range: Parameters<Storage['list']>[0]) => (await storage.list(range)).entries.map((e) => e.key);

      it('is in the order of bytes', async () => {
        // U+FF5E is EF BD 9E, U+10400 is F0 90 90 80: by UTF-16 units they would change places
        const ordered = ['/a/', '/a/-', '/a/A', '/a/a', '/a/a-b', '/a/a/b', '/a/ab', '/a/\u00e9', '/a/\uff5e', '/a/\u{10400}'];
        await put(...ordered.toReversed());
        expect(await keys({ prefix: '/a/' })).to.deep.equal(ordered);
        expect((await everything(storage, '/a/', 1)).map((e) => e.key)).to.deep.equal(ordered);
      });

      it('holds only what begins with the prefix', async () => {
        await put('/a/b/1', '/a/b/2', '/a/b', '/a/bc/1', '/a/b0', '/a/b.c/1', '/b/b/1');
        expect(await keys({ prefix: '/a/b/' })).to.deep.equal(['/a/b/1', '/a/b/2']);
      });

      it('is never of all keys by mistake', async () => {
        for (const prefix of ['', 'a/', '/a']) {
          const error = await storage.list({ prefix }).then(
            () => undefined,
            (e: unknown) => e,
          );
          expect(error, prefix).to.be.instanceOf(RangeError);
        }
      });

      it('goes on after a key, whether that exists or not', async () => {
        await put('/a/1', '/a/3', '/a/5', '/b/1');
        expect(await keys({ prefix: '/a/', after: '/a/1' })).to.deep.equal(['/a/3', '/a/5']);
        expect(await keys({ prefix: '/a/', after: '/a/2' })).to.deep.equal(['/a/3', '/a/5']);
        expect(await keys({ prefix: '/a/', after: '/a/9' })).to.deep.equal([]);
        expect(await keys({ prefix: '/a/', after: '/' })).to.deep.equal(['/a/1', '/a/3', '/a/5']);
        expect(await keys({ prefix: '/a/', after: '/b/9' })).to.deep.equal([]);
      });

      it('says whether there is more', async () => {
        await put('/a/1', '/a/2', '/a/3', '/b/1');
        expect(await storage.list({ prefix: '/a/', limit: 2 })).to.include({ more: true, revision: start + 4 });
        expect(await storage.list({ prefix: '/a/', limit: 3 })).to.include({ more: false });
        expect(await storage.list({ prefix: '/a/', limit: 2, after: '/a/1' })).to.include({ more: false });
        expect(await storage.list({ prefix: '/c/', limit: 1 })).to.deep.equal({ entries: [], more: false, revision: start + 4 });
      });

      it('reads a past state: changed, removed and added again', async () => {
        await put('/a/1', '/a/2', '/a/3');
        await storage.update('/a/1', bytes('2'), start + 1);
        await storage.delete('/a/2', start + 2);
        await storage.create('/a/0', bytes('1'));
        await storage.update('/a/1', bytes('3'), start + 4);
        await storage.create('/a/2', bytes('again'));
        const at = async (revision: number) => {
          const result = await storage.list({ prefix: '/a/', revision: start + revision });
          expect(result.revision).to.equal(start + revision);
          return texts(result.entries).join(' ');
        };
        expect(await at(3)).to.equal('/a/1=1 /a/2=1 /a/3=1');
        expect(await at(4)).to.equal('/a/1=2 /a/2=1 /a/3=1');
        expect(await at(5)).to.equal('/a/1=2 /a/3=1');
        expect(await at(6)).to.equal('/a/0=1 /a/1=2 /a/3=1');
        expect(await at(8)).to.equal('/a/0=1 /a/1=3 /a/2=again /a/3=1');
        expect(await at(0)).to.equal('');
      });

      it('pages through one state while others write', async () => {
        await put(...Array.from({ length: 20 }, (_, i) => `/a/${String(i).padStart(2, '0')}`));
        const { revision } = await storage.list({ prefix: '/a/' });
        const before = texts((await storage.list({ prefix: '/a/' })).entries);
        const writer = (async () => {
          for (let i = 0; i < 20; i++) {
            const key = `/a/${String(i).padStart(2, '0')}`;
            const { revision: at } = (await storage.get(key)) as Entry;
            if (i % 2) await storage.delete(key, at);
            else await storage.update(key, bytes('changed'), at);
            await storage.create(`/a/${String(i).padStart(2, '0')}+`, bytes('new'));
          }
        })();
        for (let i = 0; i < 5; i++) expect(texts(await everything(storage, '/a/', 3, revision))).to.deep.equal(before);
        await writer;
        expect(texts(await everything(storage, '/a/', 3, revision))).to.deep.equal(before);
      });

      it('refuses the future', async () => {
        await put('/a/1');
        await refused(storage.list({ prefix: '/a/', revision: start + 2 }), 'FUTURE');
      });
    });

    describe('subscribing', () => {
      it('delivers the past, then the present, without gap or repetition', async () => {
        await storage.create('/a/1', bytes('1'));
        await storage.update('/a/1', bytes('2'), start + 1);
        await storage.delete('/a/1', start + 2);
        const events: StorageEvent[] = [];
        const writes = [storage.create('/a/2', bytes('1')), storage.create('/a/3', bytes('1'))];
        await storage.subscribe(start + 1, (batch) => events.push(...batch));
        await Promise.all(writes);
        await storage.delete('/a/3', start + 5);
        expect(told(events, start)).to.deep.equal(['2 /a/1 1@1 2', '3 /a/1 2@2 -', '4 /a/2 - 1', '5 /a/3 - 1', '6 /a/3 1@5 -']);
      });

      it('gives each event its own value, however often the key is written meanwhile', async () => {
        let revision = await storage.create('/a/1', bytes('1'));
        const write = () => storage.update('/a/1', bytes(String(revision + 1 - start)), revision++);
        for (let round = 0; round < 40; round++) {
          const events: StorageEvent[] = [];
          const writes = [write(), write()];
          if (round % 3) await writes[0];
          const subscribed = storage.subscribe(start, (batch) => events.push(...batch));
          writes.push(write());
          const end = await subscribed;
          writes.push(write());
          await Promise.all(writes);
          end();
          expect(events.map((e) => e.value?.toString())).to.deep.equal(events.map((_, i) => String(i + 1)));
          expect(events).to.have.length(revision - start);
          replay(events);
        }
      });

      it('has delivered the past when it settles', async () => {
        await storage.create('/a/1', bytes('1'));
        await storage.create('/a/2', bytes('1'));
        let seen = 0;
        await storage.subscribe(start, (batch) => void (seen += batch.length));
        expect(seen).to.equal(2);
      });

      it('delivers a write before its promise settles', async () => {
        const order: string[] = [];
        await storage.subscribe(start, () => order.push('event'));
        await storage.create('/a/1', bytes('1')).then(() => order.push('settled'));
        expect(order).to.deep.equal(['event', 'settled']);
      });

      it('shows no subscriber more than readers see', async () => {
        const wrong: string[] = [];
        await storage.subscribe(start, (batch) => {
          if (storage.revision() !== batch.at(-1)?.revision) wrong.push(`${storage.revision()}`);
        });
        await Promise.all(Array.from({ length: 30 }, (_, i) => storage.create(`/a/${i}`, bytes('1'))));
        expect(wrong).to.deep.equal([]);
      });

      it('ends', async () => {
        const events: StorageEvent[] = [];
        const end = await storage.subscribe(start, (batch) => events.push(...batch));
        await storage.create('/a/1', bytes('1'));
        end();
        end();
        await storage.create('/a/2', bytes('1'));
        expect(events).to.have.length(1);
      });

      it('refuses the future', async () => {
        await refused(
          storage.subscribe(start + 1, () => undefined),
          'FUTURE',
        );
      });
    });

    describe('compacting', () => {
      it('forgets the past up to a revision and keeps the present', async () => {
        for (let i = 1; i <= 5; i++) await storage.create(`/a/${i}`, bytes('1'));
        await storage.delete('/a/1', start + 1);
        await storage.compact(start + 3);
        expect(storage.floor()).to.equal(start + 3);
        await refused(storage.list({ prefix: '/a/', revision: start + 2 }), 'COMPACTED');
        await refused(
          storage.subscribe(start + 2, () => undefined),
          'COMPACTED',
        );
        expect(texts((await storage.list({ prefix: '/a/', revision: start + 3 })).entries)).to.deep.equal(['/a/1=1', '/a/2=1', '/a/3=1']);
        const events: StorageEvent[] = [];
        await storage.subscribe(start + 3, (batch) => events.push(...batch));
        expect(told(events, start)).to.deep.equal(['4 /a/4 - 1', '5 /a/5 - 1', '6 /a/1 1@1 -']);
        expect((await storage.list({ prefix: '/a/' })).entries).to.have.length(4);
      });

      it('may go up to the present, may be repeated, and never back', async () => {
        await storage.create('/a/1', bytes('1'));
        await storage.compact(start + 1);
        await storage.compact(start + 1);
        await storage.compact(start);
        expect(storage.floor()).to.equal(start + 1);
        await refused(storage.compact(start + 2), 'FUTURE');
        expect(await storage.create('/a/2', bytes('1'))).to.equal(start + 2);
      });

      it('works while others write and read', async () => {
        const writes = Array.from({ length: 3000 }, (_, i) => storage.create(`/a/${i}`, bytes('1')));
        await writes[2500];
        const compaction = storage.compact(start + 2400);
        const late = storage.create('/b/late', bytes('1'));
        await Promise.all([compaction, late, ...writes]);
        expect((await storage.list({ prefix: '/a/', revision: start + 2400 })).entries).to.have.length(2400);
      });
    });

    it('agrees with a simple model of every revision', async () => {
      const random = seeded(Number(process.env.SEED ?? 7));
      const states: Map<string, string>[] = [new Map()];
      const at = new Map<string, number>();
      for (let i = 0; i < 300; i++) {
        const key = `/a/${Math.floor(random() * 12)}/${Math.floor(random() * 3)}`;
        const state = new Map(states.at(-1));
        const revision = at.get(key);
        const value = bytes(`v${i}`);
        const deletes = revision !== undefined && random() < 0.4;
        at.set(
          key,
          await (revision === undefined
            ? storage.create(key, value)
            : deletes
              ? storage.delete(key, revision)
              : storage.update(key, value, revision)),
        );
        if (deletes) at.delete(key);
        if (deletes) state.delete(key);
        else state.set(key, value.toString());
        states.push(state);
      }
      for (let i = 0; i < 60; i++) {
        const revision = Math.floor(random() * states.length);
        const prefix = random() < 0.5 ? '/a/' : `/a/${Math.floor(random() * 12)}/`;
        const expected = [...(states[revision] as Map<string, string>)]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, value]) => `${key}=${value}`);
        expect(texts(await everything(storage, prefix, 1 + Math.floor(random() * 9), start + revision))).to.deep.equal(expected.sort());
      }
    });

    it('waits for writes when it is closed, and refuses everything afterwards', async () => {
      const write = storage.create('/a/1', bytes('1'));
      await Promise.all([storage.close(), storage.close()]);
      expect(await write).to.equal(start + 1);
      for (const call of [
        () => storage.create('/a/2', bytes('1')),
        () => storage.update('/a/1', bytes('1'), start + 1),
        () => storage.delete('/a/1', start + 1),
        () => storage.get('/a/1'),
        () => storage.list({ prefix: '/a/' }),
        () => storage.subscribe(start, () => undefined),
        () => storage.compact(start + 1),
      ]) {
        await refused(call(), 'CLOSED');
      }
    });

    it('has everything again after a reopening: values, revision, floor, history', async function () {
      if (!storage.supports.durable) this.skip();
      const first = await storage.create('/a/1', bytes('1'));
      await storage.update('/a/1', bytes('2'), first);
      await storage.create('/a/2', bytes('1'));
      await storage.delete('/a/2', start + 3);
      await storage.compact(first);
      storage = await backend.reopen(storage);
      expect(storage.revision()).to.equal(start + 4);
      expect(storage.floor()).to.equal(start + 1);
      expect(await storage.get('/a/1')).to.deep.equal({ key: '/a/1', value: bytes('2'), revision: start + 2 });
      const events: StorageEvent[] = [];
      await storage.subscribe(first, (batch) => events.push(...batch));
      expect(told(events, start)).to.deep.equal(['2 /a/1 1@1 2', '3 /a/2 - 1', '4 /a/2 1@3 -']);
      expect(texts((await storage.list({ prefix: '/a/', revision: start + 3 })).entries)).to.deep.equal(['/a/1=2', '/a/2=1']);
      expect(await storage.create('/a/2', bytes('2'))).to.equal(start + 5);
      log.push(...events.slice(3));
    });
  });
}

/** A random number generator (mulberry32) whose numbers can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
