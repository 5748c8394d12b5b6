import type { Range, Storage } from './storage.js';

/** What was done, to which key (or keys with which prefix), and how long it took. */
export type StorageObserver = (operation: 'get' | 'list' | 'create' | 'update' | 'delete', key: string, seconds: number) => void;

/** The same store, with an observer of every request that reaches it, whether it succeeds or not. */
export function measured(storage: Storage, observe: StorageObserver): Storage {
  function timed<T>(operation: Parameters<StorageObserver>[0], key: string, act: () => Promise<T>): Promise<T> {
    const began = performance.now();
    return act().finally(() => observe(operation, key, (performance.now() - began) / 1000));
  }
  return {
    supports: storage.supports,
    create: (key, value) => timed('create', key, () => storage.create(key, value)),
    update: (key, value, expected) => timed('update', key, () => storage.update(key, value, expected)),
    delete: (key, expected, last) => timed('delete', key, () => storage.delete(key, expected, last)),
    get: (key) => timed('get', key, () => storage.get(key)),
    list: (range: Range) => timed('list', range.prefix, () => storage.list(range)),
    revision: () => storage.revision(),
    floor: () => storage.floor(),
    subscribe: (after, listener) => storage.subscribe(after, listener),
    compact: (revision) => storage.compact(revision),
    check: () => storage.check(),
    close: () => storage.close(),
  };
}
