import type { Store } from '../registry/store.js';
import { answer, negotiateObject } from './answer.js';
import { decodeBody } from './body.js';
import { dedupeOwners, placeInNamespace } from './input.js';
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
