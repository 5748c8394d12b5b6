// The OpenAPI v2 document of the whole API, which older clients (kubectl to 1.28, apply without fields' types) read.
import { fnv64 } from '../util/fnv.js';
import { htmlSafe, inKeyOrder } from '../util/json.js';
import { type Operation, type Path, PATCH, type Produces } from './openapi-operations.js';
import type { Parameter } from './openapi-parameters.js';
import { closure, described, type Schema, type SchemaSource, toV2, V2_PREFIX } from './openapi-schemas.js';
import { API_VERSION, CODE_TEXTS, kindItem, ownParameters, schemaNames, sharedParameters } from './openapi-v3.js';

const OBJECT = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const PRODUCES: Readonly<Record<Produces, readonly string[]>> = {
  object: OBJECT,
  collection: [...OBJECT, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'],
  log: ['text/plain', ...OBJECT],
  any: ['*/*'],
  json: ['application/json'],
  openid: ['application/json'],
  keys: ['application/jwk-set+json'],
  custom: ['application/json', 'application/yaml'],
};
const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const META = 'io.k8s.apimachinery';

/** A parameter as it stands in the document. */
export interface ParameterV2 {
  readonly name: string;
  readonly in: string;
  readonly description?: string | undefined;
  readonly required?: boolean;
  readonly type?: string;
  readonly schema?: { readonly $ref: string };
}

/** A parameter, or where the document has it. */
export type ParameterOrRef = ParameterV2 | { readonly $ref: string };

/** An operation, as a document of version 2 writes it. */
export interface OperationV2 {
  readonly description: string;
  readonly consumes?: readonly string[];
  readonly produces: readonly string[];
  readonly schemes: readonly string[];
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly parameters?: readonly ParameterOrRef[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: Schema }>>;
}

/** The operations of a path, and the parameters they share. */
export interface PathItemV2 {
  readonly [method: string]: OperationV2 | readonly ParameterOrRef[];
}

/** A Swagger 2.0 document. */
export interface DocumentV2 {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItemV2>>;
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly parameters: Readonly<Record<string, ParameterV2>>;
  readonly securityDefinitions: object;
  readonly security: readonly object[];
}

/** The document of all paths. */
export function documentV2(paths: readonly Path[], source: SchemaSource): DocumentV2 {
  const shared = new SharedParameters();
  const sorted = [...paths].sort((a, b) => (a.path < b.path ? -1 : 1));
  const items = Object.fromEntries(sorted.map((p) => [p.path, pathItem(p, shared)]));
  const schemas = closure(schemaNames(paths), source, 'v2');
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: API_VERSION },
    paths: items,
    definitions: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toV2(described(name, schema))])),
    parameters: shared.all(),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}

/** What many operations take is said once and referred to. */
class SharedParameters {
  readonly #byName = new Map<string, ParameterV2>();
  readonly #nameOf = new Map<string, string>();

  /** The parameter itself where it is of one kind only, or where kubectl looks for it in place; else a reference. */
  add(p: ParameterV2): ParameterOrRef {
    // kubectl up to 1.27 reads dryRun and fieldValidation off the operation to learn what the server can do
    if (p.name === 'name' || p.name === 'dryRun' || p.name === 'fieldValidation') return p;
    if (p.in === 'body' && !p.schema?.$ref.startsWith(V2_PREFIX + META)) return p;
    const text = htmlSafe(JSON.stringify(p));
    let name = this.#nameOf.get(text);
    if (name === undefined) {
      name = `${p.name}-${fnv64(Buffer.from(text)).toString('base64url').slice(0, 8)}`;
      this.#nameOf.set(text, name);
      this.#byName.set(name, p);
    }
    return { $ref: `#/parameters/${name}` };
  }

  all(): Record<string, ParameterV2> {
    return Object.fromEntries([...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function pathItem({ operations }: Path, shared: SharedParameters): PathItemV2 {
  const common = sharedParameters(operations);
  return {
    ...Object.fromEntries(operations.map((o) => [o.method, operationItem(o, ownParameters(o, common), shared)])),
    ...(common.length > 0 && { parameters: common.map((p) => shared.add(parameterItem(p))) }),
  };
}

function operationItem(o: Operation, own: readonly Parameter[], shared: SharedParameters): OperationV2 {
  const parameters = [...(o.body ? [bodyItem(o.body)] : []), ...own.map(parameterItem)].map((p) => shared.add(p));
  return {
    description: o.description,
    ...consumes(o),
    produces: PRODUCES[o.produces],
    schemes: ['https'],
    tags: [o.tag],
    operationId: o.id,
    ...(parameters.length > 0 && { parameters }),
    responses: responses(o),
    ...extensions(o),
  };
}

/** Upstream's aggregator reads the documents of its servers, which puts what they say in order, and not its own. */
function extensions(o: Operation): object {
  const own = kindItem(o);
  return o.kind?.gvk.group === 'apiregistration.k8s.io' ? own : (inKeyOrder(own) as object);
}

function consumes({ kind, body, produces }: Operation): { consumes?: readonly string[] } {
  if (kind && produces === 'custom')
    return { consumes: body?.schema === PATCH ? PATCH_TYPES.filter((type) => !type.includes('strategic')) : PRODUCES.custom };
  if (kind) return { consumes: body?.schema === PATCH ? PATCH_TYPES : ['*/*'] };
  return produces === 'object' || produces === 'json' ? { consumes: PRODUCES[produces] } : {};
}

function bodyItem({ schema, required }: { schema: string; required: boolean }): ParameterV2 {
  return { name: 'body', in: 'body', ...(required && { required }), schema: { $ref: V2_PREFIX + schema } };
}

function parameterItem(p: Parameter): ParameterV2 & { uniqueItems: true } {
  return {
    uniqueItems: true,
    type: p.type,
    description: p.description,
    name: p.name,
    in: p.in,
    ...(p.in === 'path' && { required: true }),
  };
}

function responses({ answer, codes }: Operation): OperationV2['responses'] {
  const schema: Schema = answer === undefined ? { type: 'string' } : { $ref: V2_PREFIX + answer };
  return {
    ...Object.fromEntries(codes.map((code) => [code, { description: CODE_TEXTS[code] ?? '', schema }])),
    401: { description: 'Unauthorized' },
  };
}
