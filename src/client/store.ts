// The objects an informer knows, with indexes. Objects are shared with whoever made them and never copied.
import type { ObjectKey } from '../api/context.js';
import type { KubeObject } from '../api/meta/object.js';

/** The key of an object in stores and queues: `namespace/name`, or `name` for a kind without namespaces. */
export function keyOf(object: {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
}): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : (name ?? '');
}

/** The parts of a key made by `keyOf`. */
export function splitKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The values under which an index finds an object; undefined or empty: not at all. */
export type IndexFunction<T> = (object: T) => string | readonly string[] | undefined;

/** The read side of a store. Objects are frozen: copy before changing. */
export interface Store<T extends KubeObject> {
  readonly size: number;
  get(key: string): T | undefined;
  /** All objects, or those of a namespace. */
  list(namespace?: string): readonly T[];
  /** The objects an index has under `value`. @throws Error when there is no index of that name */
  byIndex(index: string, value: string): readonly T[];
}

interface Index<T> {
  readonly of: IndexFunction<T>;
  readonly entries: Map<string, Map<string, T>>;
}

/** A store that can be written; only its informer does. */
export class ObjectStore<T extends KubeObject> implements Store<T> {
  readonly #objects = new Map<string, T>();
  readonly #namespaces = new Map<string, Map<string, T>>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (!namespace) return [...this.#objects.values()];
    return [...(this.#namespaces.get(namespace)?.values() ?? [])];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (!found) throw new Error(`there is no index ${index}`);
    return [...(found.entries.get(value)?.values() ?? [])];
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Adds an index, which takes in what is there already. A second index of the same name is taken to be the same one. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { of, entries: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) for (const value of values(of, object)) put(index.entries, value, key, object);
  }

  /** @returns the object that was there before */
  set(key: string, object: T): T | undefined {
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    put(this.#namespaces, object.metadata.namespace ?? '', key, object);
    for (const index of this.#indexes.values()) {
      const next = values(index.of, object);
      if (old) for (const value of values(index.of, old)) if (!next.includes(value)) drop(index.entries, value, key);
      for (const value of next) put(index.entries, value, key, object);
    }
    return old;
  }

  /** @returns the object that was there */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (!old) return undefined;
    this.#objects.delete(key);
    drop(this.#namespaces, old.metadata.namespace ?? '', key);
    for (const index of this.#indexes.values()) for (const value of values(index.of, old)) drop(index.entries, value, key);
    return old;
  }
}

const NONE: readonly string[] = [];

function values<T>(of: IndexFunction<T>, object: T): readonly string[] {
  const value = of(object);
  return value === undefined ? NONE : typeof value === 'string' ? [value] : value;
}

function put<T>(groups: Map<string, Map<string, T>>, group: string, key: string, object: T): void {
  let members = groups.get(group);
  if (!members) groups.set(group, (members = new Map()));
  members.set(key, object);
}

function drop<T>(groups: Map<string, Map<string, T>>, group: string, key: string): void {
  const members = groups.get(group);
  if (!members?.delete(key)) return;
  if (members.size === 0) groups.delete(group);
}
