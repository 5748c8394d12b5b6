import type { Context } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { objectType, ownedType } from '../api/schema/types.js';
import { applyObject, resetFields, type Versions } from './fields/index.js';

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
      type: ownedType(definition),
      read: objectType(definition),
      live,
      applied: configuration,
      manager: context.fieldManager,
      force,
      apiVersion: apiVersionOf(definition),
      kind: definition.kind,
      subresource: context.subresource,
      reset: resetFields(definition, context.subresource),
      defaults: (object) => definition.defaults?.(object),
      now: context.services.clock.now(),
      versions,
    });
}
