// Merging an applied configuration into an object, and removing fields from it. As structured-merge-diff's typed.Merge and
// typed.RemoveItems.
import { isObject, setOwn } from '../../util/json.js';
import { below, type FieldSet, hasElement, isEmptySet } from './set.js';
import { itemElement, type Shape } from './shape.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * `live` with what `applied` says; shares parts of both. Lists of maps keep the order of the configuration, with the items
 * that only the live object has in between.
 */
export function merge(shape: Shape, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  if (shape.kind === 'list' || shape.kind === 'set') return mergeLists(shape, live, applied);
  if (shape.kind === 'leaf' || (shape.kind === 'deduced' && !(isObject(live) && (applied === null || isObject(applied))))) return applied;
  return mergeMaps(shape, live, applied);
}

/** The shape of a field: declared, or as of the values of a map. */
function fieldShape(shape: Shape, name: string): Shape | undefined {
  return shape.byName.get(name)?.shape ?? (shape.kind === 'deduced' ? shape : shape.values);
}

function mergeMaps(shape: Shape, live: unknown, applied: unknown): unknown {
  const l = (live ?? {}) as Fields;
  const r = (applied ?? {}) as Fields;
  const names = Object.keys(l);
  for (const name of Object.keys(r)) if (!Object.hasOwn(l, name)) names.push(name);
  // when there is nothing on either side, null and empty are kept apart
  if (names.length === 0) return applied;
  const merged: Record<string, unknown> = {};
  for (const name of names) {
    const child = fieldShape(shape, name);
    const l1 = Object.hasOwn(l, name) ? l[name] : undefined;
    const r1 = Object.hasOwn(r, name) ? r[name] : undefined;
    setOwn(merged, name, child ? merge(child, l1, r1) : (r1 ?? l1));
  }
  return merged;
}

function mergeLists(shape: Shape, live: unknown, applied: unknown): unknown {
  const l = (live ?? []) as unknown[];
  const r = (applied ?? []) as unknown[];
  if (l.length === 0 && r.length === 0) return applied;
  const left = l.map((item) => itemElement(shape, item));
  const right = r.map((item) => itemElement(shape, item));
  const liveItems = indexOnce(left, l);
  const appliedItems = indexOnce(right, r);
  const items = shape.items as Shape;
  // items of both sides, in the order in which the configuration names them
  const shared = right.filter((element) => liveItems.has(element));
  const merged: unknown[] = [];
  const done = new Set<string>();
  const take = (element: string): void => {
    done.add(element);
    merged.push(merge(items, liveItems.get(element), appliedItems.get(element)));
    if (shared[0] === element) shared.shift();
  };
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const element = left[i];
    const wanted = right[j];
    if (element !== undefined && element === wanted) {
      take(element);
      i++;
      j++;
    } else if (element !== undefined && wanted !== undefined && appliedItems.has(element) && shared.length > 0 && shared[0] !== element) {
      // its turn comes when the configuration names it
      i++;
    } else if (element !== undefined && !appliedItems.has(element)) {
      merged.push(l[i++]);
    } else {
      if (element !== undefined && done.has(element)) i++;
      if (wanted !== undefined) {
        take(wanted);
        j++;
      }
    }
  }
  return merged;
}

/** An item that occurs more than once is merged with nothing. */
function indexOnce(elements: readonly string[], items: readonly unknown[]): Map<string, unknown> {
  const index = new Map<string, unknown>();
  elements.forEach((element, i) => index.set(element, index.has(element) ? undefined : items[i]));
  return index;
}

/** `value` without the fields and items of a set; null when nothing is left. */
export function removeFields(shape: Shape, value: unknown, set: FieldSet): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (shape.kind === 'leaf' || (shape.kind === 'deduced' && Array.isArray(value))) return null;
  if (!Array.isArray(value)) return removeFromMap(shape, value as Fields, set);
  const kept: unknown[] = [];
  for (const item of value) {
    const element = itemElement(shape, item);
    if (hasElement(set, element)) continue;
    const inner = below(set, element);
    kept.push(isEmptySet(inner) ? item : removeFields(shape.items as Shape, item, inner));
  }
  return kept.length > 0 ? kept : null;
}

function removeFromMap(shape: Shape, value: Fields, set: FieldSet): unknown {
  const kept: Record<string, unknown> = {};
  let empty = true;
  for (const name of Object.keys(value)) {
    const element = `f:${name}`;
    if (value[name] === undefined || hasElement(set, element)) continue;
    const inner = below(set, element);
    const child = fieldShape(shape, name);
    setOwn(kept, name, isEmptySet(inner) || !child ? value[name] : removeFields(child, value[name], inner));
    empty = false;
  }
  return empty ? null : kept;
}
