// Defaults that a schema names must fit the schema: they are put into objects without being asked again.
// k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/validation.go
import { type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { copy, equal } from '../../util/equal.js';
import { coerceEmbedded, validateEmbedded } from './embedded.js';
import { prune } from './prune.js';
import { anySchema, asRoot, itemsOf, type Json, META_FIELDS, type Schema } from './schema.js';
import { validateValue } from './validate.js';

/** Puts a default to its place in an object of the root schema. */
type Surround = (value: Json) => Json;

/** Where the default stands in an object. */
interface Surroundings {
  readonly root: Schema;
  readonly surround: Surround;
  /** Within kind, apiVersion or metadata. */
  readonly inMeta: boolean;
}

const withType: Surround = (value) => ({ kind: 'Validation', apiVersion: 'validation/v1', ...(value as object) });

/**
 * @param requirePruned defaults must not have unknown fields
 * @returns what is wrong with the defaults in the schema of an object
 */
export function validateDefaults(schema: Schema, path: FieldPath, requirePruned: boolean): FieldError[] {
  return validate(asRoot(schema), path, { root: asRoot(schema), surround: withType, inMeta: false }, requirePruned);
}

/** Whether a default in the schema has fields the schema does not declare. */
export function hasUnprunedDefaults(path: FieldPath, schema: Schema): boolean {
  return validateDefaults(schema, path, true).some((e) => e.message.endsWith(UNKNOWN_FIELDS));
}

const UNKNOWN_FIELDS = 'must not have unknown fields';

function validate(schema: Schema, path: FieldPath, outer: Surroundings, requirePruned: boolean): FieldError[] {
  const here: Surroundings = schema['x-kubernetes-embedded-resource'] ? { root: schema, surround: withType, inMeta: false } : outer;
  const { root, surround, inMeta } = here;
  const items = itemsOf(schema);
  return [
    ...(schema.default !== undefined && schema.default !== null
      ? inMeta
        ? validateInMeta(schema, path.child('default'), here)
        : validateDefault(schema, path.child('default'), requirePruned)
      : []),
    ...(items ? validate(items, path.child('items'), { root, surround: (v) => surround([v]), inMeta }, requirePruned) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const within = inMeta || Boolean(schema['x-kubernetes-embedded-resource'] && META_FIELDS.has(name));
      return validate(
        property,
        path.child('properties').key(name),
        { root, surround: (v) => surround({ [name]: v }), inMeta: within },
        requirePruned,
      );
    }),
  ];
}

function validateDefault(schema: Schema, path: FieldPath, requirePruned: boolean): FieldError[] {
  const isRoot = Boolean(schema['x-kubernetes-embedded-resource']);
  const errors: FieldError[] = [];
  const value = copy(schema.default);
  if (requirePruned) {
    prune(value, schema, isRoot);
    if (!equal(value, schema.default)) errors.push(invalid(path, schema.default, UNKNOWN_FIELDS));
  }
  const coerced = coerceEmbedded(copy(schema.default), path, schema, { isRoot, dropInvalid: false });
  if (coerced) return [...errors, coerced];
  const meta = validateEmbedded(schema.default, path, schema, isRoot);
  return [...errors, ...(meta.length > 0 ? meta : validateValue(schema.default, path, withoutUnions(schema)))];
}

function validateInMeta(schema: Schema, path: FieldPath, { root, surround }: Surroundings): FieldError[] {
  const object = surround(copy(schema.default) as Json);
  const coerced = coerceEmbedded(object, undefined, root, { isRoot: true, dropInvalid: false });
  const wrong = coerced ? [coerced] : validateEmbedded(object, undefined, root, true);
  if (wrong.length === 0) return validateValue(schema.default, path, withoutUnions(schema));
  const texts = wrong.map((e) => `${e.field}: ${e.message}`);
  return [invalid(path, schema.default, `must result in valid metadata: ${texts.length > 1 ? `[${texts.join(', ')}]` : texts[0]}`)];
}

/** Upstream checks defaults by a form of the schema in which an int-or-string has no type. */
function withoutUnions(schema: Schema): Schema {
  if (!anySchema(schema, (s) => s['x-kubernetes-int-or-string'] === true)) return schema;
  const { items, properties, additionalProperties } = schema;
  return {
    ...schema,
    'x-kubernetes-int-or-string': undefined,
    ...(items && { items: Array.isArray(items) ? items : withoutUnions(items) }),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, s]) => [name, withoutUnions(s)])) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: withoutUnions(additionalProperties) }),
  };
}
