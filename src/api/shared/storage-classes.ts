// What the classes of storage have in common: a driver, and parameters for it.
import { validateQualifiedName } from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid, required, tooLong } from '../meta/field-errors.js';

const MAX_PARAMETERS = 512;
const MAX_BYTES = 256 * 1024;

/** A driver's name: a qualified name, in any case. */
export function validateProvisioner(name: string | undefined, path: FieldPath): FieldError[] {
  return name ? validateQualifiedName(name.toLowerCase(), path) : [required(path)];
}

/** @returns all that is wrong with a class's parameters */
export function validateParameters(parameters: Readonly<Record<string, string>> = {}, path: FieldPath, needed: boolean): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > MAX_PARAMETERS) return [tooLong(path, MAX_PARAMETERS)];
  const errors: FieldError[] = [];
  for (const [key] of entries) if (key === '') errors.push(invalid(path, key, 'field can not be empty.'));
  if (entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0) > MAX_BYTES)
    errors.push(tooLong(path, MAX_BYTES));
  if (needed && entries.length === 0) errors.push(required(path, 'must contain at least one key/value pair'));
  return errors;
}
