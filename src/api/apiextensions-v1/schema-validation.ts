// Rules of the schemas in definitions.
import { type FieldError, type FieldPath, forbidden, invalid, notSupported } from '../meta/field-errors.js';
import { goValue } from '../shared/go-value.js';
import { validateDefaults } from '../structural/default-rules.js';
import { validateStructural } from '../structural/rules.js';
import { META_FIELDS, type Schema, unsupported } from '../structural/schema.js';
import type { CustomResourceValidation } from '../types/apiextensions-v1.gen.js';
import { validateListsAndMaps, validateMapList } from './list-rules.js';
import { validateRules } from './rule-validation.js';
import { type Strictness, TYPES } from './update-strictness.js';

/** What the schema of an object with a status may say of the object as a whole, in Go's names. */
const AT_ROOT =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const AT_ROOT_NAMES = new Set(
  AT_ROOT.split(' ').map((name) =>
    name === 'XPreserveUnknownFields'
      ? 'x-kubernetes-preserve-unknown-fields'
      : name === 'XValidations'
        ? 'x-kubernetes-validations'
        : name.charAt(0).toLowerCase() + name.slice(1),
  ),
);

/** How strictly a schema is judged. */
export interface SchemaOptions {
  readonly strict: Strictness;
  /** The objects have a status of their own. */
  readonly hasStatus: boolean;
}

/** @returns what is wrong with the schema of a version, or of all */
export function validateSchema(
  validation: CustomResourceValidation | undefined,
  path: FieldPath,
  { strict, hasStatus }: SchemaOptions,
): FieldError[] {
  const schema = validation?.openAPIV3Schema;
  if (!schema) return [];
  const at = path.child('openAPIV3Schema');
  const errors = hasStatus ? validateRoot(schema, path) : [];
  if (schema.nullable) errors.push(forbidden(path.child('openAPIV3Schema.nullable'), 'nullable cannot be true at the root'));
  const problem = strict.structural ? unsupported(schema) : undefined;
  if (strict.structural && problem === undefined) {
    const wrong = validateStructural(schema, at);
    errors.push(...(wrong.length > 0 ? wrong : validateDefaults(schema, at, strict.prunedDefaults)));
  }
  errors.push(...validateNested(schema, at, { strict, isRoot: true, inMeta: false, noDefaults: undefined }));
  if (errors.length === 0 && problem !== undefined) errors.push(invalid(at, '', problem));
  return errors;
}

/** The status is checked by its own part of the schema alone: nothing of that may stand above it. */
function validateRoot(schema: Schema, path: FieldPath): FieldError[] {
  if (schema.type && schema.type !== 'object')
    return [
      invalid(
        path.child('openAPIV3Schema.type'),
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  const other = Object.entries(schema).find(
    ([name, value]) => value !== undefined && value !== false && value !== '' && !AT_ROOT_NAMES.has(name),
  );
  if (!other) return [];
  return [
    invalid(
      path.child('openAPIV3Schema'),
      goValue(schema),
      `only [${AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled`,
    ),
  ];
}

interface Place {
  readonly strict: Strictness;
  readonly isRoot: boolean;
  /** Within kind, apiVersion or metadata. */
  readonly inMeta: boolean;
  /** Why there may be no defaults; undefined: there may. */
  readonly noDefaults: string | undefined;
}

function validateNested(schema: Schema, path: FieldPath, place: Place): FieldError[] {
  const { strict } = place;
  const errors = validateKeywords(schema, path, place);
  if (schema.uniqueItems)
    errors.push(forbidden(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  const { additionalProperties: additional } = schema;
  if (additional !== undefined && additional !== true && Object.keys(schema.properties ?? {}).length > 0)
    errors.push(forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'));
  errors.push(...validateInner(schema, path, { ...place, isRoot: false }, place.isRoot));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  errors.push(...validateListsAndMaps(schema, path, strict.atomicSets));
  if (strict.mapListKeys) errors.push(...validateMapList(schema, path));
  return [...errors, ...validateRules(schema, path)];
}

/** @param isRoot whether the schema around is that of whole objects */
function validateInner(schema: Schema, path: FieldPath, place: Place, isRoot: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const add = (inner: Schema, at: FieldPath, of: Place = place) => void errors.push(...validateNested(inner, at, of));
  const { additionalProperties: additional, items } = schema;
  if (additional && typeof additional === 'object')
    add(
      additional,
      path.child('additionalProperties'),
      place.inMeta ? { ...place, noDefaults: ' inside additionalProperties applying to object metadata' } : place,
    );
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = (isRoot || schema['x-kubernetes-embedded-resource']) && META_FIELDS.has(name);
    const inMeta = place.inMeta || Boolean(isMeta);
    const noDefaults = isMeta && isRoot ? ` in top-level ${name}` : place.noDefaults;
    add(property, path.child('properties').key(name), { ...place, inMeta, noDefaults });
  }
  if (schema.not) add(schema.not, path.child('not'));
  for (const name of ['allOf', 'oneOf', 'anyOf'] as const) schema[name]?.forEach((s, i) => add(s, path.child(name).index(i)));
  for (const [name, s] of Object.entries(schema.definitions ?? {})) add(s, path.child('definitions').key(name));
  if (Array.isArray(items)) items.forEach((s, i) => add(s, path.child('items').index(i)));
  else if (items) add(items, path.child('items'));
  for (const [name, s] of Object.entries(schema.dependencies ?? {}))
    if (s && !Array.isArray(s)) add(s, path.child('dependencies').key(name));
  return errors;
}

/** Keywords of JSON schema that no schema here may have. */
function validateKeywords(schema: Schema, path: FieldPath, place: Place): FieldError[] {
  const { type = '' } = schema;
  const errors: FieldError[] = [];
  const not = (keyword: string, isSet: boolean, text = `${keyword} is not supported`) => {
    if (isSet) errors.push(forbidden(path.child(keyword), text));
  };
  if (place.strict.types && type !== '' && !TYPES.includes(type)) errors.push(notSupported(path.child('type'), type, TYPES));
  if (place.noDefaults !== undefined) not('default', schema.default !== undefined, `must not be set${place.noDefaults}`);
  not('id', Boolean(schema.id));
  not('additionalItems', schema.additionalItems !== undefined);
  not('patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0);
  not('definitions', Object.keys(schema.definitions ?? {}).length > 0);
  not('dependencies', schema.dependencies !== undefined);
  not('$ref', schema.$ref !== undefined);
  not('type', type === 'null', 'type cannot be set to null, use nullable as an alternative');
  not('items', Array.isArray(schema.items) && schema.items.length > 0, 'items must be a schema object and not an array');
  if (place.inMeta)
    not('x-kubernetes-embedded-resource', Boolean(schema['x-kubernetes-embedded-resource']), 'must not be used inside of resource meta');
  return errors;
}
