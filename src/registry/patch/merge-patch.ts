// JSON Merge Patch (RFC 7386), as upstream's library applies it.
import { copy } from '../../util/equal.js';
import { isObject, setOwn } from '../../util/json.js';

type Fields = Record<string, unknown>;

/**
 * @param document is left as it is
 * @returns the patched document; shares nothing with the patch
 */
export function applyMergePatch(document: unknown, patch: Fields): Fields {
  const merged = isObject(document) ? (copy(document) as Fields) : {};
  mergeInto(merged, patch);
  return merged;
}

function mergeInto(target: Fields, patch: Fields): void {
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const present = Object.hasOwn(target, key) ? target[key] : undefined;
    if (value === null) delete target[key];
    else if (isObject(value) && isObject(present)) mergeInto(present, value);
    else setOwn(target, key, withoutNulls(value));
  }
}

/** In what is new, a null deletes nothing; elements of lists that are null stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: Fields = {};
  mergeInto(kept, value);
  return kept;
}
