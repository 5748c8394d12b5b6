import type { Context } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { invalid } from '../api/meta/field-errors.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { decode, DecodeError } from '../api/schema/decode.js';
import { structTypeOf } from '../api/schema/types.js';
import { applyObject } from '../registry/fields/index.js';
import { applyPatch, type Patch, readPatch } from '../registry/patch/index.js';
import type { Change, Store } from '../registry/store.js';
import { answer, negotiateObject } from './answer.js';
import { type Expected, expectedOf, readApplied } from './body.js';
import { dedupeOwners, placeInNamespace } from './create.js';
import { patchKind, type PatchKind } from './negotiation.js';
import { type WriteQuery, writeQuery } from './options.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';
import { throughView } from './update.js';

/** One PATCH on its way. */
interface Patching {
  readonly server: Server;
  readonly store: Store;
  readonly request: ApiRequest;
  readonly query: WriteQuery;
  readonly context: Context;
  /** What the patch is written against: the object, or the view of it that the subresource shows. */
  readonly expected: Expected;
}

/** PATCH of an object or of a subresource, in four languages. */
export async function patch(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const { info } = request;
  const negotiated = negotiateObject(request, store.definition);
  const kind = patchKind(request, store.definition);
  const query = writeQuery(request, 'PatchOptions', kind === 'apply');
  const context = server.context(request, query);
  const expected = info.subresource === '' ? store.definition : expectedOf(store.definition, info.subresource);
  const job: Patching = { server, store, request, query, context, expected };
  const change = kind === 'apply' ? await applying(job) : await patching(job, kind);
  const { item, created } = await store.update(context, info, change, {
    create: kind === 'apply' && info.subresource === '',
    tracked: kind === 'apply',
    authorizeCreate: () => server.authorizeCreate(request),
  });
  const view = store.definition.subresources[info.subresource];
  await answer(server, request, store.definition, negotiated, created ? 201 : 200, view?.read ? view.read(item.object, context) : item);
}

async function patching(job: Patching, kind: Exclude<PatchKind, 'apply'>): Promise<Change> {
  const { store, request, context, expected } = job;
  const view = store.definition.subresources[request.info.subresource];
  const read = readPatch(kind, (await request.body()).toString());
  return (current) => {
    if (!current) throw errors.notFound(store.definition, request.info.name);
    const shown = view?.read ? view.read(current, context) : current;
    const next = patched(job, shown, read);
    if (view?.write) return throughView(view, current, next, context, store);
    return next;
  };
}

function patched({ request, query, expected }: Patching, current: KubeObject, read: Patch): KubeObject {
  const type = structTypeOf(expected.schema);
  const value = applyPatch(read, type, current);
  let decoded: { object: KubeObject; unknown: string[] };
  try {
    decoded = decode<KubeObject>(type, value);
  } catch (e) {
    if (e instanceof DecodeError) throw refusedPatch(read, e.message);
    throw e;
  }
  const doubtful = [...read.duplicates, ...decoded.unknown];
  if (doubtful.length && query.fieldValidation === 'Strict') throw refusedPatch(read, `strict decoding error: ${doubtful.join(', ')}`);
  if (query.fieldValidation === 'Warn') for (const text of doubtful) if (!request.warnings.includes(text)) request.warnings.push(text);
  const { object } = decoded;
  object.kind = expected.kind;
  object.apiVersion = apiVersionOf(expected);
  dedupeOwners(object, request);
  return object;
}

/** What upstream says of a patch that makes no valid object: an Invalid without a kind, which quotes the patch. */
function refusedPatch(read: Patch, why: string): errors.ApiError {
  return errors.invalid({ group: '', kind: '' }, '', [invalid('patch', read.shown, why)]);
}

async function applying({ server, store, request, query, context }: Patching): Promise<Change> {
  const { definition } = store;
  const { info } = request;
  const applied = await readApplied(request, definition, query.fieldValidation);
  placeInNamespace(applied, info.namespace);
  if (!applied.metadata.name) applied.metadata.name = info.name;
  return (current) =>
    applyObject({
      type: structTypeOf(definition.schema),
      live: current,
      applied,
      manager: query.fieldManager,
      force: query.force,
      apiVersion: apiVersionOf(definition),
      kind: definition.kind,
      subresource: info.subresource,
      hasStatus: definition.subresources.status !== undefined,
      defaults: (object) => definition.defaults?.(object),
      now: server.clock.now(),
      context,
    });
}
