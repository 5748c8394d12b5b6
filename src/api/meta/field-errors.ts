// Validation errors of fields, worded as k8s.io/apimachinery/pkg/util/validation/field words them.
import { goQuote } from './quote.js';
import { writeJson } from '../../util/exact-json.js';
import { goString } from '../../util/go-format.js';

/** The reasons of causes in a Status. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

/** One thing that is wrong with a field: a cause in the details of a Status. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** spec.containers[0].name */
  readonly field: string;
  /** The message without the field: `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** Builds paths: `at('spec').child('containers').index(0).key('name')`. Immutable. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #own: string;
  /** @param own what this part adds: `.name`, `[0]`; the first part has no dot */
  constructor(own = '', parent?: FieldPath) {
    this.#own = own;
    this.#parent = parent;
  }
  /** A field of it, or one further below. */
  child(name: string, ...more: string[]): FieldPath {
    const path = new FieldPath(this.#isRoot ? name : `.${name}`, this.#isRoot ? undefined : this);
    return more.length === 0 ? path : path.child(...(more as [string, ...string[]]));
  }
  /** An item of it, which is a list. */
  index(i: number): FieldPath {
    return new FieldPath(`[${i}]`, this);
  }
  /** An entry of it, which is a map. */
  key(k: string): FieldPath {
    return new FieldPath(`[${k}]`, this);
  }
  /** Put together only when it is shown: most paths are made for checks that find nothing. */
  toString(): string {
    return this.#parent === undefined ? this.#own : this.#parent.toString() + this.#own;
  }
  get #isRoot(): boolean {
    return this.#parent === undefined && this.#own === '';
  }
}

/** The path to a field of an object, from the top. */
export function at(...names: string[]): FieldPath {
  const [first, ...more] = names;
  return first === undefined ? new FieldPath() : more.reduce((path, name) => path.child(name), new FieldPath(first));
}

type Path = FieldPath | string;

/** A value as Go's %q / %v / JSON print it in these messages. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  // what is no int64 is a float64
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return goString(value);
  return goJson(writeJson(value));
}

/** Go's JSON encoder escapes <, >, & and the two line separators; JSON.stringify does not. */
export function goJson(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The field must be there. */
export function required(path: Path, detail = ''): FieldError {
  return error('FieldValueRequired', path, 'Required value', detail);
}
/** The value breaks a rule, which `detail` says. */
export function invalid(path: Path, value: unknown, detail: string): FieldError {
  return error('FieldValueInvalid', path, `Invalid value: ${show(value)}`, detail);
}
/** The value has another JSON type than it should have. */
export function typeInvalid(path: Path, value: unknown, detail: string): FieldError {
  return error('FieldValueTypeInvalid', path, `Invalid value: ${show(value)}`, detail);
}
/** The value must be there once. */
export function duplicate(path: Path, value: unknown, detail = ''): FieldError {
  return error('FieldValueDuplicate', path, `Duplicate value: ${show(value)}`, detail);
}
/** The field must not be there, or not change. */
export function forbidden(path: Path, detail: string): FieldError {
  return error('FieldValueForbidden', path, 'Forbidden', detail);
}
/** What the value names does not exist. */
export function notFound(path: Path, value: unknown): FieldError {
  return error('FieldValueNotFound', path, `Not found: ${show(value)}`, '');
}
/** `valid` is shown in the given order, quoted. Upstream sorts most sets: give them sorted. */
export function notSupported(path: Path, value: unknown, valid: readonly string[]): FieldError {
  return error(
    'FieldValueNotSupported',
    path,
    `Unsupported value: ${show(value)}`,
    valid.length ? `supported values: ${valid.map((v) => JSON.stringify(v)).join(', ')}` : '',
  );
}
/** More than so many bytes. */
export function tooLong(path: Path, maxLength: number): FieldError {
  return error('FieldValueTooLong', path, 'Too long', `may not be more than ${maxLength} bytes`);
}
/** More than so many items. */
export function tooMany(path: Path, actual: number, max: number): FieldError {
  return error('FieldValueTooMany', path, `Too many: ${actual}`, `must have at most ${max} ${max === 1 ? 'item' : 'items'}`);
}
/** The check itself failed. */
export function internal(path: Path, cause: string): FieldError {
  return error('InternalError', path, 'Internal error', cause);
}

function error(type: FieldErrorType, path: Path, message: string, detail: string): FieldError {
  return { type, field: String(path), message: detail === '' ? message : `${message}: ${detail}` };
}

/** How Go prints a path whose only name is empty. */
export const NAMELESS = '[]';
