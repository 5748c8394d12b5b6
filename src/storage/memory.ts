import { EmbeddedStorage } from './embedded.js';
import type { Medium, Operation, Row, Scan } from './medium.js';
import { compareKeys, type Storage } from './storage.js';

/** A store that is gone with the process: for tests and throw-away clusters. */
export function openMemory(): Storage {
  return new EmbeddedStorage(new MemoryMedium());
}

/** Records in memory. Lost with the process, but atomic and ordered as on a disk. */
export class MemoryMedium implements Medium {
  readonly durable = false;
  /** By first letter of the key, so that appending history does not move the values. */
  readonly #spaces = new Map<string, SortedRows>();

  get(key: string): Buffer | undefined {
    return this.#space(key).get(key);
  }

  async write(batch: readonly Operation[]): Promise<void> {
    for (const { key, value } of batch) {
      if (value === undefined) this.#space(key).remove(key);
      else this.#space(key).put(key, value);
    }
  }

  scan(from: string, to: string): Scan {
    const rows = this.#space(from).range(from, to);
    let at = 0;
    return {
      async next(limit) {
        const chunk = rows.slice(at, at + limit);
        at += chunk.length;
        return chunk;
      },
      async close() {},
    };
  }

  async reopen(): Promise<void> {}

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.#spaces.clear();
  }

  #space(key: string): SortedRows {
    const name = key.slice(0, 1);
    let space = this.#spaces.get(name);
    if (!space) this.#spaces.set(name, (space = new SortedRows()));
    return space;
  }
}

class SortedRows {
  readonly #values = new Map<string, Row>();
  readonly #rows: Row[] = [];

  get(key: string): Buffer | undefined {
    return this.#values.get(key)?.[1];
  }

  put(key: string, value: Buffer): void {
    const row: Row = [key, value];
    this.#rows.splice(this.#position(key), this.#values.has(key) ? 1 : 0, row);
    this.#values.set(key, row);
  }

  remove(key: string): void {
    if (this.#values.delete(key)) this.#rows.splice(this.#position(key), 1);
  }

  /** A copy: later writes do not show in it. */
  range(from: string, to: string): readonly Row[] {
    return this.#rows.slice(this.#position(from), this.#position(to));
  }

  /** The index of the first row not before `key`. */
  #position(key: string): number {
    const last = this.#rows.at(-1);
    if (last === undefined || compareKeys(last[0], key) < 0) return this.#rows.length;
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys((this.#rows[middle] as Row)[0], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
