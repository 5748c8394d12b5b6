import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import type { ObjectItem } from '../registry/item.js';
import type { ListQuery } from '../registry/list.js';
import type { Store } from '../registry/store.js';
import { StorageError } from '../storage/storage.js';
import type { Change } from '../watch/change.js';
import type { Watcher } from '../watch/watcher.js';
import type { WatchEvent } from './client.js';

/** A consumer this far behind pauses its watcher, which then reads on from the history. */
const BUFFER = 1024;

/** Events of a store for a reader in the same process: the objects are those of the cache, frozen and not copied. */
export async function* watchLocally<T extends KubeObject>(
  store: Store,
  query: Pick<ListQuery, 'namespace' | 'resourceVersion'> & { matches: ((item: ObjectItem) => boolean) | undefined },
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<T>> {
  const pipe = new Pipe();
  const abort = () => pipe.end();
  const any = query.resourceVersion === '' || query.resourceVersion === '0';
  const { matches } = query;
  let watcher: Watcher<ObjectItem>;
  try {
    watcher = store.cache.watch({
      prefix: query.namespace === '' ? store.prefix : `${store.prefix}${query.namespace}/`,
      after: any ? 'now' : Number(query.resourceVersion),
      initial: any,
      match: matches && ((item) => matches(item.in(store.kind))),
      sink: pipe,
    });
  } catch (e) {
    throw e instanceof StorageError ? tooOld(query.resourceVersion) : e;
  }
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    for (;;) {
      const change = await pipe.next();
      if (!change) break;
      if (pipe.length === 0) watcher.resume();
      yield { type: change.type, object: change.item.in(store.kind).object as T };
    }
  } finally {
    watcher.stop();
    signal?.removeEventListener('abort', abort);
  }
  if (pipe.isExpired) throw tooOld(query.resourceVersion);
}

function tooOld(revision: string): errors.ApiError {
  return errors.expired(`too old resource version: ${revision}`);
}

/** From the pushing watcher to the pulling reader. */
class Pipe {
  #changes: Change<ObjectItem>[] = [];
  #at = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  isExpired = false;

  get length(): number {
    return this.#changes.length - this.#at;
  }
  events(changes: readonly Change<ObjectItem>[]): boolean {
    this.#changes.push(...changes);
    this.#wake?.();
    return this.length < BUFFER;
  }
  expired(): void {
    this.isExpired = true;
    this.end();
  }
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
  /** The next change; undefined: there will be none. */
  async next(): Promise<Change<ObjectItem> | undefined> {
    while (this.length === 0) {
      if (this.#ended) return undefined;
      this.#changes = [];
      this.#at = 0;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const change = this.#changes[this.#at++];
    // a reader that never quite catches up must not keep what it has read
    if (this.#at >= BUFFER) {
      this.#changes = this.#changes.slice(this.#at);
      this.#at = 0;
    }
    return change;
  }
}
