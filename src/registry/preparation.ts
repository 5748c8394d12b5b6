// What happens to an object between the client's input and the write, for every kind alike: what a request may not set or
// change goes back to what it was, then come the kind's own hooks, then validation. The order is that of upstream's
// rest.BeforeCreate and rest.BeforeUpdate.
import type { Context } from '../api/context.js';
import type { Definition, Subresource } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { at, type FieldError, invalid } from '../api/meta/field-errors.js';
import {
  restoreMetadata,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateNames,
  validateStandardFinalizers,
} from '../api/meta/metadata.js';
import { nameIsPathSegment } from '../api/meta/names.js';
import type { KubeObject, ObjectMeta } from '../api/meta/object.js';
import { copy, equal } from '../util/equal.js';
import { restoreSystemMetadata } from './metadata.js';

/**
 * Makes a new object ready to be stored: what clients may not set is gone, the kind has had its say.
 * @throws ApiError Invalid
 */
export function prepareCreate(d: Definition, object: KubeObject, context: Context): void {
  object.metadata.name ??= '';
  if (d.generation) object.metadata.generation = 1;
  if (d.subresources.status && !d.keepStatusOnCreate) resetStatus(object);
  d.prepare?.(object, undefined, context);
  d.prepareCreate?.(object, context);
  const own = d.ownMetadataChecks.created ? validateObjectMeta(object.metadata, d) : [];
  const wrong = [...own, ...(d.validate?.(object, context) ?? [])];
  // what the kind has nothing against must still fit into a path
  if (wrong.length === 0) wrong.push(...checkAgain(object.metadata, d));
  if (wrong.length) throw errors.invalid({ group: d.storedAs.group, kind: d.kind }, object.metadata.name ?? '', wrong);
  for (const text of d.warnings?.(object, undefined, context) ?? []) context.warn(text);
  d.canonicalize?.(object);
}

/** What is checked of every kind's metadata, when the kind has nothing against the object. */
function checkAgain(metadata: ObjectMeta, { namespaced, ownMetadataChecks }: Definition): FieldError[] {
  if (ownMetadataChecks.created) return validateNames(metadata, at('metadata'), nameIsPathSegment);
  return validateObjectMeta(metadata, { namespaced, plainFinalizers: true, validateName: nameIsPathSegment });
}

/**
 * The revision an object names; 0: none.
 * @throws ApiError: upstream does not classify this one
 */
export function revisionOf({ metadata: { resourceVersion = '' } }: KubeObject): number {
  if (!/^\d*$/.test(resourceVersion))
    throw new errors.ApiError({ code: 500, message: `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax` });
  return Number(resourceVersion);
}

/**
 * What is created has no revision yet. Asked only right before the write, so that dry runs never hear of it.
 * @throws ApiError: upstream does not classify this one
 */
export function checkUnversioned({ metadata: { resourceVersion = '' } }: KubeObject): void {
  if (/^\d+$/.test(resourceVersion) && Number(resourceVersion) !== 0)
    throw new errors.ApiError({ code: 500, message: 'resourceVersion should not be set on objects to be created' });
}

/**
 * Whether an update is about the present state, as far as it says what it is about.
 * @throws ApiError Conflict, Invalid
 */
export function checkRevision(definition: Definition, next: KubeObject, current: { revision: number; name: string }): void {
  const revision = revisionOf(next);
  if (revision !== 0) {
    if (revision !== current.revision) throw errors.conflict(definition, current.name, errors.OBJECT_MODIFIED);
  } else if (!definition.unconditionalUpdate) {
    throw errors.invalid({ group: definition.group, kind: definition.resource }, current.name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
}

/**
 * Makes a changed object ready to be stored: what this request may not change is as it was, the kind has had its say.
 * @throws ApiError Invalid
 */
export function prepareUpdate(d: Definition, next: KubeObject, old: KubeObject, context: Context): void {
  restoreSystemMetadata(next, old);
  if (context.subresource === 'status') restoreAllButStatus(next, old);
  else if (d.subresources.status && !d.subresources[context.subresource]?.changesStatus) restoreStatus(next, old);
  const part = partOf(d, context.subresource);
  for (const path of (part ?? d).keeps ?? []) keep(path, next, old);
  if (part?.keepsAllMetadata) next.metadata = { ...copy(old.metadata), managedFields: next.metadata.managedFields };
  if (part) part.prepare?.(next, old, context);
  else {
    d.prepare?.(next, old, context);
    d.prepareUpdate?.(next, old, context);
  }
  if (d.generation && context.subresource !== 'status' && (d.specChanged?.(next, old) ?? specChanged(next, old)))
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const general = { namespaced: d.namespaced, plainFinalizers: true };
  const metadata = validateObjectMeta(next.metadata, { ...general, validateName: nameIsPathSegment });
  const change = validateObjectMetaUpdate(next.metadata, old.metadata, general);
  const own = { ...d.ownMetadataChecks, ...(context.subresource !== '' && { whole: false }), ...part?.ownMetadataChecks };
  // upstream checks metadata in general and again in the kind's strategy, and reports it twice
  const wrong: FieldError[] = [
    ...metadata,
    ...change,
    ...(own.change ? [...change, ...(d.plainFinalizers ? [] : validateStandardFinalizers(next.metadata))] : []),
  ];
  if (own.whole) wrong.push(...validateObjectMeta(next.metadata, d));
  if (part) wrong.push(...(part.validate?.(next, old, context) ?? []));
  else wrong.push(...(d.validateUpdate?.(next, old, context) ?? d.validate?.(next, context) ?? []));
  if (wrong.length) throw errors.invalid({ group: d.storedAs.group, kind: d.kind }, next.metadata.name, wrong);
  for (const text of (part ?? d).warnings?.(next, old, context) ?? []) context.warn(text);
}

/** The part of an object that is written; undefined: the object itself, maybe through a view of it. */
export function partOf(d: Definition, subresource: string): Subresource | undefined {
  const part = d.subresources[subresource];
  return part?.write ? undefined : part;
}

/**
 * The next state of an object that is written through a view of it: Scale, or the object itself as a subresource sees it.
 * @throws ApiError Conflict when the input names another revision than the present, and what the view refuses
 */
export function writtenThrough(
  definition: Definition,
  view: Subresource,
  current: KubeObject,
  input: KubeObject,
  context: Context,
): KubeObject {
  const revision = revisionOf(input);
  if (revision !== 0 && String(revision) !== current.metadata.resourceVersion)
    throw errors.conflict(definition, current.metadata.name, errors.OBJECT_MODIFIED);
  const next = copy(current);
  view.write?.(next, input, context);
  return next;
}

/** A write that changes nothing but the times in managedFields is no change. */
export function keepUnchangedTimes(next: KubeObject, old: KubeObject): void {
  const a = next.metadata.managedFields;
  const b = old.metadata.managedFields;
  if (!a || !b || a.length !== b.length) return;
  const timeless = (fields: typeof a) => fields.map((field) => ({ ...field, time: undefined }));
  if (!equal(timeless(a), timeless(b))) return;
  const { managedFields: _m, resourceVersion: _r, ...nextMetadata } = next.metadata;
  const { managedFields: _n, resourceVersion: _s, ...oldMetadata } = old.metadata;
  if (equal({ ...next, metadata: nextMetadata }, { ...old, metadata: oldMetadata })) next.metadata.managedFields = b;
}

type Parts = Record<string, unknown>;

function resetStatus(object: KubeObject): void {
  const o = object as unknown as Parts;
  if (o.status !== undefined) o.status = {};
}

function restoreStatus(next: KubeObject, old: KubeObject): void {
  (next as unknown as Parts).status = copy((old as unknown as Parts).status);
}

function restoreAllButStatus(next: KubeObject, old: KubeObject): void {
  const n = next as unknown as Parts;
  const o = old as unknown as Parts;
  for (const field of new Set([...Object.keys(n), ...Object.keys(o)]))
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) n[field] = o[field];
}

/** Brings back what a write leaves as it was. @param path as in `keeps` */
function keep(path: string, next: KubeObject, old: KubeObject): void {
  if (path === 'metadata') return restoreMetadata(next, old);
  const names = path.split('.');
  const last = names.pop() as string;
  let [to, from] = [next as unknown as Parts, old as unknown as Parts | undefined];
  for (const name of names) {
    to = (to[name] ??= {}) as Parts;
    from = from?.[name] as Parts | undefined;
  }
  to[last] = from?.[last];
}

function specChanged(next: KubeObject, old: KubeObject): boolean {
  const { metadata: _a, status: _b, ...n } = next as unknown as Parts;
  const { metadata: _c, status: _d, ...o } = old as unknown as Parts;
  return !equal(n, o);
}
