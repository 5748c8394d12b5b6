// JSON as sigs.k8s.io/json reads it: JSON.parse, and a slower reader of our own that words syntax errors as Go does and
// finds keys that occur twice.

import { integerOf, readJson } from '../../util/exact-json.js';
import { hasDuplicateKeys, MAX_JSON_DEPTH } from '../../util/json-keys.js';

/** A document, and the keys that came twice in it. */
export interface ParsedJson {
  readonly value: unknown;
  /** `duplicate field "spec.x"`, in the order of the document. */
  readonly duplicates: string[];
}

/** The text is no JSON. The message is Go's: `unexpected end of JSON input`. */
export class JsonError extends Error {}

/** Upstream reports no more strict-decoding errors than this. */
const MAX_DUPLICATES = 100;

const SURROGATE = /\\u[dD][89a-fA-F]/;

/** Half a surrogate pair is no character: Go reads U+FFFD. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [Buffer.from(k).toString(), wellFormed(v)]));
}

/**
 * Parses a body. Of a key that occurs twice the last value counts; objects given twice are merged, as Go reads both into one
 * struct or map.
 * @throws JsonError
 */
export function parseJson(text: string): ParsedJson {
  const value = parsed(text);
  // the reader throws what Go says; where Go reads more than JavaScript does, its value counts
  const json = value === undefined ? new Reader(text).read() : { value, duplicates: [] };
  return SURROGATE.test(text) ? { ...json, value: wellFormed(json.value) } : json;
}

/**
 * Complaints about fields (`unknown field "a.b"`, `duplicate field "a.b"`) in the order in which a reader of the document comes to
 * them: to an unknown field with its first value, to one that is given twice with its second.
 */
export function inDocumentOrder(text: string, complaints: readonly string[]): string[] {
  const positions = new Reader(text, complaints).positions();
  const at = (complaint: string) => positions.get(complaint) ?? 0;
  return [...complaints].sort((a, b) => at(a) - at(b));
}

/** A number, where it stands in its document and how it is written there. */
export interface WrittenNumber {
  readonly path: readonly (string | number)[];
  readonly value: number | bigint;
  readonly literal: string;
}

/** Every number of a document, in its order. @throws JsonError */
export function numbersOf(text: string): readonly WrittenNumber[] {
  return new Reader(text).numbers();
}

/** @returns undefined for what is no JSON, has a key twice or is nested too deep */
function parsed(text: string): unknown {
  try {
    const value = readJson(text);
    return hasDuplicateKeys(text, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A path, and what of it follows each dot: keys may have dots. */
function endings(complaint: string): string[] {
  const path = complaint.slice(complaint.indexOf('"') + 1, -1);
  return [path, ...[...path.matchAll(/\./g)].map(({ index }) => path.slice(index + 1))];
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;

class Reader {
  readonly #text: string;
  #at = 0;
  readonly #path: (string | number)[] = [];
  #numbers: WrittenNumber[] | undefined;
  readonly #duplicates = new Set<string>();
  readonly #positions = new Map<string, number>();
  /** What may be the last key of a path that is looked for: a path is put together for those only. */
  readonly #wanted: ReadonlySet<string>;

  /** @param complaints whose places in the document are noted */
  constructor(text: string, complaints: readonly string[] = []) {
    this.#text = text;
    this.#wanted = new Set(complaints.flatMap(endings));
  }

  positions(): ReadonlyMap<string, number> {
    this.read();
    return this.#positions;
  }

  numbers(): readonly WrittenNumber[] {
    const numbers: WrittenNumber[] = [];
    this.#numbers = numbers;
    this.read();
    return numbers;
  }

  read(): ParsedJson {
    const value = this.#value(0, undefined);
    this.#space();
    if (this.#at < this.#text.length) throw this.#invalid('after top-level value');
    return { value, duplicates: [...this.#duplicates].slice(0, MAX_DUPLICATES) };
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  /** @param into the object that an earlier occurrence of the key made */
  #value(depth: number, into: unknown): unknown {
    this.#space();
    const char = this.#text[this.#at];
    switch (char) {
      case '{':
        return this.#object(depth, typeof into === 'object' && into !== null && !Array.isArray(into) ? into : {});
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        if (char !== undefined && /[-0-9]/.test(char)) return this.#number();
        throw this.#invalid('looking for beginning of value');
    }
  }

  #object(depth: number, object: object): unknown {
    if (depth === MAX_JSON_DEPTH) throw this.#invalid('exceeded max depth');
    this.#at++;
    const seen = new Set<string>();
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#invalid('looking for beginning of object key string');
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') throw this.#invalid('after object key');
      this.#at++;
      this.#path.push(key);
      const earlier: unknown = Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
      if (seen.has(key)) this.#duplicates.add(this.#complaint('duplicate'));
      if (this.#wanted.has(key)) this.#note(this.#complaint(seen.has(key) ? 'duplicate' : 'unknown'));
      seen.add(key);
      const value = this.#value(depth + 1, earlier);
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      this.#path.pop();
      this.#space();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== '}') throw this.#invalid('after object key:value pair');
      this.#at++;
      if (next === '}') return object;
    }
  }

  #complaint(about: 'duplicate' | 'unknown'): string {
    const path = this.#path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`));
    return `${about} field ${JSON.stringify(path.join(''))}`;
  }

  #note(complaint: string): void {
    if (!this.#positions.has(complaint)) this.#positions.set(complaint, this.#at);
  }

  #array(depth: number): unknown[] {
    if (depth === MAX_JSON_DEPTH) throw this.#invalid('exceeded max depth');
    this.#at++;
    const array: unknown[] = [];
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return array;
    }
    for (;;) {
      this.#path.push(array.length);
      array.push(this.#value(depth + 1, undefined));
      this.#path.pop();
      this.#space();
      const next = this.#text[this.#at];
      if (next !== ',' && next !== ']') throw this.#invalid('after array element');
      this.#at++;
      if (next === ']') return array;
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) throw new JsonError('unexpected end of JSON input');
      if (char < ' ') throw this.#invalid('in string literal');
      this.#at++;
      if (char === '"') return JSON.parse(this.#text.slice(start, this.#at)) as string;
      if (char === '\\') this.#escape();
    }
  }

  #escape(): void {
    const char = this.#text[this.#at] ?? '';
    if (!'bfnrt\\/"u'.includes(char) || char === '') throw this.#invalid('in string escape code');
    this.#at++;
    if (char !== 'u') return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) throw this.#invalid('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #literal<T>(word: string, value: T): T {
    for (const expected of word) {
      if (this.#text[this.#at] !== expected) throw this.#invalid(`in literal ${word} (expecting ${quoteChar(expected)})`);
      this.#at++;
    }
    return value;
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text)?.[0];
    if (found === undefined) {
      this.#at++;
      throw this.#invalid('in numeric literal');
    }
    this.#at += found.length;
    const next = this.#text[this.#at];
    if (next === '.' && !/[.eE]/.test(found)) {
      this.#at++;
      throw this.#invalid('after decimal point in numeric literal');
    }
    if ((next === 'e' || next === 'E') && !/[eE]/.test(found)) {
      this.#at += /[-+]/.test(this.#text[this.#at + 1] ?? '') ? 2 : 1;
      throw this.#invalid('in exponent of numeric literal');
    }
    const value = /[.eE]/.test(found) ? Number(found) : integerOf(found);
    this.#numbers?.push({ path: [...this.#path], value, literal: found });
    return value;
  }

  #invalid(where: string): JsonError {
    const char = this.#text[this.#at];
    return new JsonError(char === undefined ? 'unexpected end of JSON input' : `invalid character ${quoteChar(char)} ${where}`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
};

/** As Go's scanner shows a byte: of a character beyond ASCII, the first of its bytes. */
function quoteChar(char: string): string {
  if (char === '"') return `'"'`;
  const escape = ESCAPES[char];
  if (escape) return `'${escape}'`;
  const byte = Buffer.from(char)[0] ?? 0;
  const hex = byte.toString(16).padStart(2, '0');
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex}'`;
  if (byte < 0x7f) return `'${char}'`;
  return byte <= 0xa0 || byte === 0xad ? `'\\u00${hex}'` : `'${String.fromCharCode(byte)}'`;
}
