import type { KubeObject } from '../api/meta/object.js';
import { writtenThrough } from '../registry/preparation.js';
import type { Change, Store } from '../registry/store.js';
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
    return view?.write && current ? writtenThrough(store.definition, view, current, own, context) : own;
  };
  const { item, created } = await store.update(context, info, change, {
    uid: input.metadata.uid,
    create: info.subresource === '' && store.definition.createOnUpdate,
    authorizeCreate: () => server.authorizeCreate(request),
  });
  await answer(server, request, store.definition, negotiated, created ? 201 : 200, view?.read ? view.read(item.object, context) : item);
}
