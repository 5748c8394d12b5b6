import type { DeleteOptions } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { list } from '../registry/list.js';
import type { Store } from '../registry/store.js';
import { answer, negotiateObject, subjectOf } from './answer.js';
import { decodeDeleteOptions } from './body.js';
import { endpointOf, negotiate } from './negotiation.js';
import { deleteOptions, listQuery } from './options.js';
import type { ApiRequest } from './request.js';
import { sendList, sendStatus } from './respond.js';
import type { Server } from './server.js';

/** How many deletions of a collection are under way at once. */
const WORKERS = 16;

/** DELETE of one object. */
export async function remove(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const { info } = request;
  const negotiated = negotiateObject(request, store.definition);
  const options = await readOptions(request, store.definition);
  const { item, gone } = await store.delete(server.context(request, { dryRun: options.dryRunAll, fieldManager: '' }), info, options);
  // upstream: accepted, not done, only where the client asked for its dependents to go too
  const code = !gone && options.orphanDependents === false ? 202 : 200;
  if (!gone || store.definition.returnDeletedObject) return answer(server, request, store.definition, negotiated, code, item);
  const { group, resource } = store.definition;
  await sendStatus(request, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: info.name, group: group || undefined, kind: resource, uid: item.object.metadata.uid },
  });
}

/** DELETE of a collection: all that a list with the same query shows. Answers with that list. */
export async function removeCollection(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const negotiated = negotiate(request, endpointOf(store.definition, true));
  const query = listQuery(request, store.definition, false);
  const options = await readOptions(request, store.definition);
  const context = server.context(request, { dryRun: options.dryRunAll, fieldManager: '' });
  const found = list(store, query);
  const queue = [...found.items];
  const work = async () => {
    for (let item = queue.shift(); item; item = queue.shift()) {
      try {
        await store.delete(context, item, { ...options });
      } catch (e) {
        // somebody else deleted it: that is what was asked for
        if (!errors.isApiError(e, 'NotFound')) throw e;
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  await sendList(request, negotiated, subjectOf(server, request, store.definition), found);
}

async function readOptions(request: ApiRequest, definition: Definition): Promise<DeleteOptions & { dryRunAll: boolean }> {
  const options = deleteOptions(request, await decodeDeleteOptions(request));
  const unspecified = options.propagationPolicy === undefined && options.orphanDependents === undefined;
  if (unspecified && definition.propagationWarning) request.warnings.push(definition.propagationWarning);
  return options;
}
