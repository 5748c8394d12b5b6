// The parameters of every operation: their types, and which action takes which.
import type { Definition } from '../api/definition.js';
import { compareText } from '../util/order.js';
import { parameterDescription } from './openapi-descriptions.js';

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'boolean' | 'integer' | 'string';
  readonly description?: string | undefined;
}

/** What an operation does, as x-kubernetes-action names it. */
export type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection' | 'watch' | 'watchlist' | 'connect';

const BOOLEANS = new Set([
  'allowWatchBookmarks',
  'follow',
  'force',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'insecureSkipTLSVerifyBackend',
  'orphanDependents',
  'previous',
  'sendInitialEvents',
  'stderr',
  'stdin',
  'stdout',
  'timestamps',
  'tty',
  'watch',
]);
const INTEGERS = new Set(['gracePeriodSeconds', 'limit', 'limitBytes', 'ports', 'sinceSeconds', 'tailLines', 'timeoutSeconds']);

const SELECTION = [
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
];
const LIST = ['allowWatchBookmarks', ...SELECTION, 'watch', 'pretty'];
const WRITE = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'];
const DELETE = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
  'pretty',
];

const QUERY: Readonly<Record<Exclude<Action, 'connect'>, readonly string[]>> = {
  get: ['pretty'],
  list: LIST,
  watch: LIST,
  watchlist: LIST,
  post: WRITE,
  put: WRITE,
  patch: [...WRITE, 'force'],
  delete: DELETE,
  deletecollection: [...DELETE, ...SELECTION],
};

/** Custom resources differ from built-in ones. */
const CUSTOM_QUERY: Readonly<Partial<Record<Action, readonly string[]>>> = {
  get: ['resourceVersion', 'pretty'],
  deletecollection: LIST,
};

/** Options of the kinds that name a connection or a log. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  log: [
    'container',
    'follow',
    'insecureSkipTLSVerifyBackend',
    'limitBytes',
    'previous',
    'sinceSeconds',
    'stream',
    'tailLines',
    'timestamps',
  ],
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'],
  exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'],
  portforward: ['ports'],
  proxy: ['path'],
};

/** The query parameters of an action on a resource, or on its subresource. */
export function queryParameters(d: Definition, action: Action, subresource: string): Parameter[] {
  const usual = action === 'connect' ? [] : QUERY[action];
  const names = [...((!d.serving.routes && CUSTOM_QUERY[action]) || usual), ...(OPTIONS[subresource] ?? [])];
  return names.map((name) => ({
    name,
    in: 'query',
    type: BOOLEANS.has(name) ? 'boolean' : INTEGERS.has(name) ? 'integer' : 'string',
    description: parameterDescription(name, [`${d.kind}/${subresource}`, subresource, action]),
  }));
}

/** A parameter that is part of the path. */
export function pathParameter(name: string, description: string): Parameter {
  return { name, in: 'path', type: 'string', description };
}

/** As both versions of OpenAPI list them. */
export function inOrder(parameters: readonly Parameter[]): Parameter[] {
  return [...parameters].sort((a, b) => compareText(a.name, b.name) || compareText(a.in, b.in));
}
