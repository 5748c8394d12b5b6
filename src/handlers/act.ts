// POST that creates nothing: an object acts, or a question is answered.
import type { Definition, Subresource } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { trackAsked } from '../registry/managed-fields.js';
import { wipeSystemMetadata } from '../registry/metadata.js';
import { answer, negotiateObject } from './answer.js';
import { decodeBody, expectedOf } from './body.js';
import { placeInNamespace } from './input.js';
import { writeQuery } from './options.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';

/** POST to a subresource of an object: binding, eviction, token. */
export async function act(server: Server, request: ApiRequest, definition: Definition, part: Subresource): Promise<void> {
  const { info } = request;
  const negotiated = negotiateObject(request, definition);
  const query = writeQuery(request, 'CreateOptions');
  const context = server.context(request, query);
  const expected = expectedOf(definition, info.subresource);
  const body = await decodeBody(request, expected, query.fieldValidation);
  if (!part.keepsUid) wipeSystemMetadata(body);
  placeInNamespace(body, info.namespace);
  part.defaults?.(body);
  trackAsked(expected, context, body);
  await answer(server, request, definition, negotiated, 201, await server.registry.act(context, definition, info, body));
}

/** POST to a kind that is asked and not stored: TokenReview, SubjectAccessReview … */
export async function ask(server: Server, request: ApiRequest, definition: Definition): Promise<void> {
  const { namespace } = request.info;
  const negotiated = negotiateObject(request, definition);
  const query = writeQuery(request, 'CreateOptions');
  const context = server.context(request, query);
  const object = await decodeBody(request, definition, query.fieldValidation);
  wipeSystemMetadata(object);
  placeInNamespace(object, namespace);
  definition.defaults?.(object);
  trackAsked(definition, context, object);
  await server.registry.admit(context, definition, { namespace, name: object.metadata.name ?? '' }, object);
  const wrong = definition.validate?.(object, context) ?? [];
  if (wrong.length) throw errors.invalid(definition, object.metadata.name ?? '', wrong);
  if (!definition.act) throw errors.methodNotSupported(definition, 'create');
  await answer(server, request, definition, negotiated, 201, await definition.act(object, context));
}
