import * as errors from '../api/meta/errors.js';
import { list } from '../registry/list.js';
import type { Definition } from '../api/definition.js';
import type { Store } from '../registry/store.js';
import { subjectOf } from './answer.js';
import { itemOf } from './forms/item.js';
import { endpointOf, negotiate } from './negotiation.js';
import { listQuery } from './options.js';
import type { ApiRequest } from './request.js';
import { sendItem, sendList } from './respond.js';
import type { Server } from './server.js';

/** GET of a collection. */
export async function listObjects(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const negotiated = negotiate(request, endpointOf(store.definition, true));
  const query = listQuery(request, store.definition, false);
  await sendList(request, negotiated, subjectOf(server, request, store.definition), list(store, query));
}

/** GET of objects that are computed, not stored; of all of them, or of one. */
export async function listComputed(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const negotiated = negotiate(request, endpointOf(definition, true));
  const query = listQuery(request, definition, false);
  const found = (definition.compute?.(server.registry.services) ?? []).filter(
    (o) => query.labels.matches(o.metadata.labels) && query.fields.matches({ 'metadata.name': o.metadata.name }),
  );
  const items = found.map((object) => {
    const item = itemOf(object);
    return { ...item, listTail: item.text.subarray(item.text.indexOf('"metadata"')) };
  });
  await sendList(request, negotiated, subjectOf(server, request, definition), { items, revision: 0, continue: '', remaining: undefined });
}

/** GET of one computed object. */
export async function getComputed(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const negotiated = negotiate(request, endpointOf(definition, false));
  const found = definition.compute?.(server.registry.services).find((o) => o.metadata.name === request.info.name);
  // upstream's storage of these calls them as one
  if (!found) throw errors.notFound({ group: definition.group, resource: definition.singular }, request.info.name);
  await sendItem(request, negotiated, subjectOf(server, request, definition), itemOf(found));
}
