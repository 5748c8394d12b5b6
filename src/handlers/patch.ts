import type { Context } from '../api/context.js';
import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { objectType } from '../api/schema/types.js';
import { applying, applyingToView } from '../registry/managed-fields.js';
import { patchObject, readPatch, type TypeMeta } from '../registry/patch/index.js';
import { writtenThrough } from '../registry/preparation.js';
import type { Change, Store } from '../registry/store.js';
import { copy } from '../util/equal.js';
import { answer, negotiateObject } from './answer.js';
import { claimed, complete, type Expected, expectedOf, kindProblem, readApplied } from './body.js';
import { checkName, dedupeOwners, placeInNamespace, requireName } from './input.js';
import { changedKind } from './custom-kinds.js';
import { patchKind, type PatchKind } from './negotiation.js';
import { type WriteQuery, writeQuery } from './options.js';
import type { ApiRequest } from './request.js';
import type { Server } from './server.js';

/** One PATCH on its way. */
interface Patching {
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
  const kind = patchKind(request, store.definition);
  requireName(info.name);
  const negotiated = negotiateObject(request, store.definition);
  const query = writeQuery(request, 'PatchOptions', kind === 'apply');
  const context = server.context(request, query);
  const expected = info.subresource === '' ? store.definition : expectedOf(store.definition, info.subresource);
  const job: Patching = { store, request, query, context, expected };
  const change = kind === 'apply' ? await applyConfiguration(job) : await patching(job, kind);
  const { item, created } = await store.update(context, info, change, {
    create: kind === 'apply' && info.subresource === '',
    tracked: kind === 'apply',
    authorizeCreate: () => server.authorizeCreate(request),
  });
  const view = store.definition.subresources[info.subresource];
  await answer(server, request, store.definition, negotiated, created ? 201 : 200, view?.read ? view.read(item.object, context) : item);
}

async function patching(job: Patching, kind: Exclude<PatchKind, 'apply'>): Promise<Change> {
  const { store, request, query, context, expected } = job;
  const type = objectType(expected);
  const view = store.definition.subresources[request.info.subresource];
  const read = readPatch(kind, (await request.body()).toString());
  return (current) => {
    if (!current) throw errors.notFound(store.definition, request.info.name);
    const shown = view?.base?.(current, context) ?? view?.read?.(current, context) ?? current;
    const { object, warnings } = patchObject<KubeObject>(read, type, shown, query.fieldValidation, (document) =>
      otherKind(document, expected),
    );
    request.warnings.push(...warnings);
    checkCustomKind(object, expected);
    const next = complete(expected, object);
    checkName(next, request.info.name);
    placeInNamespace(next, request.info.namespace);
    dedupeOwners(next, request);
    if (view?.write) return writtenThrough(store.definition, view, current, next, context);
    return next;
  };
}

/** Why a patched object is none of the expected kind; undefined: it is, or that is told later. */
function otherKind(document: TypeMeta, expected: Expected): string | undefined {
  const given = claimed(document, expected);
  if (!given) return undefined;
  if (given === 'malformed') return `unexpected GroupVersion string: ${String(document.apiVersion)}`;
  return expected.serving.typed ? kindProblem(given, expected) : undefined;
}

/** A custom resource is read first, and only then cannot become another kind. @throws ApiError Invalid */
function checkCustomKind(object: KubeObject, expected: Expected): void {
  const given = expected.serving.typed || expected.anyKind ? undefined : claimed(object, expected);
  if (given && given !== 'malformed') throw changedKind(given, expected, object.metadata.name);
}

async function applyConfiguration({ store, request, query, context }: Patching): Promise<Change> {
  const { definition } = store;
  const { info } = request;
  const { configuration, complain } = await readApplied(request);
  const applyToView = applyingToView(definition, configuration, context, query.force);
  if (applyToView)
    return (current) => {
      if (!current) throw errors.notFound(definition, info.name);
      // the configuration stays as it was sent: errors show what the client wrote
      placeInNamespace({ ...configuration, metadata: { ...configuration.metadata } }, info.namespace);
      const next = applyToView(current);
      complain(query.fieldValidation);
      return next;
    };
  const apply = applying(definition, configuration, context, query.force, store.versions(info.subresource));
  return (current) => {
    const next = apply(current);
    complain(query.fieldValidation);
    // what changes nothing is admitted, validated and warned about like any other write
    if (next === current) return copy(next);
    placeInNamespace(next, info.namespace);
    checkName(next, info.name);
    return next;
  };
}
