// What the lists, maps and names of dynamic resources have in common.
import { invalids, validateDistinct, validateDNSSubdomain } from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid, required, tooLong, tooMany } from '../meta/field-errors.js';
import { byteLength, isCIdentifier } from '../meta/names.js';
import { validateDriverName } from '../shared/pod/volumes.js';

const MAX_POOL_NAME = 253;
const MAX_ID = 32;
const MAX_SHOWN_KEY = 96;

/** What is wrong with a list: too many entries, or the entries themselves. */
export function validateList<T>(
  list: readonly T[] | null | undefined,
  path: FieldPath,
  max: number,
  validate: (item: T, path: FieldPath) => FieldError[],
): FieldError[] {
  const items = list ?? [];
  if (items.length > max) return [tooMany(path, items.length, max)];
  return items.flatMap((item, i) => validate(item, path.index(i)));
}

/** A list in which each key is there once. */
export function validateSet<T>(
  list: readonly T[] | null | undefined,
  path: FieldPath,
  max: number,
  validate: (item: T, path: FieldPath) => FieldError[],
  key: (item: T) => string,
): FieldError[] {
  const items = list ?? [];
  const errors = validateList(items, path, max, validate);
  if (items.length > max) return errors;
  return [...errors, ...validateDistinct(items.map(key), (i) => path.index(i))];
}

/** A map; of a long key the middle is left out of the path. */
export function validateMap<T>(
  map: Readonly<Record<string, T>> | undefined,
  path: FieldPath,
  validateKey: (key: string, path: FieldPath) => FieldError[],
  validate: (item: T, path: FieldPath) => FieldError[],
): FieldError[] {
  return Object.entries(map ?? {}).flatMap(([key, item]) => [...validateKey(key, path), ...validate(item, path.key(shortened(key)))]);
}

function shortened(key: string): string {
  if (key.length <= MAX_SHOWN_KEY) return key;
  const remaining = MAX_SHOWN_KEY - 3;
  return `${key.slice(0, Math.ceil(remaining / 2))}...${key.slice(key.length - Math.floor(remaining / 2))}`;
}

/** Subdomains with slashes between them. */
export function validatePoolName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const long = byteLength(name) > MAX_POOL_NAME ? [tooLong(path, MAX_POOL_NAME)] : [];
  return [...long, ...name.split('/').flatMap((part) => validateDNSSubdomain(part, path))];
}

/** A C identifier, with or without a domain before it. */
export function validateQualified(name: string, path: FieldPath): FieldError[] {
  const parts = name.split('/');
  const [first = '', second = ''] = parts;
  if (parts.length === 1) return validateIdentifier(first, path);
  if (parts.length > 2) return [];
  return [
    ...(first === '' ? [invalid(path, '', 'the domain must not be empty')] : validateDriverName(first, path)),
    ...(second === '' ? [invalid(path, '', 'the name must not be empty')] : validateIdentifier(second, path)),
  ];
}

/** As validateQualified, with the domain. */
export function validateFullyQualified(name: string, path: FieldPath): FieldError[] {
  const errors = validateQualified(name, path);
  if (!name.includes('/')) errors.push(invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'));
  return errors;
}

function validateIdentifier(id: string, path: FieldPath): FieldError[] {
  return [...(byteLength(id) > MAX_ID ? [tooLong(path, MAX_ID)] : []), ...invalids(path, id, isCIdentifier(id))];
}
