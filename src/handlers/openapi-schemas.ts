// The schemas that OpenAPI documents refer to: the facts, with prose, and only those a document needs.
import { fact } from '../api/facts.js';
import { inKeyOrder } from '../util/json.js';
import { schemaDescriptions } from './openapi-descriptions.js';

/** A schema as in facts/schemas.json, which is OpenAPI v3. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly example?: unknown;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

/** The version of OpenAPI a schema is written for. */
export type Dialect = 'v2' | 'v3';

/** Finds a schema by name. @returns undefined when nobody knows it */
export type SchemaSource = (name: string, dialect: Dialect) => Schema | undefined;

export const V3_PREFIX = '#/components/schemas/';
export const V2_PREFIX = '#/definitions/';

/** The schemas of the built-in types. */
export const builtInSchemas: SchemaSource = (name) => fact<Record<string, Schema>>('schemas')[name];

/** The named schemas and all that they refer to, in the order of their names. */
export function closure(names: Iterable<string>, source: SchemaSource, dialect: Dialect): Record<string, Schema> {
  const found = new Map<string, Schema>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const schema = found.has(name) ? undefined : source(name, dialect);
    if (!schema) continue;
    found.set(name, schema);
    collectRefs(schema, queue);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function collectRefs(schema: Schema, into: string[]): void {
  if (schema.$ref) into.push(schema.$ref.slice(V3_PREFIX.length));
  for (const child of children(schema)) collectRefs(child, into);
}

function children(schema: Schema): Schema[] {
  const { properties, items, additionalProperties, allOf, oneOf } = schema;
  return [
    ...Object.values(properties ?? {}),
    ...(items ? [items] : []),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
    ...(allOf ?? []),
    ...(oneOf ?? []),
  ];
}

/** A schema with its prose and that of its fields. */
export function described(name: string, schema: Schema): Schema {
  const texts = schemaDescriptions(name);
  const properties =
    schema.properties && Object.fromEntries(Object.entries(schema.properties).map(([field, s]) => [field, withText(s, texts[field])]));
  return withText({ ...schema, ...(properties && { properties }) }, texts['']);
}

function withText(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { description, ...schema };
}

/** A kind that every group shares (DeleteOptions, WatchEvent) is listed for v1 and for the version that a document is about. */
export function inGroupVersion(schema: Schema, own: { readonly group: string; readonly version: string }): Schema {
  const kinds = schema['x-kubernetes-group-version-kind'] ?? [];
  if (kinds.length < 2) return schema;
  const listed = [{ group: '', version: 'v1' }, own];
  return {
    ...schema,
    'x-kubernetes-group-version-kind': kinds.filter((k) => listed.some(({ group, version }) => k.group === group && k.version === version)),
  };
}

/** Groups that servers know, and clients do not. */
const SERVER_GROUPS = new Set(['admission.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'imagepolicy.k8s.io']);

/** The same in documents about custom resources, which upstream makes with what its client library knows. */
export function inClientGroups(schema: Schema): Schema {
  const kinds = schema['x-kubernetes-group-version-kind'] ?? [];
  if (kinds.length < 2) return schema;
  return { ...schema, 'x-kubernetes-group-version-kind': kinds.filter(({ group }) => !SERVER_GROUPS.has(group)) };
}

/** The fields of a schema in the order in which upstream writes them; extensions, by their names, are last. */
const ORDER = [
  'description',
  'type',
  'nullable',
  'format',
  'title',
  'default',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'multipleOf',
  'enum',
  'maxProperties',
  'minProperties',
  'required',
  'items',
  'allOf',
  'oneOf',
  'anyOf',
  'not',
  'properties',
  'additionalProperties',
  'externalDocs',
  'example',
];
/** Written from a struct, and read as a map before it is written in v2. */
const VALIDATIONS = 'x-kubernetes-validations';
const RANKS = new Map(ORDER.map((key, i) => [key, i]));
const SCHEMAS = new Set(['items', 'not', 'additionalProperties']);
const LISTS = new Set(['allOf', 'oneOf', 'anyOf']);

/** A schema that somebody wrote, as upstream writes it. */
export function inOrder(schema: Schema): Schema {
  const rank = (key: string) => RANKS.get(key) ?? ORDER.length;
  const entries = Object.entries(schema).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, valueInOrder(key, value)]));
}

function valueInOrder(key: string, value: unknown): unknown {
  if (key === 'properties') {
    const fields = Object.entries(value as Record<string, Schema>).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(fields.map(([name, s]) => [name, inOrder(s)]));
  }
  if (LISTS.has(key)) return (value as Schema[]).map(inOrder);
  if (typeof value !== 'object' || value === null || key === VALIDATIONS) return value;
  return SCHEMAS.has(key) ? inOrder(value as Schema) : sorted(value);
}

function sorted(value: object): unknown {
  return inKeyOrder(value);
}

/** A schema in the dialect of OpenAPI v2: plain references, no alternatives (a string stands for all), no defaults. */
export function toV2(schema: Schema): Schema {
  const { description, oneOf, ...rest } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(oneOf && { type: 'string' }),
    ...Object.fromEntries(Object.entries(rest).flatMap(([key, value]) => partOfV2(key as keyof Schema, value))),
  };
}

function partOfV2(key: keyof Schema | typeof VALIDATIONS, value: unknown): [string, unknown][] {
  switch (key) {
    case VALIDATIONS:
      return [[key, sorted(value as object)]];
    case 'default':
      return [];
    case 'allOf':
      return [['$ref', referenceV2((value as Schema[])[0]?.$ref ?? '')]];
    case '$ref':
      return [[key, referenceV2(value as string)]];
    case 'properties':
      return [[key, Object.fromEntries(Object.entries(value as Record<string, Schema>).map(([name, s]) => [name, toV2(s)]))]];
    case 'items':
    case 'additionalProperties':
      return [[key, typeof value === 'object' ? toV2(value as Schema) : value]];
    default:
      return [[key, value]];
  }
}

function referenceV2(reference: string): string {
  return V2_PREFIX + reference.slice(V3_PREFIX.length);
}
