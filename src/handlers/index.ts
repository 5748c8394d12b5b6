// From a request for a resource to the handler of its verb. One file a verb; each reads as decode, act, answer.
import type { Definition, Subresource } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import type { Store } from '../registry/store.js';
import { act, ask } from './act.js';
import { create } from './create.js';
import { remove, removeCollection } from './delete.js';
import { sendUnknown } from './discovery.js';
import { get } from './get.js';
import { getComputed, listComputed, listObjects } from './list.js';
import { log } from './log.js';
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
    return definition.serving.routes ? routed(server, request, definition) : unrouted(server, request, definition);
  };
}

/** The paths of built-in kinds are routes: what none leads to is not there, and what one does not take is not allowed. */
async function routed(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { info } = request;
  checkScope(definition, request);
  if (info.subresource !== '') return subresource(server, request, definition, routedPart(definition, request));
  if (definition.act && info.name !== '') throw errors.pathNotFound();
  if (request.method === 'HEAD' || (info.deprecatedWatch && request.method !== 'GET')) refuse();
  if (definition.act) return info.verb === 'create' ? ask(server, request, definition) : refuse();
  if (!(definition.verbs as readonly string[]).includes(info.verb)) refuse();
  if (info.name !== '' ? info.verb === 'create' : info.verb === 'update' || info.verb === 'patch') refuse();
  if (definition.deprecation) request.warnings.push(definition.deprecation);
  if (definition.compute) return info.verb === 'get' ? getComputed(server, request, definition) : listComputed(server, request, definition);
  return object(server, request, definition);
}

/** One handler for all that has no routes (custom resources): it knows other paths than they would. */
async function unrouted(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { info } = request;
  const isInScope = info.namespace !== '' ? definition.namespaced : !definition.namespaced || ['list', 'watch'].includes(info.verb);
  if (!isInScope) return sendUnknown(request);
  if (definition.deprecation) request.warnings.push(definition.deprecation);
  if (info.subresource !== '') return subresource(server, request, definition, unroutedPart(definition, request));
  if (!(definition.verbs as readonly string[]).includes(info.verb)) throw errors.methodNotSupported(definition, info.verb);
  return object(server, request, definition);
}

/** A group that is served says so even of what it has not. */
function unknownResource(server: Server, request: ApiRequest): void {
  const { group } = request.info;
  if (group !== '' && server.registry.definitions.all().every((d) => d.group !== group || !d.serving.routes)) return sendUnknown(request);
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

/** @throws ApiError NotFound, MethodNotAllowed */
function routedPart(definition: Definition, { info, method }: ApiRequest): Subresource {
  const part = partOf(definition, info.subresource);
  if (!part || info.name === '' || (info.tail !== '' && info.subresource !== 'proxy')) throw errors.pathNotFound();
  return method !== 'HEAD' && part.verbs.includes(info.verb) ? part : refuse();
}

/** @throws ApiError NotFound, MethodNotAllowed, in the words of the handler without routes */
function unroutedPart(definition: Definition, { info }: ApiRequest): Subresource {
  const part = partOf(definition, info.subresource);
  if (!part) throw errors.notFound(definition, info.name);
  if (!part.verbs.includes(info.verb)) throw errors.methodNotSupported(definition, info.verb);
  return part;
}

function partOf({ subresources }: Definition, name: string): Subresource | undefined {
  return Object.hasOwn(subresources, name) ? subresources[name] : undefined;
}

async function subresource(server: Server, request: ApiRequest, definition: Definition, part: Subresource): Promise<void> {
  const { info } = request;
  const store = server.registry.store(definition);
  if (part.connect === 'log') return log(server, store, request);
  if (part.connect === 'tunnel') return refuseTunnel(store, request, part);
  switch (info.verb) {
    case 'get':
      return get(server, store, request);
    case 'update':
      return update(server, store, request);
    case 'patch':
      return patch(server, store, request);
    case 'create':
      return part.create ? act(server, request, definition, part) : refuse();
    default:
      return refuse();
  }
}

/** Connections of their own into a pod or a node are checked as upstream checks them, and then not made. @throws ApiError */
function refuseTunnel(store: Store, { info }: ApiRequest, part: Subresource): never {
  if (info.query.has('dryRun')) throw errors.badRequest('dryRun is not supported');
  part.checkConnect?.(store.get(info).object, info.query);
  throw errors.notImplemented(`the subresource ${info.subresource} of ${store.definition.resource}`);
}

/** A namespaced resource is created in a namespace; a cluster's resource is in none. */
function checkScope(definition: Definition, { info }: ApiRequest): void {
  if (!definition.namespaced && info.namespace !== '') throw errors.pathNotFound();
  if (!definition.namespaced || info.namespace !== '' || info.deprecatedWatch) return;
  // over all namespaces there are only lists
  if (info.name !== '' || !(definition.verbs as readonly string[]).includes('list')) throw errors.pathNotFound();
  if (['create', 'deletecollection'].includes(info.verb)) refuse();
}

function refuse(): never {
  throw errors.methodNotAllowed();
}
