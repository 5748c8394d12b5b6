// Small checks that the rules of kinds are made of. The same order and names hold wherever something is checked:
// `validate…(value, path, …)` returns all that is wrong, with what else it needs to know behind the path, and what is
// compared (of a change the new and the old value, of a map's entry its key and value) before it; `check…` throws the ApiError
// that refuses a request.
import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required } from './field-errors.js';
import { isDNS1123Label, isDNS1123Subdomain, isHTTPPath, isPortName, isPortNumber, isQualifiedName } from './names.js';

/** One Invalid for each message. */
export function invalids(path: FieldPath, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((m) => invalid(path, value, m));
}

/** Required unless there is some text. */
export function requireText(value: string | undefined, path: FieldPath): FieldError[] {
  return value ? [] : [required(path)];
}

/** A DNS label. */
export function validateDNSLabel(value: string, path: FieldPath): FieldError[] {
  return invalids(path, value, isDNS1123Label(value));
}

/** A DNS subdomain. */
export function validateDNSSubdomain(value: string, path: FieldPath): FieldError[] {
  return invalids(path, value, isDNS1123Subdomain(value));
}

/** A name with or without a domain before it: `example.com/name`. */
export function validateQualifiedName(value: string, path: FieldPath): FieldError[] {
  return invalids(path, value, isQualifiedName(value));
}

/** A value out of a fixed set; `empty` says what it is when there is none. @param choices sorted, as messages show them */
export function validateChoice(
  value: string | undefined,
  path: FieldPath,
  choices: readonly string[],
  empty: 'required' | 'unsupported' = 'required',
): FieldError[] {
  if (!value && empty === 'required') return [required(path)];
  return choices.includes(value ?? '') ? [] : [notSupported(path, value ?? '', choices)];
}

/** As validateChoice, of what may be left out. */
export function validateOptionalChoice(value: string | undefined, path: FieldPath, choices: readonly string[]): FieldError[] {
  return value === undefined ? [] : validateChoice(value, path, choices, 'unsupported');
}

/** What each item is known by stands once in a list: a Duplicate for every further one, at its path. */
export function validateDistinct<T extends string | number>(keys: readonly T[], pathOf: (index: number) => FieldPath): FieldError[] {
  const seen = new Set<T>();
  return keys.flatMap((key, i) => {
    if (seen.has(key)) return [duplicate(pathOf(i), key)];
    seen.add(key);
    return [];
  });
}

/** `acme.io/foo`: a domain, a slash and a path; Required when it is empty. */
export function validateDomainPath(value: string, path: FieldPath): FieldError[] {
  if (value === '') return [required(path)];
  const slash = value.indexOf('/');
  const [domain, rest] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (domain === '' || rest === '') return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [...validateDNSSubdomain(domain, path), ...invalids(path, rest, isHTTPPath(rest))];
}

/** A port given by number or by name. */
export function validatePortOrName(port: number | string | undefined, path: FieldPath): FieldError[] {
  return typeof port === 'string' ? invalids(path, port, isPortName(port)) : invalids(path, port ?? 0, isPortNumber(port ?? 0));
}

/** The permissions of a file. */
export function validateFileMode(mode: number | undefined, path: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

/** A path may not lead upwards. */
export function validateNoBacksteps(value: string, path: FieldPath): FieldError[] {
  return value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : [];
}

/** A relative path that stays below where it starts. */
export function validateDescendingPath(value: string, path: FieldPath): FieldError[] {
  const absolute = value.startsWith('/') ? [invalid(path, value, 'must be a relative path')] : [];
  return [...absolute, ...validateNoBacksteps(value, path)];
}

/** A file in a volume that the node writes: names that begin with `..` are its own. */
export function validateVolumeFilePath(value: string, path: FieldPath): FieldError[] {
  const errors = validateDescendingPath(value, path);
  if (value.startsWith('..') && !value.startsWith('../')) errors.push(invalid(path, value, "must not start with '..'"));
  return errors;
}
