/** A binary heap whose entries can be taken out by key. `before` tells whether a comes out earlier than b. */
export class KeyedHeap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();
  readonly #key: (item: T) => string;
  readonly #before: (a: T, b: T) => boolean;

  constructor(key: (item: T) => string, before: (a: T, b: T) => boolean) {
    this.#key = key;
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#items[place];
  }

  /** The first item, which stays. */
  peek(): T | undefined {
    return this.#items[0];
  }

  items(): readonly T[] {
    return this.#items;
  }

  /** Adds an item, or replaces the one with its key. */
  push(item: T): void {
    const place = this.#places.get(this.#key(item)) ?? this.#items.length;
    this.#set(place, item);
    this.#settle(place);
  }

  /** Takes the first item out. */
  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(this.#key(first));
    return first;
  }

  /** Takes the item of a key out. */
  remove(key: string): T | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const item = this.#items[place] as T;
    const last = this.#items.pop() as T;
    this.#places.delete(key);
    if (place < this.#items.length) {
      this.#set(place, last);
      this.#settle(place);
    }
    return item;
  }

  #set(place: number, item: T): void {
    this.#items[place] = item;
    this.#places.set(this.#key(item), place);
  }

  #settle(start: number): void {
    let place = start;
    const item = this.#items[place] as T;
    for (let parent = (place - 1) >> 1; place > 0 && this.#before(item, this.#items[parent] as T); parent = (place - 1) >> 1) {
      this.#set(place, this.#items[parent] as T);
      place = parent;
    }
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#items.length) break;
      const right = child + 1;
      if (right < this.#items.length && this.#before(this.#items[right] as T, this.#items[child] as T)) child = right;
      if (!this.#before(this.#items[child] as T, item)) break;
      this.#set(place, this.#items[child] as T);
      place = child;
    }
    this.#set(place, item);
  }
}
