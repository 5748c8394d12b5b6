import type { Entry } from '../storage/storage.js';

/** One revision of an object. What else it holds is the business of who decodes it. Never changed once made. */
export interface Item {
  readonly key: string;
  readonly revision: number;
}

/** Makes an item of what storage holds. Must not throw. */
export type Decode<I extends Item> = (entry: Entry) => I;

/** What a watcher is told. One object for all watchers, so that whoever encodes it needs to do so once. */
export class Change<I extends Item> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** DELETED: the last form of the object, at the revision of the deletion. */
  readonly item: I;
  #forms: Map<string, Buffer> | undefined;

  constructor(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: I) {
    this.type = type;
    this.item = item;
  }

  /** Encoded forms, by a name the encoder chooses. Forgotten when the change is no longer new. */
  get forms(): Map<string, Buffer> {
    this.#forms ??= new Map();
    return this.#forms;
  }

  /** Forgets the encoded forms: they may be made again. */
  forget(): void {
    this.#forms = undefined;
  }
}

/**
 * One write to a key, and what it means to a watcher. It depends on the selector:
 *
 *     before \ after    matches     does not     deleted
 *     matches           MODIFIED    DELETED      DELETED
 *     does not          ADDED       -            -
 *
 * Each of the (at most three) changes is made on first need and then shared.
 */
export class Write<I extends Item> {
  readonly key: string;
  readonly revision: number;
  /** undefined: the key was deleted. */
  readonly item: I | undefined;
  readonly previous: I | undefined;
  readonly #decode: Decode<I>;
  readonly #before: Entry | undefined;
  #added: Change<I> | undefined;
  #modified: Change<I> | undefined;
  #deleted: Change<I> | undefined;

  /** @param before what storage held before: a DELETED change shows it at this write's revision */
  constructor(key: string, revision: number, item: I | undefined, previous: I | undefined, before: Entry | undefined, decode: Decode<I>) {
    this.key = key;
    this.revision = revision;
    this.item = item;
    this.previous = previous;
    this.#before = before;
    this.#decode = decode;
  }

  /** The bytes this write keeps in memory, roughly. */
  get size(): number {
    return 2 * (this.#before?.value.length ?? 0);
  }

  /** What a watcher is told; undefined: nothing. */
  change(match: ((item: I) => boolean) | undefined): Change<I> | undefined {
    const before = this.previous !== undefined && (match === undefined || match(this.previous));
    const after = this.item !== undefined && (match === undefined || match(this.item));
    if (after) return before ? this.#modification(this.item) : this.#addition(this.item);
    return before ? this.#deletion() : undefined;
  }

  /** Forgets encoded forms. */
  forget(): void {
    this.#added?.forget();
    this.#modified?.forget();
    this.#deleted?.forget();
  }

  #addition(item: I): Change<I> {
    this.#added ??= new Change('ADDED', item);
    return this.#added;
  }

  #modification(item: I): Change<I> {
    this.#modified ??= new Change('MODIFIED', item);
    return this.#modified;
  }

  #deletion(): Change<I> | undefined {
    if (!this.#before) return undefined;
    this.#deleted ??= new Change('DELETED', this.#decode({ key: this.key, value: this.#before.value, revision: this.revision }));
    return this.#deleted;
  }
}
