/** At most so many items, and about so many bytes, share a batch: a larger one would only make all of them wait. */
const BATCH_ITEMS = 2048;
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Collects items while one batch is on its way and hands them on together, in the order of arrival: so writes that come at
 * the same time share one fsync, and there is never more than one batch on its way.
 */
export class GroupCommit<T> {
  readonly #commit: (batch: readonly T[]) => Promise<void>;
  readonly #sizeOf: (item: T) => number;
  #queue: T[] = [];
  #running: Promise<void> | undefined;

  /** @param commit must not reject @param sizeOf the bytes an item adds to its batch */
  constructor(commit: (batch: readonly T[]) => Promise<void>, sizeOf: (item: T) => number) {
    this.#commit = commit;
    this.#sizeOf = sizeOf;
  }

  /** Puts a write into the next batch. */
  add(item: T): void {
    this.#queue.push(item);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits or is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // all items of this turn of the event loop go into the first batch
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#commit(this.#take());
    this.#running = undefined;
  }

  #take(): T[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.#queue) {
      bytes += this.#sizeOf(item);
      if (count > 0 && (bytes > BATCH_BYTES || count >= BATCH_ITEMS)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}
