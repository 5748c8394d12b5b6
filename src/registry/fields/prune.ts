// What an applier does not apply any more goes, unless somebody else owns it. As merge.Updater.prune.
import { removeFields } from './merge.js';
import { difference, EMPTY, type FieldSet, type FieldSetDraft, intersection, isEmptySet, memberNode, union } from './set.js';
import type { Shape } from './shape.js';
import { fieldsOf } from './walk.js';

/**
 * @param last what the applier owned before
 * @param owned what every manager owns now, the applier's new fields among them
 * @param now what the applier owns now
 */
export function prune(shape: Shape, merged: unknown, last: FieldSet, owned: readonly FieldSet[], now: FieldSet): unknown {
  // what is still applied stays: there is nothing to remove
  if (isEmptySet(difference(last, now))) return merged;
  const lastNamed = withNamedFields(shape, last);
  const all = withNamedFields(shape, fieldsOf(shape, merged));
  const managed = withNamedFields(shape, owned.reduce(union, EMPTY));
  const pruned = removeFields(shape, merged, lastNamed);
  // back with what somebody owns …
  const kept = removeFields(shape, merged, difference(all, union(withNamedFields(shape, fieldsOf(shape, pruned)), managed)));
  // … and with what nobody owned, which went only because it is below something that the applier owned
  const gone = difference(all, withNamedFields(shape, fieldsOf(shape, kept)));
  return removeFields(shape, merged, intersection(gone, lastNamed));
}

/** Declared fields with something below them belong to the set too. */
function withNamedFields(shape: Shape, set: FieldSet): FieldSet {
  const result: FieldSetDraft = {};
  for (const element in set) {
    if (element === '.') continue;
    const node = set[element] as FieldSet;
    const declared = element.startsWith('f:') ? shape.byName.get(element.slice(2)) : undefined;
    const inner = declared?.shape ?? (element.startsWith('f:') ? shape.values : shape.items);
    const children = inner ? withNamedFields(inner, node) : node;
    const member = declared !== undefined || node['.'] !== undefined || isEmptySet(node);
    result[element] = member ? memberNode(children) : children;
  }
  return result;
}
