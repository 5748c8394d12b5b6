// Small checks that the rules of pods are made of.
import { type FieldError, type FieldPath, invalid, notSupported, required } from '../../meta/field-errors.js';
import { isDNS1123Label, isDNS1123Subdomain, isPortName, isPortNumber, isQualifiedName } from '../../meta/names.js';

/** One Invalid for each message. */
export function invalids(path: FieldPath, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((m) => invalid(path, value, m));
}

/** Required unless there is some text. */
export function requireText(path: FieldPath, value: string | undefined): FieldError[] {
  return value ? [] : [required(path)];
}

export function checkLabel(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isDNS1123Label(value));
}

export function checkSubdomain(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isDNS1123Subdomain(value));
}

export function checkQualifiedName(path: FieldPath, value: string): FieldError[] {
  return invalids(path, value, isQualifiedName(value));
}

/** A value out of a fixed set; `empty` Required when there is none. */
export function checkChoice(
  path: FieldPath,
  value: string | undefined,
  choices: readonly string[],
  empty: 'required' | 'unsupported' = 'required',
): FieldError[] {
  if (!value && empty === 'required') return [required(path)];
  return choices.includes(value ?? '') ? [] : [notSupported(path, value ?? '', choices)];
}

/** A port given by number or by name. */
export function checkPort(path: FieldPath, port: number | string | undefined): FieldError[] {
  return typeof port === 'string' ? invalids(path, port, isPortName(port)) : invalids(path, port ?? 0, isPortNumber(port ?? 0));
}

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
