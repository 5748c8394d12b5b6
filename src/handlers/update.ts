import type { Subresource } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { revisionOf } from '../registry/preparation.js';
import type { Change, Store } from '../registry/store.js';
import { copy } from '../util/equal.js';
import { answer, negotiateObject } from './answer.js';
import { decodeBody, expectedOf } from './body.js';
import { checkName, dedupeOwners, placeInNamespace, requireName } from './input.js';
import { writeQuery } from './options.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';

/** PUT of an object or of a subresource that is written (status, scale, ephemeralcontainers …). */
export async function update(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const { info } = request;
  requireName(info.name);
  const negotiated = negotiateObject(request, store.definition);
  const query = writeQuery(request, 'UpdateOptions');
  const context = server.context(request, query);
  const view = info.subresource === '' ? undefined : store.definition.subresources[info.subresource];
  const expected = view ? expectedOf(store.definition, info.subresource) : store.definition;
  const read = async (): Promise<KubeObject> => {
    const object = await decodeBody(request, expected, query.fieldValidation);
    placeInNamespace(object, info.namespace);
    checkName(object, info.name);
    dedupeOwners(object, request);
    return object;
  };
  const input = await read();
  let isFresh = true;
  const change: Change = async (current) => {
    // the store changes what it is given: a second attempt reads the body again
    const own = isFresh ? input : await read();
    isFresh = false;
    return view?.write && current ? throughView(view, current, own, context, store) : own;
  };
  const { item, created } = await store.update(context, info, change, {
    uid: input.metadata.uid,
    create: info.subresource === '' && store.definition.createOnUpdate,
    authorizeCreate: () => server.authorizeCreate(request),
  });
  await answer(server, request, store.definition, negotiated, created ? 201 : 200, view?.read ? view.read(item.object, context) : item);
}

/**
 * The next state of an object that is written through a view of it: Scale, or the object itself as a subresource sees it.
 * @throws ApiError Conflict when the input names another revision than the present
 */
export function throughView(
  view: Subresource,
  current: KubeObject,
  input: KubeObject,
  context: Parameters<NonNullable<Subresource['write']>>[2],
  store: Store,
): KubeObject {
  const revision = revisionOf(input);
  if (revision !== 0 && String(revision) !== current.metadata.resourceVersion)
    throw errors.conflict(store.definition, current.metadata.name, errors.OBJECT_MODIFIED);
  const next = copy(current);
  view.write?.(next, input, context);
  return next;
}
