// What makes a schema structural, with the errors of k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go: the
// places under properties, items and additionalProperties say the types; what stands in allOf, anyOf, oneOf and not only
// restricts values of such places.
import { at, type FieldError, type FieldPath, forbidden, invalid, required } from '../meta/field-errors.js';
import { equal } from '../../util/equal.js';
import { goRegExp, GoRegExpError } from '../../util/go-regexp.js';
import { additionalOf, itemsOf, propertyOf, type Schema } from './schema.js';

type Level = 'root' | 'item' | 'field';

const TYPE_MISSING: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

/** @returns why a schema is not structural; `unsupported` has been asked before */
export function validateStructural(schema: Schema, path: FieldPath): FieldError[] {
  return [...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)];
}

function invariants(schema: Schema, level: Level, path: FieldPath): FieldError[] {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const hasAdditional = schema.additionalProperties !== undefined;
  return [
    ...(schema.type === 'array' && !items ? [required(path.child('items'), 'must be specified')] : []),
    ...(items ? invariants(items, 'item', path.child('items')) : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, s]) => invariants(s, 'field', path.child('properties').key(name))),
    ...(hasAdditional && level === 'root' ? [forbidden(path.child('additionalProperties'), 'must not be used at the root')] : []),
    ...(additional ? invariants(additional, 'field', path.child('additionalProperties')) : []),
    ...extensions(schema, path),
    ...restrictions(schema, path, { anyOf: isIntOrString(schema.anyOf), firstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf) }),
    ...typeRules(schema, level, path),
    ...metaRules(schema, level, path),
  ];
}

function isIntOrString(anyOf: readonly Schema[] | undefined): boolean {
  return anyOf?.length === 2 && equal(anyOf, INT_OR_STRING);
}

function extensions(schema: Schema, path: FieldPath): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((name) => schema[name])
    .map((name) => invalid(path.child(name), true, 'must be false if x-kubernetes-int-or-string is true'));
}

function typeRules(schema: Schema, level: Level, path: FieldPath): FieldError[] {
  const { type = '' } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'];
  const errors: FieldError[] = [];
  if (embedded && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(path.child('type'), text) : invalid(path.child('type'), type, text));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    errors.push(required(path.child('type'), TYPE_MISSING[level]));
  if (embedded && schema.additionalProperties !== undefined)
    errors.push(forbidden(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'));
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalid(path.child('type'), type, 'must be object at the root'));
  if (embedded && !schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      required(
        path.child('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  return errors;
}

/** Of kind, apiVersion and metadata the schema of an object may say little: they are the same for all. */
function metaRules(schema: Schema, level: Level, path: FieldPath): FieldError[] {
  if (level !== 'root' && !schema['x-kubernetes-embedded-resource']) return [];
  const errors: FieldError[] = [];
  const properties = path.child('properties');
  for (const name of ['kind', 'apiVersion']) {
    const property = propertyOf(schema, name);
    if (property && property.type !== 'string')
      errors.push(invalid(properties.key(name).child('type'), property.type ?? '', 'must be string'));
  }
  const metadata = propertyOf(schema, 'metadata');
  if (!metadata) return errors;
  if (metadata.type !== 'object') errors.push(invalid(properties.key('metadata').child('type'), metadata.type ?? '', 'must be object'));
  if (level === 'root' && saysMoreThanNames(metadata))
    errors.push(
      forbidden(
        properties.key('metadata'),
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
  return errors;
}

function saysMoreThanNames({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  const names = Object.keys(properties);
  const onlyNames = names.every((name) => name === 'name' || name === 'generateName');
  return !onlyNames || Object.values(rest).some((v) => v !== undefined && v !== false && v !== '' && !(Array.isArray(v) && v.length === 0));
}

interface Skipped {
  readonly anyOf: boolean;
  readonly firstAllOf: boolean;
}
const NOTHING: Skipped = { anyOf: false, firstAllOf: false };

/** What restricts values: allOf, anyOf, oneOf, not, pattern. */
function restrictions(schema: Schema, path: FieldPath, skipped: Skipped): FieldError[] {
  const each = (list: readonly Schema[] | undefined, name: string, skip: (i: number) => Skipped = () => NOTHING) =>
    (list ?? []).flatMap((s, i) => nested(s, path.child(name).index(i), skip(i)));
  return [
    ...(skipped.anyOf ? [] : each(schema.anyOf, 'anyOf')),
    ...each(schema.allOf, 'allOf', (i) => ({ anyOf: skipped.firstAllOf && i === 0, firstAllOf: false })),
    ...each(schema.oneOf, 'oneOf'),
    ...(schema.not ? nested(schema.not, path.child('not'), NOTHING) : []),
    ...validatePattern(schema.pattern, path.child('pattern')),
  ];
}

function validatePattern(pattern: string | undefined, path: FieldPath): FieldError[] {
  if (!pattern) return [];
  try {
    goRegExp(pattern);
    return [];
  } catch (e) {
    if (e instanceof GoRegExpError) return [invalid(path, pattern, `must be a valid regular expression, but isn't: ${e.message}`)];
    throw e;
  }
}

/** Keywords that say what a place is, and so have no place among restrictions. */
const FORBIDDEN: readonly (readonly [keyword: keyof Schema, text: string])[] = [
  ['type', 'must be empty'],
  ['default', 'must be undefined'],
  ['title', 'must be empty'],
  ['description', 'must be empty'],
  ['nullable', 'must be false'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false'],
  ['x-kubernetes-embedded-resource', 'must be false'],
  ['x-kubernetes-int-or-string', 'must be false'],
  ['x-kubernetes-list-map-keys', 'must be empty'],
  ['x-kubernetes-list-type', 'must be undefined'],
  ['x-kubernetes-map-type', 'must be undefined'],
  ['x-kubernetes-validations', 'must be empty'],
];

function nested(schema: Schema, path: FieldPath, skipped: Skipped): FieldError[] {
  const items = itemsOf(schema);
  const errors = restrictions(schema, path, skipped);
  if (items) errors.push(...nested(items, path.child('items'), NOTHING));
  for (const [name, s] of Object.entries(schema.properties ?? {})) errors.push(...nested(s, path.child('properties').key(name), NOTHING));
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false)
    errors.push(forbidden(path.child('additionalProperties'), 'must be undefined to be structural'));
  for (const [keyword, text] of FORBIDDEN) {
    const value = schema[keyword];
    if (value && !(Array.isArray(value) && value.length === 0)) errors.push(forbidden(path.child(keyword), `${text} to be structural`));
    else if (keyword === 'default' && value !== undefined && value !== null)
      errors.push(forbidden(path.child(keyword), `${text} to be structural`));
  }
  if (propertyOf(schema, 'metadata'))
    errors.push(forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context'));
  return errors;
}

/** Whatever is restricted must be declared. @param place the declared place of what `restricting` is about */
function completeness(restricting: Schema, place: Schema, placePath: FieldPath, path: FieldPath): FieldError[] {
  const each = (list: readonly Schema[] | undefined, name: string) =>
    (list ?? []).flatMap((s, i) => nestedCompleteness(s, place, placePath, path.child(name).index(i)));
  return [
    ...(restricting.not ? nestedCompleteness(restricting.not, place, placePath, path.child('not')) : []),
    ...each(restricting.allOf, 'allOf'),
    ...each(restricting.anyOf, 'anyOf'),
    ...each(restricting.oneOf, 'oneOf'),
  ];
}

function nestedCompleteness(restricting: Schema, place: Schema | undefined, placePath: FieldPath, path: FieldPath): FieldError[] {
  if (!place) return [required(placePath, `because it is defined in ${path.toString()}`)];
  const items = itemsOf(restricting);
  return [
    ...completeness(restricting, place, placePath, path),
    ...(items ? nestedCompleteness(items, itemsOf(place), placePath.child('items'), path.child('items')) : []),
    ...Object.entries(restricting.properties ?? {}).flatMap(([name, s]) =>
      nestedCompleteness(s, propertyOf(place, name), placePath.child('properties').key(name), path.child('properties').key(name)),
    ),
  ];
}

/** Whether a schema that is no update of another one would be refused as not structural. */
export function isStructural(schema: Schema): boolean {
  return validateStructural(schema, at()).length === 0;
}
