// From a request for a resource to the handler of its verb. One file a verb; each reads as decode, act, answer.
import { type Definition, isCustom } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { isPathSegmentName } from '../api/meta/names.js';
import { goQuote } from '../api/meta/quote.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import { act, create } from './create.js';
import { remove, removeCollection } from './delete.js';
import { sendUnknown } from './discovery.js';
import { get } from './get.js';
import { getComputed, listComputed, listObjects } from './list.js';
import { containerOf, log } from './log.js';
import { patch } from './patch.js';
import type { ApiRequest, Handler } from './request.js';
import type { Server } from './server.js';
import { update } from './update.js';
import { watch } from './watch.js';

/** Answers every request for a resource; what is none goes on to `next`. */
export function resourceHandler(server: Server, next: Handler): Handler {
  return async (request) => {
    const { info } = request;
    if (!info.isResource) return next(request);
    const definition = server.registry.definitions.find(info.group, info.version, info.resource);
    if (!definition) return unknownResource(server, request);
    if (isCustom(definition)) return custom(server, request, definition);
    checkScope(definition, request);
    if (info.subresource !== '') return subresource(server, request, definition);
    if (definition.act && info.name !== '') throw errors.pathNotFound();
    if (request.method === 'HEAD' || (info.deprecatedWatch && request.method !== 'GET')) refuse();
    if (definition.act) {
      return info.verb === 'create' ? act(server, request, definition) : refuse();
    }
    if (!(definition.verbs as readonly string[]).includes(info.verb)) refuse();
    if (info.name !== '' ? info.verb === 'create' : info.verb === 'update' || info.verb === 'patch') refuse();
    checkName(info.name);
    if (definition.deprecation) request.warnings.push(definition.deprecation);
    if (definition.compute)
      return info.verb === 'get' ? getComputed(server, request, definition) : listComputed(server, request, definition);
    return object(server, request, definition);
  };
}

/** Upstream serves custom resources by a handler of its own, which knows other paths than the routes of built-in ones. */
async function custom(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { info } = request;
  const isInScope = info.namespace !== '' ? definition.namespaced : !definition.namespaced || ['list', 'watch'].includes(info.verb);
  if (!isInScope) return sendUnknown(request);
  if (definition.deprecation) request.warnings.push(definition.deprecation);
  if (info.subresource !== '') return subresource(server, request, definition);
  if (info.name === '' && (info.verb === 'update' || info.verb === 'patch')) throw errors.badRequest('name must be provided');
  checkName(info.name);
  return object(server, request, definition);
}

/** A group that is served says so even of what it has not. */
function unknownResource(server: Server, request: ApiRequest): void {
  const { group } = request.info;
  if (group !== '' && server.registry.definitions.all().every((d) => d.group !== group || isCustom(d))) return sendUnknown(request);
  throw errors.pathNotFound();
}

async function object(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const store = server.registry.store(definition);
  switch (request.info.verb) {
    case 'get':
      return get(server, store, request);
    case 'list':
      return listObjects(server, store, request);
    case 'watch':
      return watch(server, store, request);
    case 'create':
      return create(server, store, request);
    case 'update':
      return update(server, store, request);
    case 'patch':
      return patch(server, store, request);
    case 'delete':
      return remove(server, store, request);
    case 'deletecollection':
      return removeCollection(server, store, request);
    default:
      return refuse();
  }
}

async function subresource(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { verb, subresource: name } = request.info;
  const found = Object.hasOwn(definition.subresources, name) ? definition.subresources[name] : undefined;
  const { info } = request;
  if (!found && isCustom(definition)) throw errors.notFound(definition, info.name);
  if (!found || info.name === '' || (info.tail !== '' && name !== 'proxy')) throw errors.pathNotFound();
  if (isCustom(definition) && !found.verbs.includes(verb)) throw errors.methodNotSupported(definition, verb);
  if ((request.method === 'HEAD' && !isCustom(definition)) || !found.verbs.includes(verb)) refuse();
  checkName(info.name);
  if (found.connect) return connect(server, request, definition);
  const store = server.registry.store(definition);
  switch (verb) {
    case 'get':
      return get(server, store, request);
    case 'update':
      return update(server, store, request);
    case 'patch':
      return patch(server, store, request);
    case 'create':
      return act(server, request, definition);
    default:
      return refuse();
  }
}

/** Subresources that the agent of a node serves. */
async function connect(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { subresource: name } = request.info;
  if (definition.resource === 'pods' && name === 'log') return log(server, request);
  if (request.info.query.has('dryRun')) throw errors.badRequest('dryRun is not supported');
  const { object } = server.registry.store(definition).get(request.info);
  if (definition.resource === 'pods') checkConnectable(object as Pod, request);
  throw errors.notImplemented(`the subresource ${name} of ${definition.resource}`);
}

/** What upstream checks before it calls the node. @throws ApiError BadRequest */
function checkConnectable(pod: Pod, { info }: ApiRequest): void {
  if (info.subresource === 'exec' || info.subresource === 'attach') containerOf(pod, info.query.get('container') ?? '');
  if (!pod.spec.nodeName) throw errors.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

/** A namespaced resource is created in a namespace; a cluster's resource is in none. */
function checkScope(definition: Definition, { info }: ApiRequest): void {
  if (!definition.namespaced && info.namespace !== '') throw errors.pathNotFound();
  if (!definition.namespaced || info.namespace !== '' || info.deprecatedWatch) return;
  // over all namespaces there are only lists
  if (info.name !== '' || !(definition.verbs as readonly string[]).includes('list')) throw errors.pathNotFound();
  if (['create', 'deletecollection'].includes(info.verb)) refuse();
}

/** @throws ApiError BadRequest for what cannot be a segment of a path, though an escape brought it here */
function checkName(name: string): void {
  const wrong = name === '' ? [] : isPathSegmentName(name);
  if (wrong.length > 0) throw errors.badRequest(`Name parameter invalid: ${goQuote(name)}: ${wrong.join(';')}`);
}

function refuse(): never {
  throw errors.methodNotAllowed();
}
