// An OpenAPI v3 document in the protobuf form (gnostic's Document). Loaded on first need.
// Field numbers: https://github.com/google/gnostic-models openapiv3/OpenAPIv3.proto
import { any, encodeDocument, extensions, keywordFields, keywords, type Messages, named, SHARED } from './openapi-protobuf.js';
import type { Schema } from './openapi-schemas.js';
import type { ContentV3, DocumentV3, OperationV3, ParameterV3, PathItemV3 } from './openapi-v3.js';

const S = 'string';
const B = 'bool';
const R = 'repeated';

const MESSAGES: Messages = {
  ...SHARED,
  Document: { openapi: [1, S], info: [2, 'Info'], paths: [4, 'Paths'], components: [5, 'Components'] },
  Info: { title: [1, S], version: [6, S] },
  Paths: { path: [1, 'NamedPath', R] },
  NamedPath: { name: [1, S], value: [2, 'PathItem'] },
  PathItem: {
    get: [4, 'Operation'],
    put: [5, 'Operation'],
    post: [6, 'Operation'],
    delete: [7, 'Operation'],
    options: [8, 'Operation'],
    head: [9, 'Operation'],
    patch: [10, 'Operation'],
    parameters: [13, 'ParameterItem', R],
  },
  Operation: {
    tags: [1, S, R],
    description: [3, S],
    operationId: [5, S],
    parameters: [6, 'ParameterItem', R],
    requestBody: [7, 'RequestBodyItem'],
    responses: [8, 'Responses'],
    extensions: [13, 'NamedAny', R],
  },
  ParameterItem: { parameter: [1, 'Parameter'] },
  Parameter: { name: [1, S], in: [2, S], description: [3, S], required: [4, B], schema: [10, 'SchemaItem'] },
  RequestBodyItem: { requestBody: [1, 'RequestBody'] },
  RequestBody: { content: [2, 'Contents'], required: [3, B] },
  Responses: { responses: [2, 'NamedResponse', R] },
  NamedResponse: { name: [1, S], value: [2, 'ResponseItem'] },
  ResponseItem: { response: [1, 'Response'] },
  Response: { description: [1, S], content: [3, 'Contents'] },
  Contents: { types: [1, 'NamedContent', R] },
  NamedContent: { name: [1, S], value: [2, 'Content'] },
  Content: { schema: [1, 'SchemaItem'] },
  Components: { schemas: [1, 'NamedSchemas'], securitySchemes: [7, 'NamedSecurities'] },
  NamedSecurities: { schemes: [1, 'NamedSecurity', R] },
  NamedSecurity: { name: [1, S], value: [2, 'SecurityItem'] },
  SecurityItem: { scheme: [1, 'SecurityScheme'] },
  SecurityScheme: { type: [1, S], description: [2, S], name: [3, S], in: [4, S] },
  NamedSchemas: { schemas: [1, 'NamedSchema', R] },
  NamedSchema: { name: [1, S], value: [2, 'SchemaItem'] },
  SchemaItem: { schema: [1, 'Schema'], reference: [2, 'Reference'] },
  Reference: { ref: [1, S] },
  Schema: {
    ...keywordFields({
      nullable: 1,
      externalDocs: 6,
      title: 9,
      multipleOf: 10,
      maximum: 11,
      exclusiveMaximum: 12,
      minimum: 13,
      exclusiveMinimum: 14,
      maxLength: 15,
      minLength: 16,
      pattern: 17,
      maxItems: 18,
      minItems: 19,
      uniqueItems: 20,
      maxProperties: 21,
      minProperties: 22,
      required: 23,
      description: 34,
      format: 35,
    }),
    example: [7, 'Any'],
    enum: [24, 'Any', R],
    type: [25, S],
    allOf: [26, 'SchemaItem', R],
    oneOf: [27, 'SchemaItem', R],
    anyOf: [28, 'SchemaItem', R],
    not: [29, 'Schema'],
    items: [30, 'Items'],
    properties: [31, 'NamedSchemas'],
    additionalProperties: [32, 'SchemaOrBool'],
    default: [33, 'Default'],
    extensions: [36, 'NamedAny', R],
  },
  Items: { schemas: [1, 'SchemaItem', R] },
  SchemaOrBool: { schema: [1, 'SchemaItem'], boolean: [2, B] },
  Default: { number: [1, 'double'], boolean: [2, B], string: [3, S] },
};

/** The document's bytes. */
export function encodeV3({ openapi, info, paths, components }: DocumentV3): Buffer {
  return encodeDocument(MESSAGES, {
    openapi,
    info,
    paths: { path: named(paths, pathItem) },
    components: {
      schemas: components.schemas && { schemas: named(components.schemas, schemaItem) },
      securitySchemes: components.securitySchemes && { schemes: named(components.securitySchemes, (scheme) => ({ scheme })) },
    },
  });
}

function pathItem({ parameters, ...operations }: PathItemV3): object {
  const methods = Object.entries(operations as Readonly<Record<string, OperationV3>>).map(([method, o]) => [method, operation(o)]);
  return { ...Object.fromEntries(methods), parameters: parameters?.map(parameterItem) };
}

function operation(o: OperationV3): object {
  const { tags, description, operationId, parameters, requestBody, responses } = o;
  return {
    tags,
    description,
    operationId,
    parameters: parameters?.map(parameterItem),
    requestBody: requestBody && { requestBody: { content: contents(requestBody.content), required: requestBody.required } },
    responses: {
      responses: named(responses, (r) => ({ response: { description: r.description, content: r.content && contents(r.content) } })),
    },
    extensions: extensions(o),
  };
}

function parameterItem({ schema, ...parameter }: ParameterV3): object {
  return { parameter: { ...parameter, schema: schemaItem(schema) } };
}

function contents(content: ContentV3): object {
  return { types: named(content, ({ schema }) => ({ schema: schemaItem(schema) })) };
}

function schemaItem(s: Schema): object {
  return s.$ref === undefined ? { schema: schema(s) } : { reference: { ref: s.$ref } };
}

function schema(s: Schema): object {
  const { additionalProperties, allOf, anyOf, default: value, enum: values, example, items, not, oneOf, properties, type } = s;
  return {
    ...keywords(s),
    type,
    example: example === undefined ? undefined : any(example),
    enum: values?.map(any),
    allOf: allOf?.map(schemaItem),
    oneOf: oneOf?.map(schemaItem),
    anyOf: anyOf?.map(schemaItem),
    not: not && schema(not),
    items: items && { schemas: [schemaItem(items)] },
    properties: properties && { schemas: named(properties, schemaItem) },
    additionalProperties:
      additionalProperties === undefined
        ? undefined
        : typeof additionalProperties === 'object'
          ? { schema: schemaItem(additionalProperties) }
          : { boolean: additionalProperties },
    default: value === undefined ? undefined : scalar(value),
    extensions: extensions(s),
  };
}

/** A default that is a list or an object has no form here: it is only said that there is one. */
function scalar(value: unknown): object {
  if (typeof value === 'number') return { number: value };
  if (typeof value === 'boolean') return { boolean: value };
  return typeof value === 'string' ? { string: value } : {};
}
