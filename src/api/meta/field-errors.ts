// Validation errors of fields, worded as k8s.io/apimachinery/pkg/util/validation/field words them.

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

export interface FieldError {
  readonly type: FieldErrorType;
  /** spec.containers[0].name */
  readonly field: string;
  /** The message without the field: `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** Builds paths: `at('spec').child('containers').index(0).key('name')`. Immutable. */
export class FieldPath {
  readonly #text: string;
  constructor(text = '') {
    this.#text = text;
  }
  child(...names: string[]): FieldPath {
    const tail = names.join('.');
    return new FieldPath(this.#text === '' ? tail : `${this.#text}.${tail}`);
  }
  index(i: number): FieldPath {
    return new FieldPath(`${this.#text}[${i}]`);
  }
  key(k: string): FieldPath {
    return new FieldPath(`${this.#text}[${k}]`);
  }
  toString(): string {
    return this.#text;
  }
}

export function at(...names: string[]): FieldPath {
  return new FieldPath().child(...names);
}

type Path = FieldPath | string;

/** A value as Go's %q / %v / JSON print it in these messages. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  return goJson(JSON.stringify(value));
}

/** Go's JSON encoder escapes <, >, & and the two line separators; JSON.stringify does not. */
export function goJson(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function required(path: Path, detail = ''): FieldError {
  return error('FieldValueRequired', path, 'Required value', detail);
}
export function invalid(path: Path, value: unknown, detail: string): FieldError {
  return error('FieldValueInvalid', path, `Invalid value: ${show(value)}`, detail);
}
export function duplicate(path: Path, value: unknown, detail = ''): FieldError {
  return error('FieldValueDuplicate', path, `Duplicate value: ${show(value)}`, detail);
}
export function forbidden(path: Path, detail: string): FieldError {
  return error('FieldValueForbidden', path, 'Forbidden', detail);
}
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
export function tooLong(path: Path, maxLength: number): FieldError {
  return error('FieldValueTooLong', path, 'Too long', `may not be more than ${maxLength} bytes`);
}
export function tooMany(path: Path, actual: number, max: number): FieldError {
  return error('FieldValueTooMany', path, `Too many: ${actual}`, `must have at most ${max} ${max === 1 ? 'item' : 'items'}`);
}
export function typeInvalid(path: Path, value: unknown, detail: string): FieldError {
  return error('FieldValueTypeInvalid', path, `Invalid value: ${show(value)}`, detail);
}
export function internal(path: Path, cause: string): FieldError {
  return error('InternalError', path, 'Internal error', cause);
}

function error(type: FieldErrorType, path: Path, message: string, detail: string): FieldError {
  return { type, field: String(path), message: detail === '' ? message : `${message}: ${detail}` };
}
