// Objects that last for a time: events. Their time begins anew with every write, as the leases of etcd do that upstream
// gives them.
import type { KubeObject } from '../api/meta/object.js';
import { type Storage, StorageError } from '../storage/storage.js';
import type { Clock, Timer } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { ObjectItem } from './item.js';
import type { Store } from './store.js';

/** Which objects go, and when. */
export interface ExpiryOptions {
  readonly store: Store;
  readonly storage: Storage;
  /** Milliseconds from the last write on. */
  readonly ttl: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How late an object may go: upstream lets one lease serve all writes of a minute, but of no more than a part of the time. */
const LATEST_MS = 60_000;
const LATEST_PART = 0.05;
const SHORTEST_ROUND_MS = 1000;
/** So many removals are under way at once. */
const BATCH = 100;

/**
 * Removes objects whose time is over, whatever finalizers they have; watchers are told. When an object was written is told
 * by its revision: now and then the present one is noted. Of objects older than this process their own times tell it.
 * @returns a function that ends it and waits for removals under way
 */
export function startExpiry(options: ExpiryOptions): () => Promise<void> {
  const { clock, logger, ttl } = options;
  const expiry = new Expiry(options);
  const interval = Math.max(SHORTEST_ROUND_MS, Math.min(LATEST_MS, ttl * LATEST_PART));
  let running = Promise.resolve();
  let timer: Timer | undefined;
  const schedule = () => {
    timer = clock.after(interval, () => {
      running = expiry
        .round()
        .catch((error: unknown) => {
          // what stays is removed in the next round
          if (!(error instanceof StorageError && error.code === 'CLOSED')) logger.error('cannot remove what has expired', { error });
        })
        .then(() => {
          if (timer) schedule();
        });
    });
  };
  schedule();
  return () => {
    timer?.cancel();
    timer = undefined;
    return running;
  };
}

class Expiry {
  readonly #options: ExpiryOptions;
  readonly #startRevision: number;
  #notes: { readonly at: number; readonly revision: number }[];
  /** When the objects of earlier processes expire, by key; made by the first round. */
  #inherited: Map<string, number> | undefined;

  constructor(options: ExpiryOptions) {
    this.#options = options;
    this.#startRevision = options.storage.revision();
    this.#notes = [{ at: options.clock.now(), revision: this.#startRevision }];
  }

  async round(): Promise<void> {
    const { store, storage, clock, ttl } = this.#options;
    const now = clock.now();
    const items = store.cache.range(store.prefix);
    this.#inherited ??= new Map(items.filter((item) => this.#isInherited(item)).map((item) => [item.key, writtenAt(item.parsed) + ttl]));
    const old = this.#notes.findLast((note) => note.at <= now - ttl);
    this.#notes = this.#notes.filter((note) => old === undefined || note.at > old.at);
    this.#notes.push({ at: now, revision: storage.revision() });
    const limit = old?.revision ?? 0;
    const expired = items.filter(
      (item) => item.revision <= limit || (this.#isInherited(item) && (this.#inherited?.get(item.key) ?? now) <= now),
    );
    if (old) this.#inherited.clear();
    for (let i = 0; i < expired.length; i += BATCH) await Promise.all(expired.slice(i, i + BATCH).map((item) => store.expire(item)));
  }

  #isInherited(item: ObjectItem): boolean {
    return item.revision <= this.#startRevision;
  }
}

/** When an object was written last, as far as it says so itself. */
function writtenAt({ metadata }: Readonly<KubeObject>): number {
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)];
  return Math.max(...times.map((time) => Date.parse(time ?? '') || 0));
}
