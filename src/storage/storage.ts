// Storage knows keys, values and revisions; it knows nothing of HTTP or kinds.
//
// Rules: a write is one atomic batch that holds the new value, its history record and the counter, so revisions have no
// gaps; nobody sees a write before it is durable; a past state is the present one with younger events undone; every read
// is bounded by a range; a directory that is not ours, or is damaged, is refused and left as it is.
//
// Start here (the contract), then embedded.ts (semantics: commit pipeline, past reads, compaction) with records.ts (layout)
// and past.ts, medium.ts (what that needs below it) and its two implementations level.ts and memory.ts. inspect.ts judges
// a data directory before LevelDB may touch it, lock.ts keeps it for one. compactor.ts decides how much history is kept.
// Contract tests: test/suites/storage.ts.

/** What a key holds since `revision`. `value` must not be modified by anybody. */
export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  /** The revision of the last write to the key. */
  readonly revision: number;
}

/** One write, in the order of revisions. */
export interface StorageEvent {
  readonly key: string;
  readonly revision: number;
  /** What the write put there; undefined: the key was deleted. */
  readonly value: Buffer | undefined;
  /** What was there before; undefined: the key was created. */
  readonly previous: Entry | undefined;
}

/** Why storage refuses. */
export type StorageErrorCode =
  /** create: the key exists. `current` holds it. */
  | 'EXISTS'
  /** update, delete: the key is not at the expected revision. `current` holds what is there, undefined: nothing. */
  | 'CONFLICT'
  /** The revision asked for lies below the compaction floor. */
  | 'COMPACTED'
  /** The revision asked for lies in the future. */
  | 'FUTURE'
  /** Another process uses the directory. */
  | 'LOCKED'
  /** The directory is not a kubemu store, is of another format, or is damaged. It was left as it is. */
  | 'FOREIGN'
  /** The write did not reach the disk. It may be repeated once the cause (full disk …) is gone. */
  | 'UNAVAILABLE'
  /** The store is closed. */
  | 'CLOSED';

/** The only errors storage throws on purpose. `code` is stable, the text is not. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;
  readonly current: Entry | undefined;
  constructor(code: StorageErrorCode, message: string, options?: { current?: Entry | undefined; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.current = options?.current;
  }
}

/** Which keys, and in which state. */
export interface Range {
  /** Every key that begins with this; must end in '/'. */
  readonly prefix: string;
  /** Only keys after this one (exclusive). */
  readonly after?: string;
  /** At most so many; undefined: all. */
  readonly limit?: number;
  /** The state at this revision; undefined: the present. COMPACTED or FUTURE when it cannot be had. */
  readonly revision?: number;
}

/** What a range holds. */
export interface RangeResult {
  /** In the order of the keys (by bytes). */
  readonly entries: readonly Entry[];
  /** The revision of the state that was read. */
  readonly revision: number;
  /** There are more keys behind the last one. */
  readonly more: boolean;
}

/** What a backend can do; suites skip by this, never by name. */
export interface Capabilities {
  /** Acknowledged writes are there after a crash and a reopening. */
  readonly durable: boolean;
  /** Other processes may write too. */
  readonly shared: boolean;
}

/**
 * An ordered store of small values with one revision counter for all keys. Every successful write takes exactly the next
 * revision (a deletion with a last state: the next two). A write is durable before its promise settles, before `get` and `list` show it and before a subscriber sees
 * it. Keys look like `/registry/pods/default/web-1`.
 */
export interface Storage {
  readonly supports: Capabilities;
  /** @returns the new revision @throws StorageError EXISTS, UNAVAILABLE, CLOSED */
  create(key: string, value: Buffer): Promise<number>;
  /** Replaces what the key holds since revision `expected`. @throws StorageError CONFLICT, UNAVAILABLE, CLOSED */
  update(key: string, value: Buffer, expected: number): Promise<number>;
  /**
   * Removes what the key holds since revision `expected`.
   * @param last a state that the key takes right before, with a revision and an event of its own, in the same batch
   * @returns the revision of the deletion
   * @throws StorageError CONFLICT, UNAVAILABLE, CLOSED
   */
  delete(key: string, expected: number, last?: Buffer): Promise<number>;
  get(key: string): Promise<Entry | undefined>;
  list(range: Range): Promise<RangeResult>;
  /** The revision of the last visible write; 0: none yet. */
  revision(): number;
  /** Events up to and including this revision are gone; a subscription may begin after it. */
  floor(): number;
  /**
   * Calls `listener` with all events after revision `after`, first those of the past, then each batch as it becomes
   * durable, in order, without gap or repetition. The listener must not throw and must not wait. The past is delivered
   * before the promise settles.
   * @returns a function that ends the subscription @throws StorageError COMPACTED, FUTURE, CLOSED
   */
  subscribe(after: number, listener: (events: readonly StorageEvent[]) => void): Promise<() => void>;
  /** Forgets events up to and including `revision` (not above the present one), in small batches. Current values stay. */
  compact(revision: number): Promise<void>;
  /** Whether writes can be expected to succeed; after one that failed, tries to mend that. @throws StorageError UNAVAILABLE, CLOSED */
  check(): Promise<void>;
  /** Waits for writes under way, then releases everything. Later calls fail with CLOSED. */
  close(): Promise<void>;
}

/**
 * The order of keys: by the bytes of their UTF-8 form. `<` on strings differs from it where surrogates (characters beyond
 * U+FFFF) meet U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // a surrogate stands for a character behind every one that is a single unit
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return (unit & 0xf800) === 0xd800;
}

/** The first key behind all keys that begin with `prefix` (which must end in '/'). */
export function prefixEnd(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
