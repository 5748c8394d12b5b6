import * as errors from '../api/meta/errors.js';
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
  // upstream answers an unreadable revision of a single object with an error it does not classify
  if (!/^\d+$/.test(text))
    throw new errors.ApiError({
      code: 500,
      message: `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    });
  const current = store.cache.revision();
  if (Number(text) > current) throw errors.tooLargeResourceVersion(Number(text), current);
}
