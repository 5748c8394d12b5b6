import { checkPresent, parseListRevision, parseRevision } from '../registry/list.js';
import type { Store } from '../registry/store.js';
import { answer, negotiateObject } from './answer.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';

/** GET of an object, or of a subresource that is a view of it (status, scale). */
export async function get(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const { info } = request;
  const negotiated = negotiateObject(request, store.definition);
  const revision = info.query.get('resourceVersion') ?? '';
  if (revision !== '') checkRevision(store, revision);
  const item = store.get(info);
  const view = info.subresource === '' ? undefined : store.definition.subresources[info.subresource];
  if (view?.read) return answer(server, request, store.definition, negotiated, 200, view.read(item.object, server.context(request)));
  return answer(server, request, store.definition, negotiated, 200, item);
}

function checkRevision(store: Store, text: string): void {
  checkPresent(store, store.definition.uncached ? parseListRevision(text) : parseRevision(text));
}
