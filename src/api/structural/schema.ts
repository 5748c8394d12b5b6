// Schemas of CustomResourceDefinitions as clients write them, and what "structural" adds: each field of an object has one
// place that says its type. The folder holds all that is done by such a schema: rules.ts checks the schema itself, prune.ts,
// defaults.ts and null-values.ts shape objects by it, validate.ts checks them, embedded.ts cares for objects within objects.
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.js';

/** A schema of a CustomResourceDefinition. */
export type Schema = JSONSchemaProps;

/** JSON that a schema is about. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  [key: string]: Json;
}

/** The fields every object has, whatever its schema says. */
export const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** The schema of a list's items; undefined: there is none, or one for each position. */
export function itemsOf(schema: Schema | undefined): Schema | undefined {
  const items = schema?.items;
  return Array.isArray(items) ? undefined : items;
}

/** The schema of fields without one of their own; undefined: nothing, or only a yes or no, is said of them. */
export function additionalOf(schema: Schema | undefined): Schema | undefined {
  const additional = schema?.additionalProperties;
  return typeof additional === 'object' ? additional : undefined;
}

/** The schema of a declared field. Names that every JavaScript object has are fields like all others. */
export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  const properties = schema?.properties;
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The schema of a field: its own, or that of additional ones. */
export function fieldOf(schema: Schema | undefined, name: string): Schema | undefined {
  return propertyOf(schema, name) ?? additionalOf(schema);
}

/** Every object has apiVersion, kind and metadata: the root of a schema is one of an embedded object. */
export function asRoot(schema: Schema | undefined): Schema {
  return { ...schema, 'x-kubernetes-embedded-resource': true };
}

/** A schema and all within it, itself first. */
export function* schemasIn(schema: Schema | undefined): Generator<Schema> {
  if (!schema) return;
  yield schema;
  const { items, additionalProperties, additionalItems } = schema;
  for (const each of Array.isArray(items) ? items : [items]) yield* schemasIn(each);
  for (const each of [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), schema.not]) yield* schemasIn(each);
  for (const each of Object.values(schema.properties ?? {})) yield* schemasIn(each);
  if (typeof additionalProperties === 'object') yield* schemasIn(additionalProperties);
  for (const each of Object.values(schema.patternProperties ?? {})) yield* schemasIn(each);
  if (typeof additionalItems === 'object') yield* schemasIn(additionalItems);
  for (const each of Object.values(schema.definitions ?? {})) yield* schemasIn(each);
  for (const each of Object.values(schema.dependencies ?? {})) if (!Array.isArray(each)) yield* schemasIn(each);
}

/** Whether any schema within a schema, itself included, is such a one. */
export function anySchema(schema: Schema | undefined, test: (schema: Schema) => boolean): boolean {
  for (const each of schemasIn(schema)) if (test(each)) return true;
  return false;
}

/** Keywords a structural schema cannot have, and whether one is there. */
const UNSUPPORTED: readonly (readonly [keyword: string, isSet: (schema: Schema) => boolean])[] = [
  ['id', (s) => Boolean(s.id)],
  ['schema', (s) => Boolean(s.$schema)],
  ['$ref', (s) => Boolean(s.$ref)],
  ['patternProperties', (s) => Object.keys(s.patternProperties ?? {}).length > 0],
  ['dependencies', (s) => Object.keys(s.dependencies ?? {}).length > 0],
  ['additionalItems', (s) => s.additionalItems !== undefined],
  ['definitions', (s) => Object.keys(s.definitions ?? {}).length > 0],
];

/** Why a schema cannot be structural at all; undefined: it may be. The words are upstream's. */
export function unsupported(schema: Schema | undefined): string | undefined {
  for (const each of schemasIn(schema)) {
    const found = UNSUPPORTED.find(([, isSet]) => isSet(each));
    if (found) return `OpenAPIV3Schema '${found[0]}' is not supported`;
    if (each['x-kubernetes-preserve-unknown-fields'] === false)
      return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
    if (Array.isArray(each.items) && each.items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  }
  return undefined;
}
