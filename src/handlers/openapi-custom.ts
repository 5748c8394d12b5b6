// What OpenAPI documents say of custom resources: the schema of their definition, completed with what every object has.
// k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder.
import type { Definition } from '../api/definition.js';
import type { Definitions } from '../api/definitions.js';
import type { JSONSchemaProps } from '../api/types/apiextensions-v1.gen.js';
import { schemaDescriptions } from './openapi-descriptions.js';
import { META } from './openapi-operations.js';
import { type Dialect, inOrder, type Schema, type SchemaSource, V3_PREFIX } from './openapi-schemas.js';

/** A kind whose prose on kind, apiVersion and metadata is that of all. */
const ANY_KIND = 'io.k8s.api.core.v1.Pod';
const META_FIELDS = ['apiVersion', 'kind'];
const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
/** What an object within another says of its kind. */
const EMBEDDED = {
  apiVersion: `apiVersion defines the versioned schema of this representation of an object. More info: ${CONVENTIONS}#resources`,
  kind: `kind is a string value representing the type of this object. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
};
/** Of what every object has; clients look for these words. */
const METADATA = {
  ObjectMeta: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
  ListMeta: `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`,
};

/** Schemas of the kinds and lists that definitions made at run time have, by their names. */
export function customSchemas(definitions: Definitions): SchemaSource {
  const custom = definitions.all().filter((d) => d.struct);
  const kinds = new Map(custom.map((d) => [d.schema, d]));
  const lists = new Map(custom.map((d) => [d.listSchema, d]));
  return (name, dialect) => {
    const kind = kinds.get(name);
    if (kind) return inOrder({ ...kindSchema(kind, dialect), ...selectable(kind) });
    const list = lists.get(name);
    return list && inOrder({ ...listSchema(list), ...selectable(list) });
  };
}

/** The fields by which lists can be narrowed, beside those of all kinds. */
function selectable({ selectableFields }: Definition): object {
  const fields = selectableFields.map((fieldPath) => ({ fieldPath }));
  return fields.length > 0 ? { 'x-kubernetes-selectable-fields': fields } : {};
}

function kindSchema(d: Definition, dialect: Dialect): Schema {
  const { group, version, kind } = d;
  const gvk = { 'x-kubernetes-group-version-kind': [{ group, kind, version }] };
  // kubectl takes what v2 names for all that there may be: of an object that keeps unknown fields it names nothing
  const isOpen = dialect === 'v2' && d.document?.['x-kubernetes-preserve-unknown-fields'];
  if (!d.document || isOpen) return { type: 'object', ...gvk };
  const own = converted(d.document, dialect);
  return { ...own, properties: { ...own.properties, ...metaProperties('ObjectMeta') }, ...gvk };
}

function listSchema(d: Definition): Schema {
  const { group, version } = d;
  const kind = d.listKind;
  return {
    description: `${kind} is a list of ${d.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...metaProperties('ListMeta'),
      items: { description: `List of ${d.resource}. More info: ${CONVENTIONS}`, type: 'array', items: { $ref: V3_PREFIX + d.schema } },
    },
    'x-kubernetes-group-version-kind': [{ group, kind, version }],
  };
}

function metaProperties(metadata: 'ObjectMeta' | 'ListMeta', texts = schemaDescriptions(ANY_KIND)): Record<string, Schema> {
  const described = (name: string) => (texts[name] === undefined ? {} : { description: texts[name] });
  return {
    ...Object.fromEntries(META_FIELDS.map((name) => [name, { ...described(name), type: 'string' }])),
    metadata: { description: METADATA[metadata], allOf: [{ $ref: `${V3_PREFIX}${META}${metadata}` }] },
  };
}

/** A schema and all below in a dialect. v2 cannot say all that v3 can, and kubectl cannot read all that v2 can say. */
function converted(schema: JSONSchemaProps, dialect: Dialect): Schema {
  const { items, properties, additionalProperties, ...rest } = schema;
  const bare = dialect === 'v2' ? withoutAlternatives(rest) : withAlternatives(rest);
  const isOpaque = dialect === 'v2' && Boolean(schema.nullable || schema['x-kubernetes-preserve-unknown-fields']);
  const inner = isOpaque || Array.isArray(items) ? undefined : items;
  const fields = isOpaque ? undefined : properties;
  const embedded = !isOpaque && schema['x-kubernetes-embedded-resource'];
  const hidesType =
    dialect === 'v2' && (isOpaque ? schema.nullable || ['object', 'array'].includes(schema.type ?? '') : schema.type === 'array' && !inner);
  return {
    ...bare,
    ...(hidesType && { type: undefined }),
    ...(embedded && { required: [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])] }),
    ...(inner && { items: converted(inner, dialect) }),
    ...((fields || embedded) && {
      properties: {
        ...Object.fromEntries(Object.entries(fields ?? {}).map(([name, s]) => [name, converted(s, dialect)])),
        ...(embedded && metaProperties('ObjectMeta', EMBEDDED)),
      },
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties: typeof additionalProperties === 'object' ? converted(additionalProperties, dialect) : additionalProperties,
    }),
  } as Schema;
}

function withoutAlternatives(schema: JSONSchemaProps): JSONSchemaProps {
  const { allOf: _allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable: _nullable, ...rest } = schema;
  return rest;
}

/** What is an integer or a string says so. */
function withAlternatives(schema: JSONSchemaProps): JSONSchemaProps {
  const isSaid = schema.anyOf !== undefined || schema.allOf !== undefined;
  return schema['x-kubernetes-int-or-string'] && !isSaid ? { ...schema, anyOf: [{ type: 'integer' }, { type: 'string' }] } : schema;
}
