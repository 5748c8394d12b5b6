// Writes of an object through a view of it, as field managers see them.
import type { Context } from '../api/context.js';
import { type Definition, schemaOf } from '../api/definition.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { structTypeOf } from '../api/schema/types.js';
import { copy } from '../util/equal.js';
import { isObject } from '../util/json.js';
import { applyThroughView, setOf, trackThroughView, type View } from './fields/index.js';

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

/** Sets the managers of an object that was written through a view. @returns false when there is no such view */
export function trackView(definition: Definition, context: Context, object: KubeObject, live: KubeObject): boolean {
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

function writeOf({ fieldManager, subresource, services }: Context) {
  return { manager: fieldManager, subresource, now: services.clock.now() };
}

/** What field managers see of a view: a number, which does not show when it is zero. */
function shown({ apiVersion, kind }: View, object: KubeObject, path: string): KubeObject & { spec: object } {
  const value = path.split('.').reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), object);
  return { apiVersion, kind, metadata: {} as KubeObject['metadata'], spec: value ? { replicas: value } : {} };
}
