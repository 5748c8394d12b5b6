import type { Definition } from '../api/definition.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { normalize } from '../api/schema/decode.js';
import { objectType } from '../api/schema/types.js';
import type { Entry } from '../storage/storage.js';
import { inKeyOrder } from '../util/json.js';
import { encode } from './metadata.js';
import { readJson, writeJson } from '../util/exact-json.js';

const UID = Buffer.from('"uid":"');
const UID_LENGTH = 36;
/** Stands right behind the uid. */
const VERSION = Buffer.from('"resourceVersion":"');
const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Keeps the parsed form of the objects used last, so that memory holds texts and not objects. A bounded ring: an item
 * pushed out forgets its object and parses again when it is asked.
 */
export class HotObjects {
  readonly #ring: (ObjectItem | undefined)[];
  #next = 0;
  constructor(size = 1024) {
    this.#ring = Array.from({ length: size });
  }
  /** An item was parsed: it keeps its object, and the one that was parsed longest ago forgets its own. */
  keep(item: ObjectItem): void {
    this.#ring[this.#next]?.cool();
    this.#ring[this.#next] = item;
    this.#next = (this.#next + 1) % this.#ring.length;
  }
}

/** What all items of a resource share. */
export interface ItemKind {
  readonly definition: Definition;
  readonly hot: HotObjects;
}

/**
 * One revision of an object: its JSON text, complete with resourceVersion, made once; and what selectors need. The
 * parsed object is made on demand and frozen. All of it is shared by readers, watchers and in-process clients.
 */
export class ObjectItem {
  readonly key: string;
  readonly revision: number;
  /** Complete JSON: `{"kind":…,"apiVersion":…,"metadata":{…},…}`. */
  readonly text: Buffer;
  readonly kind: ItemKind;
  /** The text as it is stored, where something was completed. */
  readonly #stored: Buffer | undefined;
  #object: KubeObject | undefined;
  #labels: Readonly<Record<string, string>> | undefined;
  #fields: Readonly<Record<string, string>> | undefined;
  #other: ObjectItem | undefined;
  #sorted: Buffer | undefined;

  /** @param object what parsing the text would give, where it is known; it belongs to the item from now on */
  constructor(kind: ItemKind, key: string, revision: number, text: Buffer, object?: KubeObject) {
    const whole = completed(kind.definition, text, object);
    this.kind = kind;
    this.key = key;
    this.revision = revision;
    this.text = whole ? encode(whole) : text;
    this.#stored = whole && text;
    if (object) {
      this.#object = whole ?? object;
      kind.hot.keep(this);
    }
  }

  /** Whether the stored text lacks what the definition's `complete` has filled in here. */
  get completed(): boolean {
    return this.#stored !== undefined;
  }

  get name(): string {
    return this.key.slice(this.key.lastIndexOf('/') + 1);
  }
  /** "" for cluster-scoped kinds. */
  get namespace(): string {
    if (!this.kind.definition.namespaced) return '';
    const end = this.key.lastIndexOf('/');
    return this.key.slice(this.key.lastIndexOf('/', end - 1) + 1, end);
  }
  /** The parsed object, frozen through and through: for readers in the same process, who keep it. */
  get object(): KubeObject {
    const object = this.parsed;
    if (!Object.isFrozen(object)) deepFreeze(object);
    return object as KubeObject;
  }
  /** The same without the cost of freezing: for those who only look at it. */
  get parsed(): Readonly<KubeObject> {
    if (this.#object === undefined) {
      this.#object = readJson(this.text.toString()) as KubeObject;
      this.kind.hot.keep(this);
    }
    return this.#object;
  }
  /** The text as clients get it: upstream has custom resources in maps, so their fields are sorted. */
  get shown(): Buffer {
    if (this.kind.definition.serving.typed) return this.text;
    if (this.#sorted === undefined) {
      this.#sorted = Buffer.from(writeJson(inKeyOrder(this.parsed)));
      this.kind.hot.keep(this);
    }
    return this.#sorted;
  }
  /** For label selectors. */
  get labels(): Readonly<Record<string, string>> {
    return (this.#labels ??= this.parsed.metadata.labels ?? NO_LABELS);
  }
  /** Values for field selectors, metadata.name and metadata.namespace among them. */
  get fields(): Readonly<Record<string, string>> {
    return (this.#fields ??= {
      'metadata.name': this.name,
      ...(this.kind.definition.namespaced && { 'metadata.namespace': this.namespace }),
      ...this.kind.definition.fields?.(this.parsed),
    });
  }
  /** The text without kind and apiVersion, as the items of a list have it, and without its opening brace. */
  get listTail(): Buffer {
    return this.text.subarray(prefixLength(this.kind.definition));
  }
  /** The same revision in the shape of another version that shares the store. */
  in(kind: ItemKind): ObjectItem {
    if (kind === this.kind) return this;
    if (this.#other?.kind !== kind) {
      const { definition } = kind;
      const converted = {
        ...(definition.fromStored?.(this.object) ?? this.object),
        apiVersion: apiVersionOf(definition),
        kind: definition.kind,
      };
      // conversions do not care for the order of fields
      const object = normalize(objectType(definition), converted);
      this.#other = new ObjectItem(kind, this.key, this.revision, encode(object), object);
    }
    return this.#other;
  }
  /** The same revision, read anew: what its kind is has changed. */
  again(kind: ItemKind): ObjectItem {
    return new ObjectItem(kind, this.key, this.revision, this.#stored ?? this.text);
  }
  /** For limits of the history. */
  get size(): number {
    return this.text.length;
  }
  /** The same state at another revision: that of its deletion. */
  at(revision: number): ObjectItem {
    const start = this.text.indexOf(VERSION);
    const end = this.text.indexOf(0x22, start + VERSION.length);
    const text = Buffer.concat([this.text.subarray(0, start + VERSION.length), Buffer.from(String(revision)), this.text.subarray(end)]);
    return new ObjectItem(this.kind, this.key, revision, text);
  }
  /** Forgets the parsed object. Labels and fields stay if they were ever asked for. */
  cool(): void {
    this.#object = this.#sorted = undefined;
  }
}

/** An object with what its creation left open; undefined: nothing was. */
function completed(definition: Definition, text: Buffer, known: KubeObject | undefined): KubeObject | undefined {
  if (!definition.complete) return undefined;
  const object = known ?? (readJson(text.toString()) as KubeObject);
  const whole = definition.complete(object);
  return whole === object ? undefined : whole;
}

/** `{"kind":"Pod","apiVersion":"v1",` : what every text of the kind begins with. */
function prefixLength(definition: Definition): number {
  return '{"kind":"","apiVersion":"",'.length + definition.kind.length + apiVersionOf(definition).length;
}

/**
 * The stored text with the resourceVersion put in behind the uid (both stand before anything a client wrote freely).
 */
export function withRevision(value: Buffer, revision: number | string): Buffer {
  const at = value.indexOf(UID) + UID.length + UID_LENGTH + 1;
  const insert = `,"resourceVersion":"${revision}"`;
  // memory of its own: a slice of the shared pool would keep its short-lived neighbours alive with it
  const text = Buffer.allocUnsafeSlow(value.length + insert.length);
  value.copy(text, 0, 0, at);
  text.write(insert, at, 'latin1');
  value.copy(text, at + insert.length, at);
  return text;
}

/**
 * Objects just written in this process, by the very buffer given to storage: when the write comes back through the feed,
 * its object need not be parsed again.
 */
export class Written {
  readonly #objects = new WeakMap<Buffer, KubeObject>();
  /** An object is about to be stored as `value`; nobody may change it any more. */
  remember(value: Buffer, object: KubeObject): void {
    this.#objects.set(value, object);
  }
  /** The object that was stored as `value`, with its revision; once. */
  take(value: Buffer, revision: number): KubeObject | undefined {
    const object = this.#objects.get(value);
    if (!object) return undefined;
    this.#objects.delete(value);
    object.metadata.resourceVersion = String(revision);
    return object;
  }
}

/** Makes the decode function the watch cache of a resource uses. */
export function itemDecoder(kind: ItemKind, written: Written): (entry: Entry) => ObjectItem {
  return (entry) =>
    new ObjectItem(kind, entry.key, entry.revision, withRevision(entry.value, entry.revision), written.take(entry.value, entry.revision));
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const v of Object.values(value)) deepFreeze(v);
}
