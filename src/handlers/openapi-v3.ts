// OpenAPI v3 documents, one for each group and version. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
import { type Method, type Operation, type Path, PATCH, type Produces } from './openapi-operations.js';
import type { Parameter } from './openapi-parameters.js';
import { closure, described, inClientGroups, inGroupVersion, type Schema, type SchemaSource, V3_PREFIX } from './openapi-schemas.js';

/** The version of the API the documents are of. */
export const API_VERSION = '1.36';

const MEDIA: Readonly<Record<Produces, readonly string[]>> = {
  object: ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'],
  collection: [
    'application/json',
    'application/json;stream=watch',
    'application/vnd.kubernetes.protobuf',
    'application/vnd.kubernetes.protobuf;stream=watch',
    'application/yaml',
  ],
  log: ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml', 'text/plain'],
  any: ['*/*'],
  json: ['application/json'],
  openid: ['application/json'],
  keys: ['application/jwk-set+json'],
  custom: ['application/json', 'application/yaml'],
};
const PATCH_MEDIA = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];
export const CODE_TEXTS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

const SECURITY = { BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' } };

/** What a body may be, by its media type. */
export type ContentV3 = Readonly<Record<string, { readonly schema: Schema }>>;

/** A parameter of a path or of one of its operations. */
export interface ParameterV3 {
  readonly name: string;
  readonly in: string;
  readonly description?: string | undefined;
  readonly required?: boolean;
  readonly schema: Schema;
}

/** An operation, as a document of version 3 writes it. */
export interface OperationV3 {
  readonly tags: readonly string[];
  readonly description: string;
  readonly operationId: string;
  readonly parameters?: readonly ParameterV3[];
  readonly requestBody?: { readonly content: ContentV3; readonly required?: boolean };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: ContentV3 }>>;
}

/** The operations of a path by their methods, and the parameters they share. */
export type PathItemV3 = Readonly<Partial<Record<Method, OperationV3>>> & { readonly parameters?: readonly ParameterV3[] };

/** An OpenAPI 3.0 document. */
export interface DocumentV3 {
  readonly openapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItemV3>>;
  readonly components: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly securitySchemes?: Readonly<Record<string, object>>;
  };
}

/**
 * The document of some paths, with the schemas they need.
 * @param own the group and version it is about
 */
export function documentV3(paths: readonly Path[], source: SchemaSource, own = { group: '', version: 'v1' }): DocumentV3 {
  const isCustom = paths.length > 0 && paths.every((p) => p.operations.every((o) => o.produces === 'custom'));
  const schemas = Object.entries(closure(schemaNames(paths), source, 'v3')).map(([name, schema]) => [
    name,
    described(name, isCustom ? inClientGroups(schema) : inGroupVersion(schema, own)),
  ]);
  const sorted = [...paths].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    openapi: '3.0.0',
    info: isCustom ? { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' } : { title: 'Kubernetes', version: API_VERSION },
    paths: Object.fromEntries(sorted.map((p) => [p.path, pathItem(p)])),
    components: {
      ...(schemas.length > 0 && { schemas: Object.fromEntries(schemas) as Record<string, Schema> }),
      ...(!isCustom && { securitySchemes: SECURITY }),
    },
  };
}

/** The schemas that operations speak of. */
export function schemaNames(paths: readonly Path[]): Set<string> {
  const all = paths.flatMap((p) => p.operations).flatMap(({ body, answer }) => [body?.schema, answer]);
  return new Set(all.filter((name) => name !== undefined));
}

function pathItem({ operations }: Path): PathItemV3 {
  const shared = sharedParameters(operations);
  const items = operations.map((o) => [o.method, operationItem(o, shared)] as [Method, OperationV3]);
  return { ...Object.fromEntries(items), ...(shared.length > 0 && { parameters: shared.map(parameterItem) }) };
}

/** What all operations of a path take is said once, for the path. */
export function sharedParameters(operations: readonly Operation[]): readonly Parameter[] {
  const [first, ...rest] = operations;
  return (first?.parameters ?? []).filter((p) => rest.every((o) => o.parameters.some((q) => q.name === p.name && q.in === p.in)));
}

/** What an operation takes beyond `shared`. */
export function ownParameters(operation: Operation, shared: readonly Parameter[]): readonly Parameter[] {
  return operation.parameters.filter((p) => !shared.some((q) => q.name === p.name && q.in === p.in));
}

function operationItem(o: Operation, shared: readonly Parameter[]): OperationV3 {
  const own = ownParameters(o, shared);
  return {
    tags: [o.tag],
    description: o.description,
    operationId: o.id,
    ...(own.length > 0 && { parameters: own.map(parameterItem) }),
    ...(o.body && { requestBody: bodyItem(o.body, o.produces === 'custom') }),
    responses: responses(o),
    ...kindItem(o),
  };
}

/** The extensions that tell which kind an operation is about. */
export function kindItem({ kind }: Operation): object {
  if (!kind) return {};
  const { group, version, kind: name } = kind.gvk;
  return { 'x-kubernetes-action': kind.action, 'x-kubernetes-group-version-kind': { group, version, kind: name } };
}

function parameterItem(p: Parameter): ParameterV3 {
  return {
    name: p.name,
    in: p.in,
    description: p.description,
    ...(p.in === 'path' && { required: true }),
    schema: { type: p.type, uniqueItems: true } as Schema,
  };
}

function bodyItem({ schema, required }: { schema: string; required: boolean }, custom: boolean): NonNullable<OperationV3['requestBody']> {
  const patches = custom ? PATCH_MEDIA.filter((type) => !type.includes('strategic')) : PATCH_MEDIA;
  const content = contents(schema === PATCH ? patches : custom ? MEDIA.custom : ['*/*'], reference(schema));
  return { content, ...(required && { required }) };
}

function reference(schema: string): Schema {
  return { $ref: V3_PREFIX + schema };
}

function contents(types: readonly string[], schema: Schema): ContentV3 {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function responses({ answer, codes, produces }: Operation): OperationV3['responses'] {
  const content = contents(MEDIA[produces], answer === undefined ? { type: 'string' } : reference(answer));
  return {
    ...Object.fromEntries(codes.map((code) => [code, { description: CODE_TEXTS[code] ?? '', content }])),
    401: { description: 'Unauthorized' },
  };
}
