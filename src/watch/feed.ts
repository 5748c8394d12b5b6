// The watch side: storage → feed → the cache of a resource → its watchers.
//
// Rules: one ordered subscription for the whole server; a batch is applied to all caches before anybody is told of it,
// so whoever is told finds every cache at that revision; watchers are never waited for (a full one lags, is replayed from
// the history of its resource, and expires when that no longer reaches); items are never changed, and shared by all.
//
// Start here, then cache.ts (state of one resource), watcher.ts (one watch), change.ts (what a write means to a watcher),
// history.ts (the last writes). Nothing here knows kinds or JSON: the registry says how an entry becomes an item.
// Contract tests: test/suites/watch.ts; the guarantees by name: test/simulation.
import type { Entry, Storage, StorageEvent } from '../storage/storage.js';
import { type Logger, silentLogger } from '../util/log.js';
import { Cache, type Progress } from './cache.js';
import type { Decode, Item, Write } from './change.js';
import type { HistoryLimits } from './history.js';

/** Entries read at once when a cache is filled. */
const PAGE = 2000;
const DEFAULT_LIMITS: HistoryLimits = { count: 20_000, bytes: 64 * 1024 * 1024 };

/** What the feed reads. */
export interface FeedOptions {
  readonly storage: Storage;
  /** What is kept of each resource's past, beside the bound that storage's floor is. */
  readonly history?: HistoryLimits;
  readonly logger?: Logger;
}

/** Takes every write from storage, in order, to the caches. */
export class Feed {
  readonly #storage: Storage;
  readonly #limits: HistoryLimits;
  readonly #progress: Progress;
  readonly #caches = new Map<string, Cache<Item>>();
  #unloaded: Cache<Item>[] = [];
  #unsubscribe: (() => void) | undefined;

  constructor({ storage, history = DEFAULT_LIMITS, logger = silentLogger }: FeedOptions) {
    this.#storage = storage;
    this.#limits = history;
    this.#progress = { revision: 0, delivered: 0, logger };
  }

  /**
   * Registers the cache for all keys that begin with `prefix` (for a key under several: the longest). It is empty until
   * the next `start` has filled it.
   */
  cache<I extends Item>(prefix: string, decode: Decode<I>): Cache<I> {
    if (this.#caches.has(prefix)) throw new Error(`there is a cache for ${prefix} already`);
    const cache = new Cache(prefix, decode, this.#progress, this.#limits);
    // the feed hands a cache only what the cache itself has made
    this.#caches.set(prefix, cache as unknown as Cache<Item>);
    this.#unloaded.push(cache as unknown as Cache<Item>);
    return cache;
  }

  /**
   * Fills the caches registered since the last call with the present state and the history that storage has, so that
   * watches may go on over a restart; from then on they follow. To be called again after caches were added.
   * @throws StorageError
   */
  async start(): Promise<void> {
    const caches = this.#unloaded;
    this.#unloaded = [];
    if (this.#unsubscribe === undefined) {
      this.#progress.revision = this.#progress.delivered = this.#storage.revision();
      this.#unsubscribe = await this.#storage.subscribe(this.#progress.revision, (events) => this.#take(events));
    }
    if (caches.length === 0) return;
    const entries = new Map<Cache<Item>, Entry[]>(caches.map((cache) => [cache, []]));
    const revision = await this.#present(commonPrefix(caches), (entry) =>
      entries.get(this.#cacheOf(entry.key) as Cache<Item>)?.push(entry),
    );
    const floor = this.#storage.floor();
    const past = this.#sort(await this.#past(floor, revision));
    for (const [cache, present] of entries) cache.load(present, past.get(cache) ?? [], floor, revision);
  }

  /** Ends a cache and all its watches: its resource is no longer served. */
  remove(prefix: string): void {
    const cache = this.#caches.get(prefix);
    this.#caches.delete(prefix);
    cache?.remove();
  }

  /** The revision up to which the caches hold the state. */
  revision(): number {
    return this.#progress.revision;
  }

  /** Forgets at once what storage has forgotten; without this, a cache does so with its next write. */
  trim(): void {
    for (const cache of this.#caches.values()) cache.trim(this.#storage.floor());
  }

  /** Ends the subscription. Watches stay, and hear nothing more. */
  stop(): void {
    this.#unsubscribe?.();
  }

  #take(events: readonly StorageEvent[]): void {
    const floor = this.#storage.floor();
    const written: [Cache<Item>, readonly Write<Item>[]][] = [];
    for (const [cache, batch] of this.#sort(events)) {
      cache.trim(floor);
      written.push([cache, cache.apply(batch)]);
    }
    this.#progress.revision = events.at(-1)?.revision ?? this.#progress.revision;
    for (const [cache, writes] of written) cache.notify(writes);
    this.#progress.delivered = this.#progress.revision;
  }

  #sort(events: readonly StorageEvent[]): Map<Cache<Item>, StorageEvent[]> {
    const sorted = new Map<Cache<Item>, StorageEvent[]>();
    for (const event of events) {
      const cache = this.#cacheOf(event.key);
      const batch = cache && sorted.get(cache);
      if (batch) batch.push(event);
      else if (cache) sorted.set(cache, [event]);
    }
    return sorted;
  }

  /** The cache with the longest prefix of a key. */
  #cacheOf(key: string): Cache<Item> | undefined {
    for (let end = key.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : key.lastIndexOf('/', end - 1)) {
      const cache = this.#caches.get(key.slice(0, end + 1));
      if (cache) return cache;
    }
    return undefined;
  }

  /** Reads the present state in pages, all of one revision. @returns that revision */
  async #present(prefix: string, visit: (entry: Entry) => void): Promise<number> {
    let page = await this.#storage.list({ prefix, limit: PAGE });
    const { revision } = page;
    for (;;) {
      for (const entry of page.entries) visit(entry);
      const after = page.entries.at(-1)?.key;
      if (!page.more || after === undefined) return revision;
      page = await this.#storage.list({ prefix, limit: PAGE, revision, after });
    }
  }

  /** The events after `after` up to `until`. */
  async #past(after: number, until: number): Promise<StorageEvent[]> {
    const events: StorageEvent[] = [];
    const unsubscribe = await this.#storage.subscribe(after, (batch) => {
      for (const event of batch) if (event.revision <= until) events.push(event);
    });
    unsubscribe();
    return events;
  }
}

/** The longest prefix, ending in '/', that all caches have in common. */
function commonPrefix(caches: readonly Cache<Item>[]): string {
  return caches
    .map((cache) => cache.prefix)
    .reduce((a, b) => {
      let end = 0;
      while (end < a.length && a[end] === b[end]) end++;
      return a.slice(0, a.lastIndexOf('/', end - 1) + 1);
    });
}
