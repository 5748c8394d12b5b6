// Several writers and watchers at random over a store that is now and then closed and opened again. Everything the
// watchers were told is judged by the guarantees at the end. SEED repeats a run, STEPS makes it longer.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLevel } from '../../src/storage/level.js';
import { openMemory } from '../../src/storage/memory.js';
import { type Entry, type Storage, StorageError, type StorageEvent } from '../../src/storage/storage.js';
import type { Cache } from '../../src/watch/cache.js';
import { Feed } from '../../src/watch/feed.js';
import type { Watcher } from '../../src/watch/watcher.js';
import { type TextItem, textItem, turn } from '../helpers/recorder.js';
import { seeded } from '../suites/storage.js';
import { type Fact, GUARANTEES, stateAt, type Told } from './guarantees.js';

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const STEPS = Number(process.env.STEPS ?? 600);
const PREFIXES = ['/registry/core/pods/', '/registry/core/nodes/'] as const;
const COLOURS = ['red', 'green', 'blue'];
/** Small, so that slow watchers do expire. */
const HISTORY = { count: 60, bytes: 1e6 };

/** Somebody who watches, is now and then full, stops, and begins again from the last revision heard of. */
class Observer {
  readonly prefix: string;
  readonly matches: (text: string) => boolean;
  readonly told: Told[] = [];
  readonly #match: ((item: TextItem) => boolean) | undefined;
  readonly #slowness: number;
  readonly #random: () => number;
  #watcher: Watcher<TextItem> | undefined;
  #initializing = false;
  #position: number | undefined;
  #full = false;
  #calls = 0;

  constructor(prefix: string, colour: string | undefined, slowness: number, random: () => number) {
    this.prefix = prefix;
    this.matches = (text) => colour === undefined || text.startsWith(colour);
    this.#match = colour === undefined ? undefined : (item) => item.text.startsWith(colour);
    this.#slowness = slowness;
    this.#random = random;
  }

  get watching(): boolean {
    return this.#watcher !== undefined;
  }

  begin(cache: Cache<TextItem>): void {
    this.#full = false;
    const initial = this.#position === undefined;
    const after = this.#position ?? cache.revision();
    this.told.push({ what: 'begun', after, initial });
    this.#initializing = initial;
    try {
      this.#watcher = cache.watch({
        prefix: this.prefix,
        after,
        initial,
        match: this.#match,
        sink: {
          events: (changes) => this.#events(changes),
          initialized: (revision) => this.#initialized(revision),
          expired: () => this.#expired(),
        },
      });
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'COMPACTED') throw error;
      this.#expired();
    }
  }

  /** The connection is lost: what has been heard is kept, unless the initial items were not complete. */
  interrupt(): void {
    this.#watcher?.stop();
    this.#watcher = undefined;
    if (this.#initializing) this.#position = undefined;
  }

  bookmark(): void {
    if (!this.#watcher?.initialized) return;
    this.#position = this.#watcher.position();
    this.told.push({ what: 'bookmark', revision: this.#position });
  }

  drain(): void {
    this.#full = false;
    this.#watcher?.resume();
  }

  #events(changes: readonly { type: 'ADDED' | 'MODIFIED' | 'DELETED'; item: TextItem }[]): boolean {
    expect(this.#full, 'a full sink is left alone').to.equal(false);
    expect(changes.length).to.be.greaterThan(0);
    const call = ++this.#calls;
    for (const { type, item } of changes) {
      const { key, text, revision } = item;
      if (this.#initializing) this.told.push({ what: 'initial', key, text, revision });
      else this.told.push({ what: 'change', type, key, text, revision, call });
      if (!this.#initializing) this.#position = revision;
    }
    this.#full = this.#random() < this.#slowness;
    return !this.#full;
  }

  #initialized(revision: number): void {
    this.#initializing = false;
    this.#position = revision;
    this.told.push({ what: 'initialized', revision });
  }

  #expired(): void {
    this.told.push({ what: 'expired' });
    this.#watcher = undefined;
    this.#position = undefined;
  }
}

class Simulation {
  readonly random: () => number;
  readonly facts: Fact[] = [];
  readonly observers: Observer[];
  readonly #reopen: (storage: Storage | undefined) => Promise<Storage>;
  #storage: Storage | undefined;
  #unsubscribe: (() => void) | undefined;
  #feed: Feed | undefined;
  #caches: Cache<TextItem>[] = [];
  #text = 0;

  constructor(seed: number, reopen: (storage: Storage | undefined) => Promise<Storage>) {
    this.random = seeded(seed);
    this.#reopen = reopen;
    this.observers = Array.from({ length: 14 }, (_, i) => {
      const prefix = PREFIXES[i % 5 === 4 ? 1 : 0];
      return new Observer(i % 3 === 2 ? `${prefix}b/` : prefix, i % 2 ? COLOURS[i % 3] : undefined, i % 4 ? 0.2 : 0.9, this.random);
    });
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  async restart(): Promise<void> {
    for (const observer of this.observers) observer.interrupt();
    this.#feed?.stop();
    this.#storage = await this.#reopen(this.#storage);
    const storage = this.#storage;
    this.#unsubscribe?.();
    this.#unsubscribe = await storage.subscribe(this.facts.length, (events) => this.#note(events));
    this.#feed = new Feed({ storage, history: HISTORY });
    this.#caches = PREFIXES.map((prefix) => (this.#feed as Feed).cache(prefix, textItem));
    await this.#feed.start();
  }

  #note(events: readonly StorageEvent[]): void {
    for (const { key, revision, value, previous } of events) {
      expect(revision, 'revisions have no gap').to.equal(this.facts.length + 1);
      this.facts.push({ revision, key, text: value?.toString(), previous: previous?.value.toString() });
    }
  }

  async #write(): Promise<void> {
    const storage = this.#storage as Storage;
    const key = `${this.random() < 0.8 ? PREFIXES[0] : PREFIXES[1]}${this.pick(['a', 'b', 'c'])}/${Math.floor(this.random() * 6)}`;
    const value = Buffer.from(`${this.pick(COLOURS)} ${this.#text++}`);
    const choice = this.random();
    const current = choice < 0.3 ? undefined : await storage.get(key);
    const write = (expected: Entry | undefined) => {
      if (!expected) return storage.create(key, value);
      return choice < 0.55 ? storage.delete(key, expected.revision) : storage.update(key, value, expected.revision);
    };
    await write(current).catch((error: unknown) => {
      if (!(error instanceof StorageError) || (error.code !== 'EXISTS' && error.code !== 'CONFLICT')) throw error;
    });
  }

  #begin(observer: Observer): void {
    const cache = this.#caches.find((c) => observer.prefix.startsWith(c.prefix)) as Cache<TextItem>;
    if (!observer.watching) observer.begin(cache);
  }

  #checkPast(): void {
    const cache = this.pick(this.#caches);
    const revision = cache.oldest() + Math.floor(this.random() * (cache.revision() - cache.oldest() + 1));
    const expected = [...stateAt(this.facts, revision)]
      .filter(([key]) => key.startsWith(cache.prefix))
      .map(([key, fact]) => `${key}=${fact.text}@${fact.revision}`);
    expect(cache.at(revision, cache.prefix).map((i) => `${i.key}=${i.text}@${i.revision}`)).to.deep.equal(expected.sort());
  }

  /** One random thing happens. @returns what has been begun and may end later */
  step(): Promise<void> | undefined {
    const choice = this.random();
    const observer = this.pick(this.observers);
    if (choice < 0.55) return Promise.all(Array.from({ length: Math.floor(this.random() * 4) }, () => this.#write())).then(() => undefined);
    if (choice < 0.7) observer.drain();
    else if (choice < 0.8) this.#begin(observer);
    else if (choice < 0.84) observer.interrupt();
    else if (choice < 0.92) observer.bookmark();
    else if (choice < 0.95) this.#checkPast();
    else if (choice < 0.97) return this.#storage?.compact(Math.max(0, this.facts.length - Math.floor(this.random() * 80)));
    return undefined;
  }

  async run(steps: number): Promise<void> {
    await this.restart();
    let running: Promise<void>[] = [];
    for (let i = 0; i < steps; i++) {
      running.push(this.step() ?? Promise.resolve());
      if (this.random() < 0.3) await turn();
      if (running.length > 10) {
        await Promise.all(running);
        running = [];
      }
      if (this.random() < 0.01) {
        await Promise.all(running);
        running = [];
        await this.restart();
      }
    }
    await Promise.all(running);
    await this.#settle();
  }

  /** Everybody begins, if need be again, and is given room until nothing is left. */
  async #settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const observer of this.observers) this.#begin(observer);
      await turn();
      for (const observer of this.observers) {
        for (let told = -1; told !== observer.told.length; ) {
          told = observer.told.length;
          observer.drain();
        }
      }
    }
    this.#feed?.stop();
    await this.#storage?.close();
  }
}

async function judged(simulation: Simulation): Promise<void> {
  await simulation.run(STEPS);
  const { facts, observers } = simulation;
  const count = (what: Told['what']) => observers.reduce((sum, o) => sum + o.told.filter((t) => t.what === what).length, 0);
  // a run in which nothing happened proves nothing
  for (const what of ['change', 'initial', 'initialized', 'bookmark', 'begun', 'expired'] as const)
    expect(count(what), `number of: ${what}`).to.be.greaterThan(0);
  for (const [index, { prefix, matches, told }] of observers.entries()) {
    for (const [name, guarantee] of Object.entries(GUARANTEES)) {
      const complaint = guarantee({ prefix, matches, told, complete: facts.length }, facts);
      expect(complaint, `${name}, observer ${index}, SEED=${SEED}`).to.equal(undefined);
    }
  }
}

describe(`a random run (SEED=${SEED})`, function () {
  this.timeout(20_000 + STEPS * 50);

  it('over memory keeps all guarantees', () => judged(new Simulation(SEED, async (storage) => storage ?? openMemory())));

  it('over a level store that is opened again and again keeps all guarantees', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kubemu-simulation-'));
    try {
      await judged(
        new Simulation(SEED, async (storage) => {
          await storage?.close();
          return openLevel({ directory });
        }),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
