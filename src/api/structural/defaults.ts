// Defaults that a schema names.
import { copy } from '../../util/equal.js';
import { isObject, setOwn } from '../../util/json.js';
import { additionalOf, fieldOf, itemsOf, type Json, propertyOf, type Schema } from './schema.js';

/** Fills in what is absent, or null where it may not be, by the defaults of the schema. @returns whether anything was */
export function applyDefaults(value: unknown, schema: Schema | undefined): boolean {
  if (!schema) return false;
  let changed = false;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    value.forEach((item, i) => {
      if (item === null && items && !items.nullable) {
        value[i] = defaultOf(items);
        changed ||= value[i] !== null;
      }
      changed = applyDefaults(value[i], items) || changed;
    });
    return changed;
  }
  if (!isObject(value)) return false;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!hasDefault(property)) continue;
    if (Object.hasOwn(value, name) && !(value[name] === null && !property.nullable)) continue;
    setOwn(value, name, defaultOf(property));
    changed = true;
  }
  const additional = additionalOf(schema);
  for (const name of Object.keys(value)) {
    if (value[name] === null && !propertyOf(schema, name) && additional && !additional.nullable) {
      value[name] = defaultOf(additional);
      changed ||= value[name] !== null;
    }
    changed = applyDefaults(value[name], fieldOf(schema, name)) || changed;
  }
  return changed;
}

/** Whether a schema names a default. */
function hasDefault(schema: Schema): boolean {
  return schema.default !== undefined && schema.default !== null;
}

function defaultOf(schema: Schema): Json {
  return copy((schema.default ?? null) as Json);
}
