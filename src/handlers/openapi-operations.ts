// All operations of the API, in a form from which both versions of OpenAPI are written. Paths, ids, tags and texts follow
// from the definitions, as k8s.io/apiserver's installer makes them from its storages.
import { type Definition, type GroupVersionKind, schemaOf, type Subresource } from '../api/definition.js';
import { type Action, inOrder, type Parameter, pathParameter, queryParameters } from './openapi-parameters.js';

/** Methods of HTTP as OpenAPI writes them. */
export type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';

/** One method of one path. */
export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** The schema of the body. */
  readonly body?: { readonly schema: string; readonly required: boolean } | undefined;
  /** The schema of the answer; undefined: text. */
  readonly answer: string | undefined;
  readonly codes: readonly number[];
  readonly produces: Produces;
  /** Undefined for discovery documents. */
  readonly kind?: { readonly action: Action; readonly gvk: GroupVersionKind } | undefined;
}

/** Which media types an answer may have; `any`: those of the connection; `json`, `openid`, `keys`: of no API object; `custom`: of a custom resource. */
export type Produces = 'object' | 'collection' | 'log' | 'any' | 'json' | 'openid' | 'keys' | 'custom';

/** A path and all that can be done there. */
export interface Path {
  readonly path: string;
  readonly operations: readonly Operation[];
}

/** What the names of the schemas that all kinds share begin with. */
export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
export const PATCH = `${META}Patch`;
const STATUS = `${META}Status`;
const DELETE_OPTIONS = `${META}DeleteOptions`;
const WATCH_EVENT = `${META}WatchEvent`;
const CONNECT_METHODS: readonly Method[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const NAMESPACE = pathParameter('namespace', 'object name and auth scope, such as for teams and projects');

const CODES: Readonly<Partial<Record<Action, readonly number[]>>> = {
  post: [200, 201, 202],
  put: [200, 201],
  patch: [200, 201],
  delete: [200, 202],
};
const VERBS: Readonly<Record<Exclude<Action, 'connect'>, string>> = {
  get: 'read',
  list: 'list',
  post: 'create',
  put: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
  watch: 'watch',
  watchlist: 'watch',
};
const METHODS: Readonly<Record<Exclude<Action, 'connect'>, Method>> = {
  get: 'get',
  list: 'get',
  post: 'post',
  put: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
  watch: 'get',
  watchlist: 'get',
};

/** `/api/v1` or `/apis/apps/v1`. */
export function rootOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** All paths of a resource and its subresources, the deprecated watch paths among them. */
export function pathsOf(d: Definition): Path[] {
  const root = rootOf(d);
  const scope = d.namespaced ? '/namespaces/{namespace}' : '';
  const collection = `${scope}/${d.resource}`;
  const scoped = d.namespaced ? [NAMESPACE] : [];
  const name = pathParameter('name', `name of the ${d.kind}`);
  const watched = d.verbs.includes('watch');
  const everywhere = d.namespaced && d.verbs.includes('list');
  const make = (action: Exclude<Action, 'connect'>, path: readonly Parameter[], options?: OperationOptions) =>
    operation(d, action, path, options);
  const paths: Path[] = [
    { path: root + collection, operations: served(d, COLLECTION).map((action) => make(action, scoped)) },
    { path: `${root}${collection}/{name}`, operations: served(d, OBJECT).map((action) => make(action, [...scoped, name])) },
    ...Object.entries(d.subresources).flatMap(([sub, s]) => subresourcePaths(d, sub, s, `${root}${collection}/{name}/${sub}`, scoped)),
  ];
  if (everywhere) paths.push({ path: `${root}/${d.resource}`, operations: [make('list', [], { everywhere })] });
  if (watched && d.serving.routes) {
    if (everywhere) paths.push({ path: `${root}/watch/${d.resource}`, operations: [make('watchlist', [], { everywhere })] });
    paths.push({ path: `${root}/watch${collection}`, operations: [make('watchlist', scoped)] });
    if (d.verbs.includes('get')) paths.push({ path: `${root}/watch${collection}/{name}`, operations: [make('watch', [...scoped, name])] });
  }
  return paths.filter((p) => p.operations.length > 0);
}

const COLLECTION: readonly [string, Exclude<Action, 'connect'>][] = [
  ['list', 'list'],
  ['create', 'post'],
  ['deletecollection', 'deletecollection'],
];
const OBJECT: readonly [string, Exclude<Action, 'connect'>][] = [
  ['get', 'get'],
  ['update', 'put'],
  ['delete', 'delete'],
  ['patch', 'patch'],
];

function served(
  { verbs }: { verbs: readonly string[] },
  actions: readonly [string, Exclude<Action, 'connect'>][],
): Exclude<Action, 'connect'>[] {
  return actions.filter(([verb]) => verbs.includes(verb)).map(([, action]) => action);
}

interface OperationOptions {
  /** The list over all namespaces. */
  readonly everywhere?: boolean;
  readonly subresource?: string;
  /** The kind the subresource speaks, where it is not the object's. */
  readonly body?: GroupVersionKind | undefined;
}

function operation(
  d: Definition,
  action: Exclude<Action, 'connect'>,
  path: readonly Parameter[],
  options: OperationOptions = {},
): Operation {
  const { everywhere = false, subresource = '', body } = options;
  const noun = `${d.namespaced && !everywhere ? 'Namespaced' : ''}${d.kind}${title(subresource)}`;
  const suffix = `${action === 'watchlist' ? 'List' : ''}${everywhere ? 'ForAllNamespaces' : ''}`;
  const own = body ? schemaOf(body) : d.schema;
  const isLog = subresource === 'log';
  const { routes } = d.serving;
  return {
    method: METHODS[action],
    id: `${VERBS[action]}${groupTitle(d.group)}${title(d.version)}${action === 'deletecollection' ? 'Collection' : ''}${noun}${suffix}`,
    tag: `${groupTag(d.group)}_${d.version}`,
    description: describe(d, action, subresource),
    parameters: inOrder([...path, ...queryParameters(d, action, subresource)]),
    body: !routes && action === 'deletecollection' ? undefined : bodyOf(action, own),
    answer: isLog ? undefined : answerOf(d, action, own),
    codes: (!routes && action === 'patch' ? undefined : CODES[action]) ?? [200],
    produces: !routes
      ? 'custom'
      : isLog
        ? 'log'
        : action === 'list' || action === 'watch' || action === 'watchlist'
          ? 'collection'
          : 'object',
    kind: { action, gvk: (routes ? body : undefined) ?? d },
  };
}

function bodyOf(action: Action, own: string): Operation['body'] {
  if (action === 'post' || action === 'put') return { schema: own, required: true };
  if (action === 'patch') return { schema: PATCH, required: true };
  return action === 'delete' || action === 'deletecollection' ? { schema: DELETE_OPTIONS, required: false } : undefined;
}

function answerOf(d: Definition, action: Action, own: string): string {
  switch (action) {
    case 'list':
      return d.listSchema;
    case 'watch':
    case 'watchlist':
      return WATCH_EVENT;
    case 'deletecollection':
      return STATUS;
    case 'delete':
      return d.returnDeletedObject === true ? own : STATUS;
    default:
      return own;
  }
}

function subresourcePaths(d: Definition, sub: string, s: Subresource, path: string, scoped: readonly Parameter[]): Path[] {
  const name = pathParameter('name', `name of the ${(d.serving.routes && s.body?.kind) || d.kind}`);
  if (!isConnection(sub)) {
    // a log names its options as its kind, and answers text
    const body = sub === 'log' ? undefined : s.body;
    const operations = served(s, [...COLLECTION.slice(1), ...OBJECT]).map((action) =>
      operation(d, action, [...scoped, name], { subresource: sub, body }),
    );
    return [{ path, operations }];
  }
  const methods = sub === 'proxy' ? CONNECT_METHODS : CONNECT_METHODS.filter((m) => m === 'get' || m === 'post');
  const connect = (parameters: readonly Parameter[], suffix: string) =>
    methods.map((method) => connection(d, sub, s, method, parameters, suffix));
  const plain = { path, operations: connect([...scoped, name], '') };
  if (sub !== 'proxy') return [plain];
  return [
    plain,
    { path: `${path}/{path}`, operations: connect([...scoped, name, pathParameter('path', 'path to the resource')], 'WithPath') },
  ];
}

function isConnection(subresource: string): boolean {
  return ['attach', 'exec', 'portforward', 'proxy'].includes(subresource);
}

function connection(
  d: Definition,
  sub: string,
  s: Subresource,
  method: Method,
  parameters: readonly Parameter[],
  suffix: string,
): Operation {
  return {
    method,
    id: `connect${groupTitle(d.group)}${title(d.version)}${title(method)}${d.namespaced ? 'Namespaced' : ''}${d.kind}${title(sub)}${suffix}`,
    tag: `${groupTag(d.group)}_${d.version}`,
    description: `connect ${method.toUpperCase()} requests to ${sub} of ${d.kind}`,
    parameters: inOrder([...parameters, ...queryParameters(d, 'connect', sub)]),
    answer: undefined,
    codes: [200],
    produces: 'any',
    kind: { action: 'connect', gvk: s.body ?? d },
  };
}

function describe({ kind, verbs, serving }: Definition, action: Exclude<Action, 'connect'>, subresource: string): string {
  const part = subresource === '' ? '' : `${subresource} of `;
  const noun = `${article(kind)}${kind}`;
  switch (action) {
    case 'list':
      return `list ${serving.routes && verbs.includes('watch') ? 'or watch ' : ''}objects of kind ${kind}`;
    case 'watch':
      return `watch changes to an object of kind ${kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`;
    case 'watchlist':
      return `watch individual changes to a list of ${kind}. deprecated: use the 'watch' parameter with a list operation instead.`;
    case 'post':
      return `create ${part}${noun}`;
    case 'delete':
      return `delete ${part}${noun}`;
    case 'deletecollection':
      return `delete collection of ${kind}`;
    case 'get':
      return `read ${part}the specified ${kind}`;
    case 'put':
      return `replace ${part}the specified ${kind}`;
    case 'patch':
      return `partially update ${part}the specified ${kind}`;
  }
}

function article(noun: string): string {
  if (/[^s]s$/.test(noun)) return '';
  return /^[AEIOUaeiou]/.test(noun) ? 'an ' : 'a ';
}

/** `rbacAuthorization` for rbac.authorization.k8s.io, `core` for the legacy group. */
export function groupTag(group: string): string {
  const words = group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  return group === '' ? 'core' : words.map((word, i) => (i === 0 ? word : title(word))).join('');
}

/** The group in identifiers of operations: `Apps`, `Core`. */
export function groupTitle(group: string): string {
  return title(groupTag(group));
}

function title(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Paths that only tell what there is. */
export function documentPath(
  path: string,
  id: string,
  tag: string,
  description: string,
  answer?: string,
  produces: Produces = 'object',
): Path {
  return { path, operations: [{ method: 'get', id, tag, description, parameters: [], answer, codes: [200], produces }] };
}
