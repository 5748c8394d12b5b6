import type { Cache } from './cache.js';
import { Change, type Item, type Write } from './change.js';

/** Writes or items handed to a lagging watcher at once, and about how many bytes: it may be one of thousands that never read them. */
const CHUNK = 256;
const CHUNK_BYTES = 128 * 1024;

/**
 * Where a watcher's changes go. Called synchronously and never waited for. One that throws has a bug: it is logged, and
 * that watch is over.
 */
export interface Sink<I extends Item> {
  /**
   * Takes all of `changes` (shared: not to be modified), which are never empty.
   * @returns false: full. Nothing more comes before `resume` is called.
   */
  events(changes: readonly Change<I>[]): boolean;
  /** The initial items have all been given; they are the state at this revision. Comes even to a full sink. */
  initialized?(revision: number): void;
  /** The history no longer reaches from where this watcher stopped: the watch is over. */
  expired(): void;
  /** The resource is gone, or no longer what it was: the watch is over. Default: as `expired`. */
  ended?(): void;
}

/** What a watcher wants to be told, and from when on. */
export interface WatchOptions<I extends Item> {
  /** Only keys that begin with this: the cache's prefix, or it and a namespace. */
  readonly prefix: string;
  /** Only changes after this revision; of the future: nothing is told before it comes. With `initial` always 'now'. */
  readonly after: number | 'now';
  /** First all present items, as ADDED. */
  readonly initial?: boolean;
  /** undefined: everything. Must be pure. */
  readonly match?: ((item: I) => boolean) | undefined;
  readonly sink: Sink<I>;
}

/**
 * A watch from the view of its owner. It is either active (given every batch as it comes) or lagging: given chunks of the
 * initial items or of the history until it has caught up, pausing whenever its sink is full.
 */
export class Watcher<I extends Item> {
  readonly #cache: Cache<I>;
  readonly #options: WatchOptions<I>;
  #state: 'active' | 'lagging' | 'stopped' = 'lagging';
  /** All changes up to here have been given. */
  #given: number;
  /** The initial items, until all have been given, and how many have. */
  #initial: readonly I[] | undefined;
  #initialGiven = 0;
  /** The sink has said so, and nobody has resumed since. */
  #full = false;
  #pumping = false;

  /** For Cache only. Begins on its own in the next microtask, so that the owner has the watcher before the first call. */
  constructor(cache: Cache<I>, options: WatchOptions<I>, revision: number, initial: readonly I[] | undefined) {
    this.#cache = cache;
    this.#options = options;
    this.#given = revision;
    this.#initial = initial;
    queueMicrotask(() => this.#pump());
  }

  /** The revision up to which this watcher has been given everything: what a bookmark may say. */
  position(): number {
    return this.#state === 'active' ? Math.max(this.#given, this.#cache.delivered()) : this.#given;
  }

  /** Whether the initial items have all been given: no bookmark before. */
  get initialized(): boolean {
    return this.#initial === undefined;
  }

  /** The sink, once full, has room again. May be called at any time, any number of times. */
  resume(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#pump();
  }

  /** Ends the watch; the sink is not called any more. May be called any number of times. */
  stop(): void {
    this.#state = 'stopped';
    this.#initial = undefined;
    this.#cache.leave(this);
  }

  /** For Cache only: ends the watch because the history no longer reaches. */
  expire(): void {
    if (this.#state === 'stopped') return;
    this.stop();
    this.#guard(() => this.#options.sink.expired());
  }

  /** For Cache only: ends the watch because of its resource. */
  end(): void {
    if (this.#state === 'stopped') return;
    this.stop();
    const { sink } = this.#options;
    this.#guard(() => (sink.ended ? sink.ended() : sink.expired()));
  }

  /**
   * For Cache only: gives one batch of writes to an active watcher.
   * @param all the changes for everybody who watches `prefix` without a selector, made once
   */
  deliver(writes: readonly Write<I>[], last: number, all: (prefix: string) => readonly Change<I>[]): void {
    if (this.#state !== 'active' || this.#given >= last) return;
    const { match, prefix } = this.#options;
    // a watcher resumed while others were served has had the batch from the history; one of the future waits for it
    const known = this.#given >= (writes[0] as Write<I>).revision;
    const changes = match === undefined && !known ? all(prefix) : this.#select(writes);
    this.#given = last;
    if (changes.length === 0 || this.#give(changes) || this.#state !== 'active') return;
    this.#state = 'lagging';
    this.#cache.deactivate(this);
  }

  /** @returns whether the sink has room for more */
  #give(changes: readonly Change<I>[]): boolean {
    this.#guard(() => {
      this.#full = !this.#options.sink.events(changes);
    });
    return !this.#full;
  }

  /** What one sink does wrong must not cost the others a batch. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#cache.report(error);
      this.expire();
    }
  }

  #select(writes: readonly Write<I>[]): readonly Change<I>[] {
    const { match, prefix } = this.#options;
    let changes: Change<I>[] | undefined;
    for (const write of writes) {
      const change = write.revision > this.#given && write.key.startsWith(prefix) ? write.change(match) : undefined;
      if (change) (changes ??= []).push(change);
    }
    return changes ?? NOTHING;
  }

  /** Gives what is missing until the sink is full or the watcher is up to date. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#state === 'lagging' && !this.#full) {
      if (this.#initial) this.#giveInitial(this.#initial);
      else this.#giveHistory();
    }
    this.#pumping = false;
  }

  #giveInitial(items: readonly I[]): void {
    const { match, sink } = this.#options;
    const changes: Change<I>[] = [];
    let bytes = 0;
    while (this.#initialGiven < items.length && changes.length < CHUNK && bytes < CHUNK_BYTES) {
      const item = items[this.#initialGiven++] as I;
      if (match !== undefined && !match(item)) continue;
      changes.push(new Change('ADDED', item));
      bytes += item.size;
    }
    if (this.#initialGiven === items.length) this.#initial = undefined;
    if (changes.length > 0) this.#give(changes);
    if (this.#initial === undefined && this.#state === 'lagging') this.#guard(() => sink.initialized?.(this.#given));
  }

  #giveHistory(): void {
    const all = this.#cache.writesAfter(this.#given, CHUNK);
    if (all === undefined) return this.expire();
    let bytes = 0;
    const enough = all.findIndex((write) => (bytes += write.item?.size ?? write.size) >= CHUNK_BYTES);
    const writes = enough < 0 ? all : all.slice(0, enough + 1);
    const last = writes.at(-1);
    if (!last) {
      this.#state = 'active';
      this.#cache.activate(this);
      return;
    }
    const changes = this.#select(writes);
    this.#given = last.revision;
    if (changes.length > 0) this.#give(changes);
  }
}

const NOTHING: readonly never[] = [];
