import type { Cache } from '../../src/watch/cache.js';
import type { Change, Item } from '../../src/watch/change.js';
import type { Sink, WatchOptions, Watcher } from '../../src/watch/watcher.js';

/** The simplest item: the text of the value. */
export interface TextItem extends Item {
  readonly text: string;
}

export function textItem({ key, value, revision }: { key: string; value: Buffer; revision: number }): TextItem {
  return { key, revision, text: value.toString(), size: value.length, at: (other) => textItem({ key, value, revision: other }) };
}

/** A sink that writes down what it is given, and is full when it is told to be. */
export class Recorder implements Sink<TextItem> {
  readonly batches: (readonly Change<TextItem>[])[] = [];
  readonly lines: string[] = [];
  full = false;
  expirations = 0;
  readonly #waiting: { until: () => boolean; resolve: () => void }[] = [];

  get changes(): Change<TextItem>[] {
    return this.batches.flat();
  }

  events(changes: readonly Change<TextItem>[]): boolean {
    this.batches.push(changes);
    for (const { type, item } of changes)
      this.lines.push(`${type} ${item.key.slice(item.key.lastIndexOf('/') + 1)}=${item.text}@${item.revision}`);
    this.#check();
    return !this.full;
  }

  initialized(revision: number): void {
    this.lines.push(`INITIALIZED @${revision}`);
    this.#check();
  }

  expired(): void {
    this.expirations++;
    this.lines.push('EXPIRED');
    this.#check();
  }

  /** Resolves when a condition holds after something was recorded. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ until: condition, resolve }));
  }

  #check(): void {
    for (const waiting of this.#waiting) if (waiting.until()) waiting.resolve();
  }
}

/** Watches, writing down what comes. */
export function record(
  cache: Cache<TextItem>,
  options: Omit<WatchOptions<TextItem>, 'sink' | 'prefix'> & { prefix?: string },
): { recorder: Recorder; watcher: Watcher<TextItem> } {
  const recorder = new Recorder();
  return { recorder, watcher: cache.watch({ prefix: cache.prefix, ...options, sink: recorder }) };
}

/** Lets everything that is due in this turn happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
