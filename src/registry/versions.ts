// The versions of a kind that share a store, as field managers see them.
import type { Definition } from '../api/definition.js';
import { apiVersionOf } from '../api/meta/object.js';
import { ownedType } from '../api/schema/types.js';
import { resetFields, type Versions } from './fields/index.js';
import { canonical } from './metadata.js';

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
