import type { Entry } from '../storage/storage.js';

/** One revision of an object. What else it holds is the business of who decodes it. Never changed once made. */
export interface Item {
  readonly key: string;
  readonly revision: number;
  /** The bytes it keeps in memory, roughly. */
  readonly size: number;
  /** The same state at another revision: a deletion shows the last state at its own. */
  at(revision: number): Item;
}

/** Makes an item of what storage holds. Must not throw. */
export type Decode<I extends Item> = (entry: Entry) => I;

/** As watch events name it. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What a watcher is told. One object for all watchers, so that whoever encodes it needs to do so once. */
export class Change<I extends Item> {
  readonly type: ChangeType;
  /** DELETED: the last form of the object, at the revision of the deletion. */
  readonly item: I;
  #forms: Map<string, Buffer> | undefined;

  constructor(type: ChangeType, item: I) {
    this.type = type;
    this.item = item;
  }

  /** Encoded forms, by a name the encoder chooses. */
  get forms(): Map<string, Buffer> {
    this.#forms ??= new Map();
    return this.#forms;
  }
}

/**
 * One write to a key, and what it means to a watcher. It depends on the selector:
 *
 *     before \ after    matches     does not     deleted
 *     matches           MODIFIED    DELETED      DELETED
 *     does not          ADDED       -            -
 *
 * Each of the (at most three) changes is made on first need, and shared while the write is new.
 */
export class Write<I extends Item> {
  readonly key: string;
  readonly revision: number;
  /** undefined: the key was deleted. */
  readonly item: I | undefined;
  readonly previous: I | undefined;
  /** Made and shared while the write is new; undefined: it no longer is. */
  #changes: Map<ChangeType, Change<I>> | undefined = new Map();

  constructor(key: string, revision: number, item: I | undefined, previous: I | undefined) {
    this.key = key;
    this.revision = revision;
    this.item = item;
    this.previous = previous;
  }

  /** The bytes this write keeps in memory, roughly. */
  get size(): number {
    return this.previous?.size ?? 0;
  }

  /** What a watcher is told; undefined: nothing. */
  change(match: ((item: I) => boolean) | undefined): Change<I> | undefined {
    const before = this.previous !== undefined && (match === undefined || match(this.previous));
    const after = this.item !== undefined && (match === undefined || match(this.item));
    if (after) return this.#change(before ? 'MODIFIED' : 'ADDED');
    return before ? this.#change('DELETED') : undefined;
  }

  /** The write is no longer new: its changes are made for each watcher that still asks, and not kept. */
  age(): void {
    this.#changes = undefined;
  }

  #change(type: ChangeType): Change<I> {
    const made = this.#changes?.get(type) ?? new Change(type, (type === 'DELETED' ? this.previous?.at(this.revision) : this.item) as I);
    this.#changes?.set(type, made);
    return made;
  }
}
