import type { Item, Write } from './change.js';

/** How much of the past of one resource is kept. */
export interface HistoryLimits {
  /** At most so many writes of a resource are kept. */
  readonly count: number;
  /** At most about so many bytes of them. */
  readonly bytes: number;
}

/** So many of the newest writes keep their changes, and with them encoded forms; active watchers have had them by then. */
const FRESH = 256;

/**
 * The last writes of one resource, in order. It can bring a reader at revision r up to date when no write after r has
 * been dropped, that is when r >= floor. Each resource has its own, so a busy one cannot push out a quiet one's.
 */
export class History<I extends Item> {
  readonly #limits: HistoryLimits;
  /** Used as a queue: [head, length) is what is kept; the dropped part is cut off from time to time. */
  #writes: (Write<I> | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #floor: number;

  constructor(floor: number, limits: HistoryLimits) {
    this.#floor = floor;
    this.#limits = limits;
  }

  /** All writes after this revision are here. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#writes.length - this.#head;
  }

  /** Adds a write; the oldest go when there are too many. */
  push(write: Write<I>): void {
    this.#writes.push(write);
    this.#bytes += write.size;
    this.#writes[this.#writes.length - 1 - FRESH]?.age();
    while (this.size > this.#limits.count || (this.#bytes > this.#limits.bytes && this.size > 1)) this.#drop();
  }

  /** Drops writes up to and including a revision. */
  trim(revision: number): void {
    while (this.size > 0 && this.#at(this.#head).revision <= revision) this.#drop();
  }

  /** Up to `limit` writes after a revision, in order. */
  after(revision: number, limit = Number.POSITIVE_INFINITY): readonly Write<I>[] {
    const start = this.#position(revision);
    return this.#writes.slice(start, Math.min(start + limit, this.#writes.length)) as Write<I>[];
  }

  #drop(): void {
    const dropped = this.#at(this.#head);
    this.#writes[this.#head++] = undefined;
    this.#floor = dropped.revision;
    this.#bytes -= dropped.size;
    if (this.#head > 1024 && this.#head * 2 > this.#writes.length) {
      this.#writes = this.#writes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The index of the first write after a revision. */
  #position(revision: number): number {
    let low = this.#head;
    let high = this.#writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(index: number): Write<I> {
    return this.#writes[index] as Write<I>;
  }
}
