// What ConfigMaps and Secrets have in common.
import { at, type FieldError, forbidden } from '../meta/field-errors.js';

interface WithData {
  readonly immutable?: boolean | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
}

const FROZEN = 'field is immutable when `immutable` is set';

/** Whether two maps of data hold the same; an absent one equals an empty one. */
export function equalData(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/** @returns what an update does to an object that was made immutable */
export function validateDataFrozen(object: WithData, old: WithData): FieldError[] {
  if (!old.immutable) return [];
  const errors: FieldError[] = [];
  if (!object.immutable) errors.push(forbidden(at('immutable'), FROZEN));
  if (!equalData(object.data, old.data)) errors.push(forbidden(at('data'), FROZEN));
  return errors;
}
