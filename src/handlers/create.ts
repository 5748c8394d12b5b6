import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { trackAsked } from '../registry/managed-fields.js';
import { wipeSystemMetadata } from '../registry/metadata.js';
import type { Store } from '../registry/store.js';
import { answer, negotiateObject } from './answer.js';
import { decodeBody, expectedOf } from './body.js';
import { writeQuery } from './options.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';

/** POST to a collection: a new object. */
export async function create(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const negotiated = negotiateObject(request, store.definition);
  const query = writeQuery(request, 'CreateOptions');
  const object = await decodeBody(request, store.definition, query.fieldValidation);
  placeInNamespace(object, request.info.namespace);
  dedupeOwners(object, request);
  const item = await store.create(server.context(request, query), object);
  await answer(server, request, store.definition, negotiated, 201, item);
}

/** POST to a subresource of an object (binding, eviction, token), or to a kind that is asked and not stored. */
export async function act(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { info } = request;
  const negotiated = negotiateObject(request, definition);
  const query = writeQuery(request, 'CreateOptions');
  const context = server.context(request, query);
  if (info.subresource === '') {
    const object = await decodeBody(request, definition, query.fieldValidation);
    wipeSystemMetadata(object);
    placeInNamespace(object, info.namespace);
    definition.defaults?.(object);
    trackAsked(definition, context, object);
    await server.registry.admit(context, definition, { namespace: info.namespace, name: object.metadata.name ?? '' }, object);
    const wrong = definition.validate?.(object, context) ?? [];
    if (wrong.length) throw errors.invalid(definition, object.metadata.name ?? '', wrong);
    if (!definition.act) throw errors.methodNotSupported(definition, 'create');
    return answer(server, request, definition, negotiated, 201, await definition.act(object, context));
  }
  const subresource = definition.subresources[info.subresource];
  if (!subresource?.create) throw errors.methodNotAllowed();
  const expected = expectedOf(definition, info.subresource);
  const body = await decodeBody(request, expected, query.fieldValidation);
  if (!subresource.keepsUid) wipeSystemMetadata(body);
  placeInNamespace(body, info.namespace);
  subresource.defaults?.(body);
  trackAsked(expected, context, body);
  await answer(server, request, definition, negotiated, 201, await server.registry.act(context, definition, info, body));
}

/**
 * The namespace of the URL holds for the object too.
 * @throws ApiError BadRequest when the object names another
 */
export function placeInNamespace(object: KubeObject, namespace: string): void {
  const own = object.metadata.namespace ?? '';
  if (namespace === '') return void (object.metadata.namespace = undefined);
  if (own !== '' && own !== namespace)
    throw errors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  object.metadata.namespace = namespace;
}

/** One owner, one reference: later ones of the same uid replace nothing and are dropped, with a warning. */
export function dedupeOwners(object: KubeObject, request: ApiRequest): void {
  const owners = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const seen = new Set<string>();
  const kept = owners.filter((o) => !seen.has(JSON.stringify(o)) && seen.add(JSON.stringify(o)));
  if (kept.length === owners.length) return;
  const twice = owners.find((o, i) => owners.findIndex((x) => JSON.stringify(x) === JSON.stringify(o)) !== i);
  request.warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice?.uid ?? ''}`,
  );
  object.metadata.ownerReferences = kept;
}
