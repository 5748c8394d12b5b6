// Keeps a local copy of a resource: one list, then a watch that goes on from the last resourceVersion for as long as the
// server's history reaches, and a new list when it does not.
import { isApiError } from '../api/meta/errors.js';
import { type KubeObject, qualified, type Resource } from '../api/meta/object.js';
import { type Clock, sleep } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import type { Client, ListOptions, WatchEvent } from './client.js';
import { type IndexFunction, keyOf, ObjectStore, type Store } from './store.js';

/**
 * What an informer tells. Calls come one after the other in the order of the changes, after the store has changed, and must
 * not block: do work elsewhere. An object deleted and created again under its name is a delete and an add, never an update.
 */
export interface InformerHandler<T extends KubeObject> {
  add?(object: T): void;
  update?(old: T, object: T): void;
  /** `object` is the last state known, which may be older than the last there was when a watch was interrupted. */
  delete?(object: T): void;
}

/** What an informer follows. */
export interface InformerOptions<T extends KubeObject> {
  readonly client: Pick<Client, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Narrows what is listed and watched; default: everything. */
  readonly select?: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
  /** What of an object is kept and shown to handlers; default: all of it. Namespace, name, uid and resourceVersion must stay. */
  readonly keep?: (object: T) => T;
}

/** client-go's reflector waits like this between failures: doubled each time, up to twice as long by chance. */
const FIRST_DELAY = 800;
const LAST_DELAY = 30_000;
/** A watch that ends sooner, with nothing received, counts as a failure. */
const SHORT_WATCH = 1_000;

/** A copy of a resource, and those who are told when it changes. */
export class Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  /** True once the first list has arrived; false when the informer was stopped before. */
  readonly synced: Promise<boolean>;
  readonly #options: InformerOptions<T>;
  readonly #store = new ObjectStore<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  #settle: (synced: boolean) => void = () => undefined;
  #hasSynced = false;
  #resourceVersion: string | undefined;
  #failures = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.resource = options.resource;
    this.synced = new Promise((resolve) => (this.#settle = resolve));
  }

  /** What is known of the objects; complete once it has synced. */
  get store(): Store<T> {
    return this.#store;
  }

  /** Whether all objects that were there at the start are known. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** The state of the store is that of this revision; undefined before the first list and while a new list is needed. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Has the store find objects by the values that `of` gives. */
  addIndex(name: string, of: IndexFunction<T>): void {
    this.#store.addIndex(name, of);
  }

  /** Tells the handler about what is there, then about every change. @returns a function that removes it */
  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    if (handler.add) for (const object of this.#store.list()) this.#call(() => handler.add?.(object));
    return () => void this.#handlers.delete(handler);
  }

  /** Runs until the signal is aborted. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        await this.#recover(error, signal);
      }
    }
    this.#settle(this.#hasSynced);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const lost = isApiError(error, 'Expired') || isApiError(error, 'Gone');
    if (lost) this.#resourceVersion = undefined;
    this.#options.logger.debug('informer starts again', {
      resource: qualified(this.resource),
      error: messageOf(error),
    });
    // history that does not reach is no fault of the server: the first new list need not wait
    if (lost && this.#failures++ === 0) return;
    await this.#pause(signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const delay = Math.min(FIRST_DELAY * 2 ** Math.min(this.#failures++, 16), LAST_DELAY);
    await sleep(this.#options.clock, delay * (1 + this.#options.random()), signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const list = await this.#options.client.list(this.resource, { ...this.#options.select, signal });
    const gone = new Set(this.#store.keys());
    for (const object of list.items) {
      const key = keyOf(object);
      gone.delete(key);
      this.#put(key, this.#kept(object));
    }
    for (const key of gone) this.#remove(key);
    this.#resourceVersion = list.metadata.resourceVersion ?? '0';
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#settle(true);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock, select } = this.#options;
    const began = clock.now();
    let received = false;
    for await (const event of client.watch(this.resource, {
      ...select,
      ...(this.#resourceVersion !== undefined && { resourceVersion: this.#resourceVersion }),
      signal,
    })) {
      if (signal.aborted) return;
      received = true;
      this.#failures = 0;
      this.#take(event);
    }
    if (!received && !signal.aborted && clock.now() - began < SHORT_WATCH) await this.#pause(signal);
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'DELETED') this.#remove(keyOf(event.object), this.#kept(event.object));
    else if (event.type !== 'BOOKMARK') this.#put(keyOf(event.object), this.#kept(event.object));
    this.#resourceVersion = event.object.metadata.resourceVersion;
  }

  #kept(object: T): T {
    return this.#options.keep?.(object) ?? object;
  }

  #put(key: string, object: T): void {
    const old = this.#store.get(key);
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.#remove(key);
      this.#put(key, object);
      return;
    }
    if (old && old.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.#store.set(key, object);
    for (const handler of this.#handlers) this.#call(() => (old ? handler.update?.(old, object) : handler.add?.(object)));
  }

  #remove(key: string, last?: T): void {
    const known = this.#store.delete(key);
    if (!known) return;
    for (const handler of this.#handlers) this.#call(() => handler.delete?.(last ?? known));
  }

  #call(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#options.logger.error('an informer handler failed', { resource: qualified(this.resource), error });
    }
  }
}
