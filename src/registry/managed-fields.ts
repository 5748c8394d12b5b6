// What writes are to the managers of fields (fields/): who writes what part of which object, in which version, and through
// which view of it.
//
//   create, update, patch:  track            apply:  applying, or applyingToView
import type { Context } from '../api/context.js';
import { type Definition, type GroupVersionKind, schemaOf } from '../api/definition.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { objectType, ownedType, structTypeOf, type Typed } from '../api/schema/types.js';
import { copy } from '../util/equal.js';
import { isObject } from '../util/json.js';
import {
  applyObject,
  applyThroughView,
  resetFields,
  setOf,
  trackThroughView,
  trackUpdate,
  type Versions,
  type View,
} from './fields/index.js';
import { canonical } from './metadata.js';

/** Sets `object.metadata.managedFields` for a create, update or patch, as the request's part of the object is written. */
export function track(
  definition: Definition,
  context: Context,
  object: KubeObject,
  live: KubeObject | undefined,
  versions: Versions,
): void {
  if (live && trackView(definition, context, object, live)) return;
  trackUpdate({
    ...writeOf(context),
    type: ownedType(definition),
    apiVersion: apiVersionOf(definition),
    object,
    live,
    reset: resetFields(definition, context.subresource),
    versions,
    mayMisfit: definition.owned !== undefined,
  });
}

/** The same for what is asked and not stored: it has managers like everything that is created, and answers may show them. */
export function trackAsked(kind: Typed & GroupVersionKind, context: Context, object: KubeObject): void {
  trackUpdate({ ...writeOf(context), type: ownedType(kind), apiVersion: apiVersionOf(kind), object, live: undefined, reset: {} });
}

/**
 * Server-side apply as a change of an object: for `Store.update`, with `tracked`. The context's field manager applies, to
 * the part that is its subresource.
 * @param versions the other versions of the kind: their managers are met too
 * @param configuration as the client wrote it; stays as it is
 * @returns the change; it throws ApiError Conflict (fields of other managers, and no `force`), Invalid
 */
export function applying(
  definition: Definition,
  configuration: KubeObject,
  context: Context,
  force: boolean,
  versions: Versions,
): (live: KubeObject | undefined) => KubeObject {
  return (live) =>
    applyObject({
      ...writeOf(context),
      type: ownedType(definition),
      read: objectType(definition),
      live,
      applied: configuration,
      force,
      apiVersion: apiVersionOf(definition),
      kind: definition.kind,
      reset: resetFields(definition, context.subresource),
      defaults: (object) => definition.defaults?.(object),
      versions,
      mayMisfit: definition.owned !== undefined,
    });
}

/** Where a Scale has what it shows. */
const SHOWN = 'spec.replicas';

/** The view that a request is about, when it shows one field only; undefined: the request is about the object itself. */
function viewOf(definition: Definition, subresource: string): { view: View; path: string } | undefined {
  const { shows: path, body } = definition.subresources[subresource] ?? {};
  if (path === undefined || !body) return undefined;
  const view: View = {
    type: structTypeOf(schemaOf(body)),
    apiVersion: apiVersionOf(body),
    kind: body.kind,
    field: setOf(SHOWN),
    parentField: setOf(path),
    parentApiVersion: apiVersionOf(definition),
  };
  return { view, path };
}

/** As `track`, where the object is written through a view. @returns false when there is none */
function trackView(definition: Definition, context: Context, object: KubeObject, live: KubeObject): boolean {
  const found = viewOf(definition, context.subresource);
  if (!found) return false;
  const { view, path } = found;
  const show = (from: KubeObject) => shown(view, from, path);
  object.metadata.managedFields = trackThroughView(view, live, show(live), show(object), writeOf(context));
  return true;
}

/**
 * Server-side apply to a view. @returns the change of the object; undefined when there is no such view
 * @throws ApiError as `applying`
 */
export function applyingToView(
  definition: Definition,
  configuration: KubeObject,
  context: Context,
  force: boolean,
): ((live: KubeObject) => KubeObject) | undefined {
  const found = viewOf(definition, context.subresource);
  const part = definition.subresources[context.subresource];
  if (!found || !part?.read || !part.write) return undefined;
  const { view } = found;
  return (live) => {
    const before = copy(part.read?.(live, context) ?? live);
    const { after, managedFields } = applyThroughView(view, live, before, { ...writeOf(context), applied: configuration, force });
    const next = copy(live);
    part.write?.(next, after, context);
    next.metadata.managedFields = managedFields;
    return next;
  };
}

/** Who writes, and when. */
function writeOf({ fieldManager, subresource, services }: Context) {
  return { manager: fieldManager, subresource, now: services.clock.now() };
}

/** What field managers see of a view: a number, which does not show when it is zero. */
function shown({ apiVersion, kind }: View, object: KubeObject, path: string): KubeObject & { spec: object } {
  const value = path.split('.').reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), object);
  return { apiVersion, kind, metadata: {} as KubeObject['metadata'], spec: value ? { replicas: value } : {} };
}

/**
 * Finds the other versions of a kind.
 * @param stored the version that is stored
 * @param siblings all definitions that share the store
 * @param subresource the part of the object that is written
 */
export function versionsOf(
  definition: Definition,
  stored: Definition,
  siblings: () => readonly Definition[],
  subresource: string,
): Versions {
  return (apiVersion) => {
    const other = siblings().find((sibling) => apiVersionOf(sibling) === apiVersion);
    if (!other) return undefined;
    return {
      type: ownedType(other),
      reset: resetFields(other, subresource),
      show(object) {
        const kept = definition.toStored ? canonical(stored, definition.toStored(object)) : object;
        return other.fromStored ? other.fromStored(kept) : kept;
      },
    };
  };
}
