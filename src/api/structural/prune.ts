// Fields that no schema declares are dropped, and those that are null and may not be.
import { joinPath } from '../schema/decode-state.js';
import { additionalOf, asRoot, fieldOf, itemsOf, type Json, META_FIELDS, propertyOf, type Schema } from './schema.js';
import { isObject } from '../../util/json.js';

type Path = readonly (string | number)[];

/**
 * Drops what the schema does not declare; `x-kubernetes-preserve-unknown-fields` keeps it.
 * @param isRoot the value is a whole object: its metadata are left alone
 * @returns the paths of what was dropped, sorted: `spec.containers[0].image`
 */
export function prune(value: unknown, schema: Schema | undefined, isRoot: boolean): string[] {
  const dropped: string[] = [];
  const root = isRoot && !schema?.['x-kubernetes-embedded-resource'] ? asRoot(schema) : schema;
  pruneValue(value as Json, root, [], dropped);
  return dropped.sort();
}

function pruneValue(value: Json, schema: Schema | undefined, path: Path, dropped: string[]): void {
  if (schema?.['x-kubernetes-preserve-unknown-fields']) return keepUnknown(value, schema, path, dropped);
  if (Array.isArray(value)) return value.forEach((item, i) => pruneValue(item, itemsOf(schema), [...path, i], dropped));
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (schema?.['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue;
    const declared = propertyOf(schema, name);
    if (declared || schema?.additionalProperties !== undefined)
      pruneValue(value[name] as Json, declared ?? additionalOf(schema), [...path, name], dropped);
    else {
      if (!META_FIELDS.has(name) || path.length > 0) dropped.push(joinPath([...path, name]));
      delete value[name];
    }
  }
}

/** What is declared beneath is pruned all the same. */
function keepUnknown(value: Json, schema: Schema | undefined, path: Path, dropped: string[]): void {
  if (!schema) return;
  if (Array.isArray(value)) return value.forEach((item, i) => keepUnknown(item, itemsOf(schema), [...path, i], dropped));
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (schema['x-kubernetes-embedded-resource'] && META_FIELDS.has(name)) continue;
    const declared = propertyOf(schema, name);
    if (declared || schema.additionalProperties !== undefined)
      pruneValue(value[name] as Json, declared ?? additionalOf(schema), [...path, name], dropped);
  }
}

/** Drops null where the schema does not allow it and has no default to put in its place. @returns whether there was any */
export function pruneNulls(value: unknown, schema: Schema | undefined): boolean {
  let changed = false;
  if (Array.isArray(value)) {
    for (const item of value) changed = pruneNulls(item, itemsOf(schema)) || changed;
  } else if (isObject(value)) {
    for (const name of Object.keys(value)) {
      const own = fieldOf(schema, name);
      if (value[name] === null && own && !own.nullable && own.default === undefined) {
        delete value[name];
        changed = true;
      } else changed = pruneNulls(value[name], own) || changed;
    }
  }
  return changed;
}
