// What watchers are promised, run once per storage backend.
import { expect } from 'chai';
import type { Entry, Storage } from '../../src/storage/storage.js';
import { silentLogger } from '../../src/util/log.js';
import type { Cache } from '../../src/watch/cache.js';
import { Feed } from '../../src/watch/feed.js';
import { record, type TextItem, textItem, turn } from '../helpers/recorder.js';
import { refused, type StorageBackend } from './storage.js';

const PODS = '/registry/core/pods/';
const NODES = '/registry/core/nodes/';
const LEASES = '/registry/coordination.k8s.io/leases/';
const LIMITS = { count: 100, bytes: 1024 * 1024 };
const red = (item: TextItem) => item.text.startsWith('red');

export function watchSuite(name: string, backend: StorageBackend): void {
  describe(`watch: ${name}`, () => {
    let storage: Storage;
    let feed: Feed;
    let pods: Cache<TextItem>;
    let nodes: Cache<TextItem>;

    const create = (key: string, text = '1') => storage.create(key, Buffer.from(text));
    const update = async (key: string, text: string) =>
      storage.update(key, Buffer.from(text), ((await storage.get(key)) as Entry).revision);
    const remove = async (key: string) => storage.delete(key, ((await storage.get(key)) as Entry).revision);
    const texts = (items: readonly TextItem[]) => items.map((i) => `${i.key.slice(PODS.length)}=${i.text}@${i.revision}`).join(' ');

    async function start(history = LIMITS): Promise<void> {
      feed = new Feed({ storage, history });
      pods = feed.cache(PODS, textItem);
      nodes = feed.cache(NODES, textItem);
      await feed.start();
    }

    beforeEach(async () => {
      storage = await backend.open();
      await start();
    });

    afterEach(async () => {
      feed.stop();
      await storage.close();
      await backend.cleanUp();
    });

    describe('a cache', () => {
      it('holds the present state', async () => {
        await create(`${PODS}a/1`);
        await create(`${PODS}b/1`);
        await update(`${PODS}a/1`, '2');
        await remove(`${PODS}b/1`);
        await create(`${NODES}n`);
        expect(texts(pods.range(PODS))).to.equal('a/1=2@3');
        expect(pods.get(`${PODS}a/1`)?.revision).to.equal(3);
        expect(pods.get(`${PODS}b/1`)).to.equal(undefined);
        expect([pods.revision(), nodes.revision()]).to.deep.equal([5, 5]);
      });

      it('has seen a write when the write is answered', async () => {
        for (let i = 1; i < 20; i++) {
          const revision = await create(`${PODS}a/${i}`);
          expect(pods.get(`${PODS}a/${i}`)?.revision).to.equal(revision);
          expect(pods.revision()).to.equal(revision);
        }
      });

      it('gives ranges in the order of keys', async () => {
        for (const key of ['b/2', 'a/9', 'a-b/1', 'a/10', 'b/1', 'a0/1', 'a/\u{10400}', 'a/\uff5e']) await create(PODS + key);
        expect(pods.range(PODS).map((i) => i.key)).to.deep.equal((await storage.list({ prefix: PODS })).entries.map((e) => e.key));
        expect(pods.range(`${PODS}a/`).map((i) => i.key.slice(PODS.length))).to.deep.equal(['a/10', 'a/9', 'a/\uff5e', 'a/\u{10400}']);
        expect(pods.range(`${PODS}c/`)).to.deep.equal([]);
      });

      it('knows past states', async () => {
        await create(`${PODS}a/1`);
        await create(`${PODS}a/2`);
        await create(`${PODS}b/1`);
        await update(`${PODS}a/1`, '2');
        await remove(`${PODS}a/2`);
        await create(`${NODES}n`);
        await create(`${PODS}a/0`);
        await create(`${PODS}a/2`, 'again');
        for (let revision = 0; revision <= 8; revision++) {
          for (const prefix of [PODS, `${PODS}a/`, `${PODS}b/`]) {
            const { entries } = await storage.list({ prefix, revision });
            expect(texts(pods.at(revision, prefix)), `${prefix} at ${revision}`).to.equal(texts(entries.map(textItem)));
          }
        }
        await refused(
          Promise.resolve().then(() => pods.at(9, PODS)),
          'FUTURE',
        );
      });

      it('routes a key to the cache with the longest prefix', async () => {
        const all = feed.cache('/registry/', textItem);
        await feed.start();
        await create(`${PODS}a/1`);
        await create('/registry/example.com/things/x');
        expect(all.range('/registry/').map((i) => i.key)).to.deep.equal(['/registry/example.com/things/x']);
      });

      it('may be added while others write', async () => {
        const writes = Array.from({ length: 50 }, (_, i) => create(`${LEASES}${i}`));
        await writes[20];
        const leases = feed.cache(LEASES, textItem);
        const more = Array.from({ length: 50 }, (_, i) => create(`${LEASES}more-${i}`));
        await feed.start();
        await Promise.all([...writes, ...more]);
        expect(leases.range(LEASES)).to.have.length(100);
        const { recorder } = record(leases, { after: 0 });
        await turn();
        expect(recorder.changes.map((c) => c.item.revision)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i + 1));
      });

      it('ends its watches when its resource is removed', async () => {
        const { recorder } = record(pods, { after: 'now' });
        await turn();
        feed.remove(PODS);
        feed.cache(PODS, textItem);
        await feed.start();
        await create(`${PODS}a/1`);
        expect(recorder.lines).to.deep.equal(['EXPIRED']);
      });
    });

    describe('a watch', () => {
      it('tells of creations, changes and deletions', async () => {
        const { recorder } = record(pods, { after: 'now' });
        await create(`${PODS}a/1`);
        await update(`${PODS}a/1`, '2');
        await create(`${NODES}n`);
        await remove(`${PODS}a/1`);
        await create(`${PODS}a/1`, '3');
        // the last one of a deletion bears the revision of the deletion: kubernetes issue 58545
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1', 'MODIFIED 1=2@2', 'DELETED 1=2@4', 'ADDED 1=3@5']);
      });

      it('calls nobody before the turn that began it is over', async () => {
        await create(`${PODS}a/1`);
        const { recorder } = record(pods, { after: 0, initial: true });
        expect(recorder.lines).to.deep.equal([]);
        await turn();
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1', 'INITIALIZED @1']);
      });

      it('is confined to its prefix', async () => {
        const { recorder } = record(pods, { after: 'now', prefix: `${PODS}a/` });
        for (const key of ['a/1', 'ab/1', 'a/2', 'b/1']) await create(PODS + key);
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1', 'ADDED 2=1@3']);
      });

      it('turns what a selector begins or ceases to match into creations and deletions', async () => {
        const { recorder } = record(pods, { after: 'now', match: red });
        await create(`${PODS}a/1`, 'blue');
        await update(`${PODS}a/1`, 'red');
        await update(`${PODS}a/1`, 'red too');
        await update(`${PODS}a/1`, 'green');
        await remove(`${PODS}a/1`);
        await create(`${PODS}a/2`, 'red');
        await remove(`${PODS}a/2`);
        const expected = ['ADDED 1=red@2', 'MODIFIED 1=red too@3', 'DELETED 1=red too@4', 'ADDED 2=red@6', 'DELETED 2=red@7'];
        expect(recorder.lines).to.deep.equal(expected);
        const replayed = record(pods, { after: 0, match: red }).recorder;
        await turn();
        expect(replayed.lines).to.deep.equal(expected);
      });

      it('goes on from a revision', async () => {
        for (let i = 1; i <= 5; i++) await create(`${PODS}a/${i}`);
        const { recorder } = record(pods, { after: 3 });
        await create(`${PODS}a/6`);
        expect(recorder.changes.map((c) => c.item.revision)).to.deep.equal([4, 5, 6]);
      });

      it('waits for a revision of the future, even in the middle of a batch', async () => {
        await create(`${PODS}a/1`);
        const watches = [record(pods, { after: 4 }), record(pods, { after: 4, match: () => true }), record(pods, { after: 2 })];
        await create(`${PODS}a/2`);
        await Promise.all([create(`${PODS}a/3`), create(`${PODS}a/4`), create(`${PODS}a/5`)]);
        await remove(`${PODS}a/1`);
        const expected = ['ADDED 5=1@5', 'DELETED 1=1@6'];
        expect(watches.map((w) => w.recorder.lines)).to.deep.equal([expected, expected, ['ADDED 3=1@3', 'ADDED 4=1@4', ...expected]]);
      });

      it('leaves no gap to a list, at whatever moment it begins', async () => {
        const writing = (async () => {
          for (let i = 0; i < 40; i++) await Promise.all([create(`${PODS}a/${i}`), create(`${PODS}b/${i}`)]);
        })();
        const watches: { listed: number; recorder: ReturnType<typeof record>['recorder'] }[] = [];
        for (let i = 0; i < 60; i++) {
          const listed = pods.range(PODS).length;
          watches.push({ listed, recorder: record(pods, { after: pods.revision() }).recorder });
          await (i % 2 ? turn() : Promise.resolve());
        }
        await writing;
        for (const { listed, recorder } of watches) {
          expect(recorder.changes.map((c) => c.item.revision)).to.deep.equal(Array.from({ length: 80 - listed }, (_, i) => listed + i + 1));
        }
      });

      it('begins with the present items where asked, then follows', async () => {
        await Promise.all(Array.from({ length: 600 }, (_, i) => create(`${PODS}a/${1001 + i}`, i % 2 ? 'red' : 'blue')));
        const { recorder, watcher } = record(pods, { after: 'now', initial: true, match: red });
        const later = create(`${PODS}a/2000`, 'red');
        expect(watcher.initialized).to.equal(false);
        await later;
        expect(watcher.initialized).to.equal(true);
        expect(recorder.changes.slice(0, 300).every((c) => c.type === 'ADDED' && red(c.item))).to.equal(true);
        expect(recorder.lines.slice(300)).to.deep.equal(['INITIALIZED @600', 'ADDED 2000=red@601']);
      });

      it('refuses what has been forgotten', async () => {
        feed.stop();
        await start({ count: 3, bytes: 1e6 });
        for (let i = 1; i <= 5; i++) await create(`${PODS}a/${i}`);
        const begin = (after: number) => Promise.resolve().then(() => record(pods, { after }).watcher.stop());
        await refused(begin(1), 'COMPACTED');
        await begin(2);
        expect(pods.floor()).to.equal(2);
        await refused(
          Promise.resolve().then(() => pods.at(1, PODS)),
          'COMPACTED',
        );
      });

      it('is not cut short by another resource that is busy', async () => {
        feed.stop();
        await start({ count: 3, bytes: 1e6 });
        await create(`${NODES}n`);
        for (let i = 1; i <= 20; i++) await create(`${PODS}a/${i}`);
        const { recorder } = record(nodes, { after: 0 });
        await turn();
        expect(recorder.lines).to.deep.equal(['ADDED n=1@1']);
      });

      it('keeps a bounded number of bytes', async () => {
        feed.stop();
        await start({ count: 1000, bytes: 100_000 });
        await create(`${PODS}a/1`, 'x'.repeat(10_000));
        for (let i = 0; i < 20; i++) await update(`${PODS}a/1`, String(i).repeat(5000));
        expect(pods.statistics().history).to.be.within(3, 12);
      });

      it('stops, also from within', async () => {
        const first = record(pods, { after: 'now' });
        const second = record(pods, { after: 0, initial: true });
        first.recorder.events = () => {
          first.watcher.stop();
          second.watcher.stop();
          first.recorder.lines.push('stopped');
          return true;
        };
        await create(`${PODS}a/1`);
        await create(`${PODS}a/2`);
        first.watcher.stop();
        first.watcher.resume();
        expect(first.recorder.lines).to.deep.equal(['stopped']);
        expect(second.recorder.lines).to.deep.equal(['INITIALIZED @0']);
        expect(pods.statistics()).to.deep.equal({ items: 2, history: 2, watchers: 0 });
      });

      it('begun by a sink misses nothing and repeats nothing', async () => {
        const inner: ReturnType<typeof record>[] = [];
        const { recorder } = record(pods, { after: 'now' });
        const events = recorder.events.bind(recorder);
        recorder.events = (changes) => {
          inner.push(record(pods, { after: (changes[0]?.item.revision ?? 0) - 1 }));
          return events(changes);
        };
        await Promise.all([create(`${PODS}a/1`), create(`${PODS}a/2`)]);
        await create(`${PODS}a/3`);
        expect(inner.map((w) => w.recorder.changes.map((c) => c.item.revision))).to.deep.equal([[1, 2, 3], [3]]);
      });
    });

    describe('a watcher that throws', () => {
      it('is logged and ended, and costs the others nothing', async () => {
        const errors: unknown[] = [];
        feed.stop();
        feed = new Feed({ storage, logger: { ...silentLogger, error: (_, fields) => errors.push(fields?.error) } });
        pods = feed.cache(PODS, textItem);
        await feed.start();
        const bug = new Error('a bug');
        const fail = () => {
          throw bug;
        };
        const [first, second, third] = [
          record(pods, { after: 'now' }),
          record(pods, { after: 'now', initial: true }),
          record(pods, { after: 'now' }),
        ];
        first.recorder.events = fail;
        first.recorder.expired = fail;
        second.recorder.initialized = fail;
        await turn();
        await create(`${PODS}a/1`);
        await create(`${PODS}a/2`);
        expect(third.recorder.lines).to.deep.equal(['ADDED 1=1@1', 'ADDED 2=1@2']);
        expect(second.recorder.lines).to.deep.equal(['EXPIRED']);
        expect(errors).to.deep.equal([bug, bug, bug]);
        expect(pods.statistics().watchers).to.equal(1);
      });
    });

    describe('a slow watcher', () => {
      it('does not hold up others, and is given the rest when it has room', async () => {
        const slow = record(pods, { after: 'now' });
        const quick = record(pods, { after: 'now' });
        slow.recorder.full = true;
        for (let i = 1; i <= 5; i++) await create(`${PODS}a/${i}`);
        expect(quick.recorder.changes).to.have.length(5);
        expect(slow.recorder.changes).to.have.length(1);
        expect([slow.watcher.position(), quick.watcher.position()]).to.deep.equal([1, 5]);
        slow.recorder.full = false;
        slow.watcher.resume();
        slow.watcher.resume();
        await create(`${PODS}a/6`);
        expect(slow.recorder.changes.map((c) => c.item.revision)).to.deep.equal([1, 2, 3, 4, 5, 6]);
      });

      it('resumed by another watcher misses nothing and repeats nothing', async () => {
        const waker = record(pods, { after: 'now' });
        const slow = record(pods, { after: 'now' });
        const events = waker.recorder.events.bind(waker.recorder);
        waker.recorder.events = (changes) => {
          slow.recorder.full = !slow.recorder.full;
          slow.watcher.resume();
          return events(changes);
        };
        for (let i = 1; i <= 9; i++) await Promise.all([create(`${PODS}a/${i}`), create(`${PODS}b/${i}`)]);
        slow.recorder.full = false;
        slow.watcher.resume();
        expect(slow.recorder.changes.map((c) => c.item.revision)).to.deep.equal(Array.from({ length: 18 }, (_, i) => i + 1));
      });

      it('is left alone until it is resumed, and when it is resumed before it began', async () => {
        await create(`${PODS}a/1`);
        const { recorder, watcher } = record(pods, { after: 0 });
        recorder.full = true;
        watcher.resume();
        await turn();
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1']);
        await create(`${PODS}a/2`);
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1']);
        watcher.resume();
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1', 'ADDED 2=1@2']);
      });

      it('is told when the history no longer reaches, once, and only then', async () => {
        feed.stop();
        await start({ count: 3, bytes: 1e6 });
        const { recorder, watcher } = record(pods, { after: 'now' });
        recorder.full = true;
        for (let i = 1; i <= 4; i++) await create(`${PODS}a/${i}`);
        expect(recorder.expirations).to.equal(0);
        await create(`${PODS}a/5`);
        watcher.resume();
        watcher.resume();
        await create(`${PODS}a/6`);
        expect(recorder.lines).to.deep.equal(['ADDED 1=1@1', 'EXPIRED']);
      });

      it('is given the present items piece by piece, all of one state', async () => {
        await Promise.all(Array.from({ length: 600 }, (_, i) => create(`${PODS}a/${i + 1}`)));
        const { recorder, watcher } = record(pods, { after: 'now', initial: true });
        recorder.full = true;
        await turn();
        expect(recorder.changes.length).to.be.lessThan(600);
        await remove(`${PODS}a/599`);
        expect([watcher.initialized, watcher.position()]).to.deep.equal([false, 600]);
        while (!watcher.initialized) watcher.resume();
        expect(recorder.lines.indexOf('INITIALIZED @600')).to.equal(600);
        watcher.resume();
        expect(recorder.lines.slice(601)).to.deep.equal(['DELETED 599=1@601']);
      });

      it('that never reads is given few bytes of many, of the present and of the past', async () => {
        for (let i = 0; i < 60; i++) await create(`${PODS}a/${i}`, 'x'.repeat(10_000));
        for (const from of [{ after: 'now', initial: true }, { after: 0 }] as const) {
          const { recorder, watcher } = record(pods, from);
          recorder.full = true;
          await turn();
          expect(recorder.changes).to.have.length(14);
          while (recorder.changes.length < 60) watcher.resume();
        }
      });
    });

    describe('a bookmark', () => {
      it('of an idle resource may claim the newest revision of the store', async () => {
        const { watcher } = record(nodes, { after: 'now' });
        await turn();
        for (let i = 1; i <= 5; i++) await create(`${PODS}a/${i}`);
        expect(watcher.position()).to.equal(5);
      });

      it('never claims more than the watcher has been given', async () => {
        const wrong: string[] = [];
        const watches = Array.from({ length: 10 }, () => record(pods, { after: 'now' }));
        for (const { recorder } of watches) {
          const events = recorder.events.bind(recorder);
          recorder.events = (changes) => {
            for (const other of watches) {
              const given = other.recorder.changes.at(-1)?.item.revision ?? 0;
              const due = other.recorder === recorder ? (changes.at(-1)?.item.revision ?? 0) : given;
              if (other.watcher.position() > due) wrong.push(`${other.watcher.position()} > ${due}`);
            }
            return events(changes);
          };
        }
        await Promise.all(Array.from({ length: 10 }, (_, i) => create(`${PODS}a/${i}`)));
        await create(`${PODS}a/x`);
        expect(wrong).to.deep.equal([]);
      });
    });

    describe('many watchers', () => {
      it('share the changes, and their list where they watch all', async () => {
        const all = [record(pods, { after: 'now' }), record(pods, { after: 'now' })] as const;
        const one = [record(pods, { after: 'now', prefix: `${PODS}a/` }), record(pods, { after: 'now', prefix: `${PODS}a/` })] as const;
        const some = record(pods, { after: 'now', match: red });
        const replayed = () => record(pods, { after: 0 });
        await Promise.all([create(`${PODS}a/1`, 'red'), create(`${PODS}b/1`, 'blue')]);
        const late = replayed();
        await turn();
        expect(all[0].recorder.batches[0]).to.equal(all[1].recorder.batches[0]);
        expect(one[0].recorder.batches[0]).to.equal(one[1].recorder.batches[0]);
        const [change] = all[0].recorder.changes;
        for (const { recorder } of [...all, ...one, some, late]) expect(recorder.changes[0]).to.equal(change);
        change?.forms.set('json', Buffer.from('{}'));
        expect(some.recorder.changes[0]?.forms.get('json')?.toString()).to.equal('{}');
      });
    });

    describe('a restart', () => {
      const restart = async () => {
        feed.stop();
        if (storage.supports.durable) storage = await backend.reopen(storage);
        await start();
      };

      it('lets watches go on from where they were', async () => {
        await create(`${PODS}a/1`, 'red');
        await update(`${PODS}a/1`, 'blue');
        await create(`${NODES}n`);
        await create(`${PODS}a/2`, 'red');
        await remove(`${PODS}a/2`);
        await create(`${PODS}a/2`, 'new');
        await restart();
        expect(texts(pods.range(PODS))).to.equal('a/1=blue@2 a/2=new@6');
        const everything = record(pods, { after: 0 }).recorder;
        const rest = record(pods, { after: 4 }).recorder;
        const selected = record(pods, { after: 0, match: red }).recorder;
        await create(`${PODS}a/3`, 'red');
        const expected = ['ADDED 1=red@1', 'MODIFIED 1=blue@2', 'ADDED 2=red@4', 'DELETED 2=red@5', 'ADDED 2=new@6', 'ADDED 3=red@7'];
        expect(everything.lines).to.deep.equal(expected);
        expect(rest.lines).to.deep.equal(expected.slice(3));
        expect(selected.lines).to.deep.equal(['ADDED 1=red@1', 'DELETED 1=red@2', 'ADDED 2=red@4', 'DELETED 2=red@5', 'ADDED 3=red@7']);
        expect(texts(pods.at(4, PODS))).to.equal('a/1=blue@2 a/2=red@4');
      });

      it('does not pretend to know what was compacted', async () => {
        for (let i = 1; i <= 5; i++) await create(`${PODS}a/${i}`);
        await storage.compact(3);
        await restart();
        // with nothing above the floor too: kubernetes pull request 49992
        await refused(
          Promise.resolve().then(() => record(pods, { after: 2 })),
          'COMPACTED',
        );
        await storage.compact(5);
        await restart();
        await refused(
          Promise.resolve().then(() => record(pods, { after: 4 })),
          'COMPACTED',
        );
        const { recorder } = record(pods, { after: 5 });
        await create(`${PODS}a/6`);
        expect(recorder.lines).to.deep.equal(['ADDED 6=1@6']);
      });

      it('may happen while others write', async () => {
        feed.stop();
        const writes = Array.from({ length: 200 }, (_, i) => create(`${PODS}a/${i}`));
        await writes[50];
        const more = (async () => {
          for (let i = 0; i < 20; i++) await create(`${PODS}b/${i}`);
        })();
        await start({ count: 1000, bytes: 1e7 });
        await Promise.all([...writes, more]);
        expect(pods.range(PODS)).to.have.length(220);
        const { recorder } = record(pods, { after: 0 });
        await turn();
        expect(recorder.changes.map((c) => c.item.revision)).to.deep.equal(Array.from({ length: 220 }, (_, i) => i + 1));
      });
    });
  });
}
