import type { KubeObject } from '../api/meta/object.js';
import { ObjectItem } from '../registry/item.js';
import { itemOf } from './forms/item.js';
import { endpointOf, negotiate, type Negotiated } from './negotiation.js';
import type { ApiRequest } from './request.js';
import { sendItem, type Subject } from './respond.js';
import type { Server } from './server.js';
import type { Definition } from '../api/definition.js';

/** How a request that names one object is to be answered. @throws ApiError NotAcceptable */
export function negotiateObject(request: ApiRequest, definition: Definition): Negotiated {
  return negotiate(request, endpointOf(definition, false, request.info.subresource));
}

/** What an answer of this request is about. */
export function subjectOf(server: Server, request: ApiRequest, definition: Definition): Subject {
  return { definition, subresource: request.info.subresource, now: server.clock.now() };
}

/** Answers with a stored object, or with a value made for this request (a Scale, the answer of a review). */
export async function answer(
  server: Server,
  request: ApiRequest,
  definition: Definition,
  negotiated: Negotiated,
  code: number,
  object: ObjectItem | KubeObject,
): Promise<void> {
  await sendItem(request, negotiated, subjectOf(server, request, definition), object instanceof ObjectItem ? object : itemOf(object), code);
}
