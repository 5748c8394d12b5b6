import { type Logger, silentLogger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { GroupCommit } from './group-commit.js';
import type { Medium, Operation } from './medium.js';
import { call, type Listener } from './listener.js';
import { before, merged, readHistory } from './past.js';
import { Readers } from './readers.js';
import {
  decodeEntry,
  decodeRevision,
  encodeEvent,
  encodeRevision,
  FLOOR_RECORD,
  type HistoryRecord,
  historyRecord,
  REVISION_RECORD,
  valueRecord,
} from './records.js';
import {
  type Capabilities,
  compareKeys,
  type Entry,
  prefixEnd,
  type Range,
  type RangeResult,
  type Storage,
  StorageError,
  type StorageEvent,
} from './storage.js';

/** History records removed by one batch of a compaction. */
const COMPACTION_STEP = 1000;
/** Records read at once. */
const CHUNK = 1000;
const KEY_PREFIX = /^\/(?:.*\/)?$/s;

/** A call that waits for its turn in a batch. `value` undefined: a deletion, after `last`; `expected` undefined: a creation. */
interface Write {
  readonly key: string;
  readonly value: Buffer | undefined;
  readonly last?: Buffer | undefined;
  readonly expected: number | undefined;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: StorageError) => void;
}

/** Removal of history up to and including `upTo`, as a part of a batch. */
interface Cut {
  readonly upTo: number;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: StorageError) => void;
}

interface Batch {
  readonly operations: Operation[];
  readonly events: StorageEvent[];
  /** Run once the batch is durable. */
  readonly settle: (() => void)[];
  readonly revision: number;
}

interface Subscription {
  readonly listener: Listener;
  /** While the past is read: batches that became durable meanwhile. */
  waiting: StorageEvent[] | undefined;
}

/**
 * Storage inside the process, over any medium that takes atomic batches. All semantics are here and written once.
 *
 * Writes queue up; while one batch is on its way to the disk the next collects (group-commit.ts). A batch is decided in the
 * order of arrival: each compare-and-swap sees the durable state plus the writes before it in the same batch. A write that
 * fails its comparison is answered with the batch too, since what it was compared with must be durable first.
 *
 *     queue:   create a, update b@5, create a            (the store is at revision 7)
 *     batch:   a → 8, b → 9, EXISTS a@8                  one LevelDB batch: k/a h/8 k/b h/9 m/revision=9
 *     durable: revision() is 9, subscribers get [8, 9], then the three promises settle
 */
export class EmbeddedStorage implements Storage {
  readonly supports: Capabilities;
  readonly #medium: Medium;
  readonly #logger: Logger;
  #revision: number;
  #floor: number;
  /** History records up to this one are known to be gone; below the floor after a compaction that failed. */
  #removed: number;
  readonly #queue: GroupCommit<Write | Cut>;
  /**
   * The keys of the batch on its way and what they hold before it: the medium may show the batch sooner than we may.
   */
  #hidden: ReadonlyMap<string, Entry | undefined> = new Map();
  /** The batch whose writing failed: it may be on the disk or not. */
  #uncertain: Batch | undefined;
  readonly #readers = new Readers();
  readonly #subscriptions = new Set<Subscription>();
  #closing: Promise<void> | undefined;

  /** The medium belongs to the storage from now on. */
  constructor(medium: Medium, logger: Logger = silentLogger) {
    this.#medium = medium;
    this.#logger = logger;
    this.#queue = new GroupCommit(
      (writes) => this.#commit(writes),
      (write) => ('key' in write ? (write.value ?? write.last ?? '').length : 0),
    );
    this.supports = { durable: medium.durable, shared: false };
    this.#revision = decodeRevision(medium.get(REVISION_RECORD));
    this.#floor = this.#removed = decodeRevision(medium.get(FLOOR_RECORD));
  }

  revision(): number {
    return this.#revision;
  }

  floor(): number {
    return this.#floor;
  }

  create(key: string, value: Buffer): Promise<number> {
    return this.#enqueue((resolve, reject) => ({ key, value, expected: undefined, resolve, reject }));
  }

  update(key: string, value: Buffer, expected: number): Promise<number> {
    return this.#enqueue((resolve, reject) => ({ key, value, expected, resolve, reject }));
  }

  delete(key: string, expected: number, last?: Buffer): Promise<number> {
    return this.#enqueue((resolve, reject) => ({ key, value: undefined, last, expected, resolve, reject }));
  }

  get(key: string): Promise<Entry | undefined> {
    return this.#read(async () => this.#visible(key));
  }

  async list(range: Range): Promise<RangeResult> {
    if (!KEY_PREFIX.test(range.prefix)) throw new RangeError(`a range must begin and end with "/": ${range.prefix}`);
    return this.#read(() => this.#list(range));
  }

  async subscribe(after: number, listener: Listener): Promise<() => void> {
    this.#assertOpen();
    const subscription: Subscription = { listener, waiting: [] };
    await this.#read(async () => {
      this.#assertReachable(after);
      this.#subscriptions.add(subscription);
      try {
        const past = await this.#events(after, subscription.waiting ?? []);
        for (let i = 0; i < past.length; i += CHUNK) listener(past.slice(i, i + CHUNK));
        if (subscription.waiting?.length) listener(subscription.waiting);
        subscription.waiting = undefined;
      } catch (error) {
        this.#subscriptions.delete(subscription);
        throw error;
      }
    });
    return () => void this.#subscriptions.delete(subscription);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (revision > this.#revision)
      throw new StorageError('FUTURE', `cannot compact to revision ${revision}: the present one is ${this.#revision}`);
    while (this.#floor < revision) {
      const upTo = Math.min(this.#floor + COMPACTION_STEP, revision);
      await this.#enqueue((resolve, reject) => ({ upTo, resolve, reject }));
    }
  }

  async check(): Promise<void> {
    await this.#read(() => this.#medium.check());
    // a cut that cuts nothing: it waits for the mending that every write begins with
    if (this.#uncertain) await this.#enqueue((resolve, reject) => ({ upTo: 0, resolve, reject }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#queue.idle();
    await this.#readers.idle();
    this.#subscriptions.clear();
    await this.#medium.close();
  }

  // --- writing

  #enqueue(make: (resolve: (revision: number) => void, reject: (error: StorageError) => void) => Write | Cut): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#assertOpen();
      this.#queue.add(make(resolve, reject));
    });
  }

  async #commit(writes: readonly (Write | Cut)[]): Promise<void> {
    let batch: Batch | undefined;
    try {
      if (this.#uncertain) await this.#recover(this.#uncertain);
      batch = this.#decide(writes);
      if (batch.operations.length > 0) {
        this.#hidden = before(batch.events);
        await this.#medium.write(batch.operations);
      }
    } catch (cause) {
      // a batch that was not even begun leaves the older doubt, if there is one
      this.#uncertain = batch ?? this.#uncertain;
      this.#logger.error('a write did not reach the disk', { error: cause });
      const error = new StorageError('UNAVAILABLE', `the write did not reach the disk: ${messageOf(cause)}`, { cause });
      for (const write of writes) write.reject(error);
      return;
    }
    this.#apply(batch);
    for (const settle of batch.settle) settle();
  }

  /** Decides every write, in order, against the durable state and the writes before it. */
  #decide(writes: readonly (Write | Cut)[]): Batch {
    const operations: Operation[] = [];
    const events: StorageEvent[] = [];
    const settle: (() => void)[] = [];
    const written = new Map<string, Entry | undefined>();
    let revision = this.#revision;
    for (const write of writes) {
      if ('upTo' in write) {
        operations.push(...this.#cut(write.upTo));
        settle.push(() => {
          this.#removed = Math.max(this.#removed, write.upTo);
          write.resolve(write.upTo);
        });
        continue;
      }
      const { key, value, last, expected } = write;
      const current = written.has(key) ? written.get(key) : this.#stored(key);
      if (current?.revision !== expected) {
        settle.push(() => write.reject(refusal(write, current)));
        continue;
      }
      if (last) events.push({ key, revision: ++revision, value: last, previous: current });
      const previous = last ? { key, value: last, revision } : current;
      const event: StorageEvent = { key, revision: ++revision, value, previous };
      written.set(key, value && { key, value, revision });
      events.push(event);
      settle.push(() => write.resolve(event.revision));
    }
    for (const event of events) operations.push(...encodeEvent(event));
    if (events.length > 0) operations.push({ key: REVISION_RECORD, value: encodeRevision(revision) });
    return { operations, events, settle, revision };
  }

  #cut(upTo: number): Operation[] {
    if (upTo <= this.#floor) return [];
    const operations: Operation[] = [{ key: FLOOR_RECORD, value: encodeRevision(upTo) }];
    for (let r = this.#removed + 1; r <= upTo; r++) operations.push({ key: historyRecord(r), value: undefined });
    // Raised before the records go: a reader that starts while the batch is on its way must not rely on them. Should the
    // batch fail, some history is refused although it is still there.
    this.#floor = upTo;
    return operations;
  }

  #apply(batch: Batch): void {
    this.#hidden = new Map();
    this.#revision = batch.revision;
    if (batch.events.length === 0) return;
    for (const subscription of this.#subscriptions) {
      if (subscription.waiting) subscription.waiting.push(...batch.events);
      else call(subscription.listener, batch.events);
    }
  }

  /** After a failed write: opens the medium anew and finds out whether the batch got there after all. */
  async #recover(uncertain: Batch): Promise<void> {
    // no reader may be inside while the medium is closed for a moment
    await this.#readers.exclude(() => this.#medium.reopen());
    const found = decodeRevision(this.#medium.get(REVISION_RECORD));
    if (found === uncertain.revision) this.#apply(uncertain);
    else if (found !== this.#revision)
      throw new StorageError('FOREIGN', `revision ${found} was found where ${this.#revision} was written last`);
    this.#hidden = new Map();
    this.#uncertain = undefined;
    this.#logger.info('the store takes writes again', { revision: this.#revision });
  }

  // --- reading

  /** Runs `read`, whose synchronous start sees one state of the medium, while the medium is not being reopened. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await this.#readers.run(() => {
        this.#assertOpen();
        return read();
      });
    } catch (cause) {
      if (cause instanceof StorageError) throw cause;
      throw new StorageError('UNAVAILABLE', `cannot read: ${messageOf(cause)}`, { cause });
    }
  }

  #stored(key: string): Entry | undefined {
    const record = this.#medium.get(valueRecord(key));
    return record && decodeEntry(key, record);
  }

  /** What the key holds at the visible revision. */
  #visible(key: string): Entry | undefined {
    return this.#hidden.has(key) ? this.#hidden.get(key) : this.#stored(key);
  }

  async #list({ prefix, after = '', limit = Number.POSITIVE_INFINITY, revision }: Range): Promise<RangeResult> {
    const at = revision ?? this.#revision;
    this.#assertReachable(at);
    const from = compareKeys(after, prefix) < 0 ? prefix : `${after}\0`;
    const scan = this.#medium.scan(valueRecord(from), valueRecord(prefixEnd(prefix)));
    try {
      const within = (key: string) => compareKeys(key, from) >= 0 && key.startsWith(prefix);
      const undone = await this.#undone(at, within);
      const entries: Entry[] = [];
      for await (const entry of merged(scan, undone, Math.min(limit + 1, CHUNK))) {
        if (entries.length === limit) return { entries, revision: at, more: true };
        entries.push(entry);
      }
      return { entries, revision: at, more: false };
    } finally {
      await scan.close();
    }
  }

  /** What keys written after `at` held at that revision; undefined: they did not exist. */
  async #undone(at: number, within: (key: string) => boolean): Promise<Map<string, Entry | undefined>> {
    const hidden = this.#hidden;
    const undone = new Map<string, Entry | undefined>();
    const undo = (key: string, previous: Entry | undefined) => {
      if (!undone.has(key) && within(key)) undone.set(key, previous);
    };
    if (at < this.#revision) await readHistory(this.#medium, at, ({ key, previous }) => undo(key, previous));
    for (const [key, previous] of hidden) undo(key, previous);
    return undone;
  }

  /**
   * The events after `after` up to the visible revision. The value a write left behind is what the next write of the key
   * found, so the records are gone through from the newest back; the newest of each key left the present value.
   * @param waiting events that became durable while the history was read
   */
  async #events(after: number, waiting: readonly StorageEvent[]): Promise<StorageEvent[]> {
    const until = this.#revision;
    const records: HistoryRecord[] = [];
    if (after < until) await readHistory(this.#medium, after, (record) => record.revision <= until && records.push(record));
    // no wait from here on: the state at `until` is that of now without what came since
    const left = before(waiting);
    const events: StorageEvent[] = [];
    for (const { key, revision, deleted, previous } of records.reverse()) {
      const value = deleted ? undefined : (left.has(key) ? left.get(key) : this.#visible(key))?.value;
      events.push({ key, revision, value, previous });
      left.set(key, previous);
    }
    return events.reverse();
  }

  #assertOpen(): void {
    if (this.#closing) throw new StorageError('CLOSED', 'the store is closed');
  }

  #assertReachable(revision: number): void {
    if (revision > this.#revision)
      throw new StorageError('FUTURE', `revision ${revision} is in the future: the present one is ${this.#revision}`);
    if (revision < this.#floor)
      throw new StorageError('COMPACTED', `revision ${revision} has been compacted: the oldest one is ${this.#floor}`);
  }
}

function refusal(write: Write, current: Entry | undefined): StorageError {
  if (write.expected === undefined) return new StorageError('EXISTS', `${write.key} exists`, { current });
  const found = current ? `is at revision ${current.revision}` : 'does not exist';
  return new StorageError('CONFLICT', `${write.key} ${found}, not at revision ${write.expected}`, { current });
}
