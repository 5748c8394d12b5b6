// The OpenAPI v2 document in the protobuf form (gnostic's Document) that kubectl up to 1.28 insists on. Loaded on first need.
// Field numbers: https://github.com/google/gnostic-models openapiv2/OpenAPIv2.proto
import { any, encodeDocument, extensions, keywordFields, keywords, type Messages, named, SHARED } from './openapi-protobuf.js';
import type { Schema } from './openapi-schemas.js';
import type { DocumentV2, OperationV2, ParameterOrRef, ParameterV2, PathItemV2 } from './openapi-v2.js';

const S = 'string';
const B = 'bool';
const R = 'repeated';

const MESSAGES: Messages = {
  ...SHARED,
  Info: { title: [1, S], version: [2, S] },
  Document: {
    swagger: [1, S],
    info: [2, 'Info'],
    paths: [8, 'Paths'],
    definitions: [9, 'NamedSchemas'],
    parameters: [10, 'NamedParams'],
    security: [12, 'SecurityRequirement', R],
    securityDefinitions: [13, 'SecurityDefinitions'],
  },
  NamedSchemas: { additionalProperties: [1, 'NamedSchema', R] },
  NamedSchema: { name: [1, S], value: [2, 'Schema'] },
  NamedParams: { additionalProperties: [1, 'NamedParam', R] },
  NamedParam: { name: [1, S], value: [2, 'Param'] },
  SecurityRequirement: { additionalProperties: [1, 'NamedStrings', R] },
  NamedStrings: { name: [1, S], value: [2, 'Strings'] },
  SecurityDefinitions: { additionalProperties: [1, 'NamedSecurity', R] },
  NamedSecurity: { name: [1, S], value: [2, 'SecurityItem'] },
  SecurityItem: { apiKeySecurity: [2, 'ApiKeySecurity'] },
  ApiKeySecurity: { type: [1, S], name: [2, S], in: [3, S], description: [4, S] },
  Schema: {
    ref: [1, S],
    ...keywordFields({
      format: 2,
      title: 3,
      description: 4,
      multipleOf: 6,
      maximum: 7,
      exclusiveMaximum: 8,
      minimum: 9,
      exclusiveMinimum: 10,
      maxLength: 11,
      minLength: 12,
      pattern: 13,
      maxItems: 14,
      minItems: 15,
      uniqueItems: 16,
      maxProperties: 17,
      minProperties: 18,
      required: 19,
      externalDocs: 29,
    }),
    default: [5, 'Any'],
    enum: [20, 'Any', R],
    additionalProperties: [21, 'SchemaOrBool'],
    type: [22, 'Strings'],
    items: [23, 'Schemas'],
    properties: [25, 'NamedSchemas'],
    example: [30, 'Any'],
    vendorExtension: [31, 'NamedAny', R],
  },
  SchemaOrBool: { schema: [1, 'Schema'], boolean: [2, B] },
  Strings: { value: [1, S, R] },
  Schemas: { schema: [1, 'Schema', R] },
  Paths: { path: [2, 'NamedPath', R] },
  NamedPath: { name: [1, S], value: [2, 'PathItem'] },
  PathItem: {
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    options: [6, 'Operation'],
    head: [7, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, 'ParamItem', R],
  },
  Operation: {
    tags: [1, S, R],
    description: [3, S],
    operationId: [5, S],
    produces: [6, S, R],
    consumes: [7, S, R],
    parameters: [8, 'ParamItem', R],
    responses: [9, 'Responses'],
    schemes: [10, S, R],
    vendorExtension: [13, 'NamedAny', R],
  },
  Responses: { responseCode: [1, 'NamedResponse', R] },
  NamedResponse: { name: [1, S], value: [2, 'ResponseValue'] },
  ResponseValue: { response: [1, 'Response'] },
  Response: { description: [1, S], schema: [2, 'SchemaItem'] },
  SchemaItem: { schema: [1, 'Schema'] },
  ParamItem: { parameter: [1, 'Param'], jsonReference: [2, 'JsonReference'] },
  JsonReference: { ref: [1, S] },
  Param: { bodyParameter: [1, 'BodyParam'], nonBodyParameter: [2, 'NonBodyParam'] },
  BodyParam: { description: [1, S], name: [2, S], in: [3, S], required: [4, B], schema: [5, 'Schema'] },
  NonBodyParam: { queryParameterSubSchema: [3, 'QueryParam'], pathParameterSubSchema: [4, 'PathParam'] },
  QueryParam: { required: [1, B], in: [2, S], description: [3, S], name: [4, S], type: [6, S], uniqueItems: [20, B] },
  PathParam: { required: [1, B], in: [2, S], description: [3, S], name: [4, S], type: [5, S], uniqueItems: [19, B] },
};

/** The document's bytes. */
export function encodeV2(document: DocumentV2): Buffer {
  return encodeDocument(MESSAGES, {
    swagger: document.swagger,
    info: document.info,
    paths: { path: named(document.paths, pathItem) },
    definitions: schemas(document.definitions),
    parameters: { additionalProperties: named(document.parameters, parameter) },
    security: document.security.map((requirement) => ({
      additionalProperties: Object.keys(requirement).map((name) => ({ name, value: { value: [] } })),
    })),
    securityDefinitions: {
      additionalProperties: named(document.securityDefinitions as Record<string, object>, (apiKeySecurity) => ({ apiKeySecurity })),
    },
  });
}

function schemas(values: Readonly<Record<string, Schema>>) {
  return { additionalProperties: named(values, schema) };
}

function schema(s: Schema): object {
  const { additionalProperties, default: value, example, items, properties, type } = s;
  return {
    ref: s.$ref,
    ...keywords(s),
    default: value === undefined ? undefined : any(value),
    example: example === undefined ? undefined : any(example),
    enum: s.enum?.map(any),
    type: type === undefined ? undefined : { value: [type] },
    items: items && { schema: [schema(items)] },
    properties: properties && schemas(properties),
    additionalProperties:
      additionalProperties === undefined
        ? undefined
        : typeof additionalProperties === 'object'
          ? { schema: schema(additionalProperties) }
          : { boolean: additionalProperties },
    vendorExtension: extensions(s),
  };
}

function pathItem(item: PathItemV2): object {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) =>
      Array.isArray(value) ? [key, (value as ParameterOrRef[]).map(parameterItem)] : [key, operation(value as OperationV2)],
    ),
  );
}

function operation(o: OperationV2): object {
  const responses = named(o.responses, (r) => ({
    response: { description: r.description, schema: r.schema && { schema: schema(r.schema) } },
  }));
  return { ...o, parameters: o.parameters?.map(parameterItem), responses: { responseCode: responses }, vendorExtension: extensions(o) };
}

function parameterItem(p: ParameterOrRef): object {
  return '$ref' in p ? { jsonReference: { ref: p.$ref } } : { parameter: parameter(p) };
}

function parameter(p: ParameterV2): object {
  if (p.in === 'body') return { bodyParameter: { ...p, schema: p.schema && schema(p.schema) } };
  return { nonBodyParameter: p.in === 'path' ? { pathParameterSubSchema: p } : { queryParameterSubSchema: p } };
}
