// Small checks that the rules of kinds are made of. Each returns what is wrong: nothing, or an error at the path.
import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required } from './field-errors.js';
import { isDNS1123Label, isDNS1123Subdomain, isHTTPPath, isPortName, isPortNumber, isQualifiedName } from './names.js';

/** One Invalid for each message. */
export function invalids(path: FieldPath, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((m) => invalid(path, value, m));
}

/** Required unless there is some text. */
export function requireText(path: FieldPath, value: string | undefined): FieldError[] {
  return value ? [] : [required(path)];
}

/** A DNS label. */
export function checkLabel(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isDNS1123Label(value));
}

/** A DNS subdomain. */
export function checkSubdomain(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isDNS1123Subdomain(value));
}

/** A name with or without a domain before it: `example.com/name`. */
export function checkQualifiedName(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isQualifiedName(value));
}

/** A value out of a fixed set; `empty` says what it is when there is none. @param choices sorted, as messages show them */
export function checkChoice(
  path: FieldPath,
  value: string | undefined,
  choices: readonly string[],
  empty: 'required' | 'unsupported' = 'required',
): FieldError[] {
  if (!value && empty === 'required') return [required(path)];
  return choices.includes(value ?? '') ? [] : [notSupported(path, value ?? '', choices)];
}

/** As checkChoice, of what may be left out. */
export function checkOptionalChoice(path: FieldPath, value: string | undefined, choices: readonly string[]): FieldError[] {
  return value === undefined ? [] : checkChoice(path, value, choices, 'unsupported');
}

/** What each item is known by stands once in a list: a Duplicate for every further one, at its path. */
export function checkDistinct<T extends string | number>(keys: readonly T[], pathOf: (index: number) => FieldPath): FieldError[] {
  const seen = new Set<T>();
  return keys.flatMap((key, i) => {
    if (seen.has(key)) return [duplicate(pathOf(i), key)];
    seen.add(key);
    return [];
  });
}

/** `acme.io/foo`: a domain, a slash and a path; Required when it is empty. */
export function checkDomainPath(path: FieldPath, value: string): FieldError[] {
  if (value === '') return [required(path)];
  const slash = value.indexOf('/');
  const [domain, rest] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (domain === '' || rest === '') return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [...checkSubdomain(path, domain), ...invalids(path, rest, isHTTPPath(rest))];
}

/** A port given by number or by name. */
export function checkPort(path: FieldPath, port: number | string | undefined): FieldError[] {
  return typeof port === 'string' ? invalids(path, port, isPortName(port)) : invalids(path, port ?? 0, isPortNumber(port ?? 0));
}

/** The permissions of a file. */
export function checkFileMode(path: FieldPath, mode: number | undefined): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

/** A path may not lead upwards. */
export function checkNoBacksteps(path: FieldPath, value: string): FieldError[] {
  return value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : [];
}

/** A relative path that stays below where it starts. */
export function checkDescendingPath(path: FieldPath, value: string): FieldError[] {
  const absolute = value.startsWith('/') ? [invalid(path, value, 'must be a relative path')] : [];
  return [...absolute, ...checkNoBacksteps(path, value)];
}

/** A file in a volume that the node writes: names that begin with `..` are its own. */
export function checkVolumeFilePath(path: FieldPath, value: string): FieldError[] {
  const errors = checkDescendingPath(path, value);
  if (value.startsWith('..') && !value.startsWith('../')) errors.push(invalid(path, value, "must not start with '..'"));
  return errors;
}
