// Items of lists that are sets or maps (x-kubernetes-list-type) occur once.
import { duplicate, type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { additionalOf, itemsOf, propertyOf, type Schema } from './schema.js';
import { isObject } from '../../util/json.js';
import { writeJson } from '../../util/exact-json.js';

/** @returns what occurs twice in the sets and maps within a value */
export function validateListTypes(value: unknown, path: FieldPath, schema: Schema | undefined): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return [...validateItems(value, path, schema), ...(items ? value.flatMap((v, i) => validateListTypes(v, path.index(i), items)) : [])];
  }
  if (!isObject(value)) return [];
  const additional = additionalOf(schema);
  return Object.entries(value).flatMap(([name, v]) => [
    ...(additional ? validateListTypes(v, path.key(name), additional) : []),
    ...validateListTypes(v, path.child(name), propertyOf(schema, name)),
  ]);
}

function validateItems(list: readonly unknown[], path: FieldPath, schema: Schema): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list).map((i) => duplicate(path.index(i), list[i]));
  if (type !== 'map') return [];
  const wrong = list.findIndex((item) => item !== null && !isObject(item));
  if (wrong >= 0) return [invalid(path.index(wrong), list[wrong], 'must be an object for an array of list-type map')];
  const names = schema['x-kubernetes-list-map-keys'] ?? [];
  const keys = list.map((item) =>
    Object.fromEntries(names.filter((n) => isObject(item) && Object.hasOwn(item, n)).map((n) => [n, (item as Record<string, unknown>)[n]])),
  );
  return repeated(keys).map((i) => duplicate(path.index(i), keys[i]));
}

/** The index of the second of each group of equal values. */
function repeated(list: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  return list.flatMap((value, i) => {
    const text = writeJson(sorted(value));
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return times === 2 ? [i] : [];
  });
}

/** The order of an object's fields does not count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
