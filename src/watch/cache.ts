import { compareKeys, type Entry, prefixEnd, StorageError, type StorageEvent } from '../storage/storage.js';
import type { Logger } from '../util/log.js';
import { type Change, type Decode, type Item, Write } from './change.js';
import { History, type HistoryLimits } from './history.js';
import { Watcher, type WatchOptions } from './watcher.js';

/** How far the feed is, and what its caches need of it; shared by all of them. */
export interface Progress {
  /** The caches hold the state at this revision. */
  revision: number;
  /** All active watchers have been given everything up to this revision. */
  delivered: number;
  readonly logger: Logger;
}

/** For metrics. */
export interface CacheStatistics {
  readonly items: number;
  readonly history: number;
  readonly watchers: number;
}

/** The present state of one resource in memory, its recent past, and who watches it. */
export class Cache<I extends Item> {
  readonly prefix: string;
  #decode: Decode<I>;
  readonly #progress: Progress;
  readonly #limits: HistoryLimits;
  readonly #byKey = new Map<string, I>();
  /** The same items, in the order of their keys. */
  #sorted: I[] = [];
  #history: History<I>;
  readonly #watchers = new Set<Watcher<I>>();
  readonly #active = new Set<Watcher<I>>();
  /** Until the cache is loaded: what came in meanwhile. */
  #early: StorageEvent[] | undefined = [];
  #removed = false;
  /** Storage has no states older than this one. A resource at rest may still be watched from before. */
  #compacted = 0;

  /** For Feed only. */
  constructor(prefix: string, decode: Decode<I>, progress: Progress, limits: HistoryLimits) {
    this.prefix = prefix;
    this.#decode = decode;
    this.#progress = progress;
    this.#limits = limits;
    this.#history = new History(progress.revision, limits);
  }

  /** The present state of a key; undefined: there is none. */
  get(key: string): I | undefined {
    return this.#byKey.get(key);
  }

  /** The items whose keys begin with `prefix` (the cache's own, or longer; ends in '/'), in the order of their keys. */
  range(prefix: string): readonly I[] {
    return this.#sorted.slice(this.#position(prefix), this.#position(prefixEnd(prefix)));
  }

  /**
   * The state at a revision, past or present.
   * @throws StorageError COMPACTED (the history does not reach), FUTURE
   */
  at(revision: number, prefix: string): readonly I[] {
    assertKnown(revision, this.oldest());
    const present = this.revision();
    if (revision > present) throw new StorageError('FUTURE', `revision ${revision} is in the future: the present one is ${present}`);
    const undone = new Map<string, I | undefined>();
    for (const { key, previous } of this.#history.after(revision)) {
      if (!undone.has(key) && key.startsWith(prefix)) undone.set(key, previous);
    }
    const items = this.range(prefix);
    if (undone.size === 0) return items;
    const kept = items.filter((item) => !undone.has(item.key));
    const restored = [...undone.values()].filter((item) => item !== undefined);
    return [...kept, ...restored].sort((a, b) => compareKeys(a.key, b.key));
  }

  /** The revision of the whole store that this cache has seen. */
  revision(): number {
    return this.#progress.revision;
  }

  /** The oldest revision a watch may begin after. */
  floor(): number {
    return this.#history.floor;
  }

  /** The oldest revision whose state can be read. */
  oldest(): number {
    return Math.max(this.floor(), this.#compacted);
  }

  statistics(): CacheStatistics {
    return { items: this.#byKey.size, history: this.#history.size, watchers: this.#watchers.size };
  }

  /**
   * Begins a watch. The sink gets its first call after the caller's turn.
   * @throws StorageError COMPACTED (the history does not reach back to `after`)
   */
  watch(options: WatchOptions<I>): Watcher<I> {
    if (this.#early) throw new Error(`the cache of ${this.prefix} is not filled yet`);
    const after = options.initial || options.after === 'now' ? this.revision() : options.after;
    assertKnown(after, this.floor());
    const watcher = new Watcher(this, options, after, options.initial ? this.range(options.prefix) : undefined);
    this.#watchers.add(watcher);
    return watcher;
  }

  // --- for Feed

  /** @param history events above `floor` up to `revision` @param entries the state at `revision`, in the order of keys */
  load(entries: readonly Entry[], history: readonly StorageEvent[], floor: number, revision: number): void {
    this.#sorted = entries.map(this.#decode);
    for (const item of this.#sorted) this.#byKey.set(item.key, item);
    this.#history = new History(floor, this.#limits);
    this.#replay(history);
    const early = this.#early ?? [];
    this.#early = undefined;
    this.apply(early.filter((event) => event.revision > revision));
  }

  /** Brings the state up to date. @returns the writes, to be given to `notify` once all caches are */
  apply(events: readonly StorageEvent[]): readonly Write<I>[] {
    if (this.#early) {
      this.#early.push(...events);
      return [];
    }
    return events.map((event) => {
      const { key, revision, value } = event;
      const previous = this.#byKey.get(key);
      const item = value && this.#decode({ key, value, revision });
      if (item) this.#put(item, previous !== undefined);
      else this.#remove(key);
      const write = new Write(key, revision, item, previous);
      this.#history.push(write);
      return write;
    });
  }

  /** Tells the active watchers. */
  notify(writes: readonly Write<I>[]): void {
    const last = writes.at(-1)?.revision;
    if (last === undefined || this.#active.size === 0) return;
    const shared = new Map<string, readonly Change<I>[]>();
    const all = (prefix: string) => {
      let changes = shared.get(prefix);
      if (!changes) shared.set(prefix, (changes = changesOf(writes, prefix)));
      return changes;
    };
    for (const watcher of this.#active) watcher.deliver(writes, last, all);
  }

  /** Forgets history up to and including a revision, in step with storage. */
  trim(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
    this.#history.trim(revision);
  }

  /** The resource is no longer served: ends all watches. */
  remove(): void {
    this.#removed = true;
    for (const watcher of this.#watchers) watcher.end();
  }

  /** What entries mean has changed: makes every item anew. The past is forgotten, and all watches end. */
  renew(decode: Decode<I>, again: (item: I) => I): void {
    this.#decode = decode;
    this.#sorted = this.#sorted.map(again);
    for (const item of this.#sorted) this.#byKey.set(item.key, item);
    this.#history = new History(this.#progress.revision, this.#limits);
    for (const watcher of this.#watchers) watcher.end();
  }

  // --- for Watcher

  /** All active watchers have been given everything up to this revision. */
  delivered(): number {
    return this.#progress.delivered;
  }

  /** A sink has thrown: its own affair, and told nobody but the log. */
  report(error: unknown): void {
    this.#progress.logger.error('a watcher has failed', { prefix: this.prefix, error });
  }

  /** Up to `limit` writes after a revision; undefined: the history does not reach. */
  writesAfter(revision: number, limit: number): readonly Write<I>[] | undefined {
    return this.#removed || revision < this.#history.floor ? undefined : this.#history.after(revision, limit);
  }

  /** The watcher is up to date: it is told of writes as they come. */
  activate(watcher: Watcher<I>): void {
    this.#active.add(watcher);
  }

  /** The watcher lags: it reads the history when it has room again. */
  deactivate(watcher: Watcher<I>): void {
    this.#active.delete(watcher);
  }

  /** The watcher has ended. */
  leave(watcher: Watcher<I>): void {
    this.#active.delete(watcher);
    this.#watchers.delete(watcher);
  }

  /** Fills the history with events that the loaded state has in it already. */
  #replay(events: readonly StorageEvent[]): void {
    const known = new Map<string, I>();
    const decode = (entry: Entry): I => {
      // the same revision is one item, wherever it is met
      const item = [this.#byKey.get(entry.key), known.get(entry.key)].find((i) => i?.revision === entry.revision) ?? this.#decode(entry);
      known.set(entry.key, item);
      return item;
    };
    for (const { key, revision, value, previous } of events) {
      const before = previous && decode(previous);
      const item = value && decode({ key, value, revision });
      this.#history.push(new Write(key, revision, item, before));
    }
  }

  #put(item: I, replaces: boolean): void {
    this.#byKey.set(item.key, item);
    const at = this.#position(item.key);
    if (replaces) this.#sorted[at] = item;
    else this.#sorted.splice(at, 0, item);
  }

  #remove(key: string): void {
    if (this.#byKey.delete(key)) this.#sorted.splice(this.#position(key), 1);
  }

  /** The index of the first item whose key is not before `key`. */
  #position(key: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys((this.#sorted[middle] as I).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** @throws StorageError COMPACTED */
function assertKnown(revision: number, oldest: number): void {
  if (revision < oldest) throw new StorageError('COMPACTED', `revision ${revision} is no longer known: the oldest one is ${oldest}`);
}

function changesOf<I extends Item>(writes: readonly Write<I>[], prefix: string): readonly Change<I>[] {
  const changes: Change<I>[] = [];
  for (const write of writes) {
    const change = write.key.startsWith(prefix) ? write.change(undefined) : undefined;
    if (change) changes.push(change);
  }
  return changes;
}
