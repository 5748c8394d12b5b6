// Which parts of custom resources have owners of their own, by the x-kubernetes-… extensions of the schema.
import { ANY, Field, listType, mapType, scalarType, structType, type StructType, type Type, UNDECLARED } from '../api/schema/types.js';
import { additionalOf, itemsOf, type Schema } from '../api/structural/schema.js';
import { metadataField } from './reading.js';

const LIST_META_TYPES = ['set', 'map'] as const;
/** A text or a number: of a quantity too nothing else is asked before it is read. */
const UNTYPED: Type = scalarType('quantity');

/** The type by which managedFields and server-side apply know objects of a version. */
export function ownedType(kind: string, schema: Schema | undefined): StructType {
  return objectType(kind, {
    ...schema,
    'x-kubernetes-embedded-resource': true,
    ...(!schema && { 'x-kubernetes-preserve-unknown-fields': true }),
  });
}

function objectType(goName: string, schema: Schema): StructType {
  const own = Object.entries(schema.properties ?? {}).map(([name, property]) => field(name, property));
  const fields = schema['x-kubernetes-embedded-resource'] ? [...own.filter((f) => !META.has(f.name)), ...metaFields()] : own;
  return structType(goName, fields, {
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    open: schema['x-kubernetes-preserve-unknown-fields'] ?? false,
  });
}

const META = new Set(['kind', 'apiVersion', 'metadata']);

function metaFields(): Field[] {
  return [field('kind', { type: 'string' }), field('apiVersion', { type: 'string' }), metadataField()];
}

function field(name: string, schema: Schema): Field {
  return new Field({ name, omitEmpty: true, pointer: true, default: schema.default }, () => typeOf(schema));
}

function typeOf(schema: Schema): Type {
  // it has no type, so anything goes
  if (schema['x-kubernetes-int-or-string']) return UNDECLARED;
  switch (schema.type) {
    case 'object': {
      const additional = additionalOf(schema);
      if (additional) return mapType(typeOf(additional), { atomic: schema['x-kubernetes-map-type'] === 'atomic' });
      if (schema.additionalProperties === true && schema['x-kubernetes-map-type'] !== 'atomic') return mapType(UNDECLARED);
      return objectType('object', schema);
    }
    case 'array':
      return arrayType(schema);
    case 'string':
      // as upstream: of the formats of texts only this one is sure to be text
      return schema.format && schema.format !== 'byte' ? UNTYPED : scalarType('string');
    case 'boolean':
      return scalarType('bool');
    case 'integer':
    case 'number':
      return scalarType('float64');
    default:
      return schema['x-kubernetes-preserve-unknown-fields'] ? UNDECLARED : ANY;
  }
}

function arrayType(schema: Schema): Type {
  const items = itemsOf(schema);
  const ownership = LIST_META_TYPES.find((type) => type === schema['x-kubernetes-list-type']) ?? 'atomic';
  return listType(items ? typeOf(items) : ANY, { ownership, keys: schema['x-kubernetes-list-map-keys'] ?? [] });
}
