// Walks over typed objects: which fields an object has, and which a change adds, modifies and removes.
// As structured-merge-diff's typed.ToFieldSet and typed.Compare.
import { holdsGivenEmpty, listHoldsGivenEmpty } from '../../api/meta/given-empty.js';
import { equal } from '../../util/equal.js';
import { isObject } from '../../util/json.js';
import { compareElements } from './path-element.js';
import { EMPTY, type FieldSet, type FieldSetDraft, isEmptySet, memberNode, union } from './set.js';
import { itemElement, type Shape } from './shape.js';

type Fields = Readonly<Record<string, unknown>>;

/** The fields an applied configuration has. */
export function fieldsOf(shape: Shape, value: unknown): FieldSet {
  if (isList(shape)) return itemsOf(shape, value, (items, item) => memberNode(fieldsOf(items, item)));
  if (!isMapLike(shape, value)) return EMPTY;
  const set: FieldSetDraft = {};
  if (value === null) return set;
  for (const { name, element, shape: child } of shape.fields) {
    const inner = own(value as Fields, name);
    const node = inner === undefined ? undefined : fieldNode(child, inner, true);
    if (node) set[element] = node;
  }
  const values = valuesShape(shape);
  if (!values) return set;
  for (const name of namesOf(value as Fields)) {
    if (!shape.byName.has(name)) set[`f:${name}`] = fieldNode(values, own(value as Fields, name), false) ?? EMPTY;
  }
  return ordered(shape, set);
}

/** Declared fields come before others; as a set they stand in the order of their names. */
function ordered(shape: Shape, set: FieldSetDraft): FieldSetDraft {
  if (shape.fields.length === 0) return set;
  return Object.fromEntries(Object.entries(set).sort(([a], [b]) => compareElements(a, b)));
}

/** Leaves and what is empty belong to the set, and so do the keys of maps; structs only through their fields. */
function fieldNode(shape: Shape, value: unknown, declared: boolean): FieldSet | undefined {
  if (isLeaf(shape, value) || value === null) return EMPTY;
  if (isMapLike(shape, value) && isEmptyObject(value)) return EMPTY;
  const children = fieldsOf(shape, value);
  if (!declared) return memberNode(children);
  return isEmptySet(children) ? undefined : children;
}

/** The fields in which two objects differ. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What tells `after` from `before`. */
export function compare(shape: Shape, before: unknown, after: unknown): Comparison {
  const same = typeof after === 'object' && after !== null && holdsGivenEmpty(after) ? sameInGo : equal;
  const changes: Changes = { same, added: undefined, modified: undefined, removed: undefined };
  compareMaps(shape, before, after, changes);
  return { added: changes.added ?? EMPTY, modified: changes.modified ?? EMPTY, removed: changes.removed ?? EMPTY };
}

/** Changes below a node; made when there are any. */
interface Changes {
  /** Whether a value is as it was. */
  readonly same: (before: unknown, after: unknown) => boolean;
  added: FieldSetDraft | undefined;
  modified: FieldSetDraft | undefined;
  removed: FieldSetDraft | undefined;
}

/** Lists are compared as Go compares slices: what was given empty in their items is not the same as nothing. */
function sameInGo(before: unknown, after: unknown): boolean {
  return equal(before, after) && !listHoldsGivenEmpty(after);
}

const NO_FIELDS: Fields = {};

function compareMaps(shape: Shape, before: unknown, after: unknown, changes: Changes): void {
  const l = (before ?? NO_FIELDS) as Fields;
  const r = (after ?? NO_FIELDS) as Fields;
  for (const { name, element, shape: child } of shape.fields) {
    const was = own(l, name);
    const is = own(r, name);
    if (was !== is) compareNodes(child, was, is, element, changes);
  }
  const values = valuesShape(shape);
  if (!values) return;
  for (const name of sortedNames(l, r)) if (!shape.byName.has(name)) compareNodes(values, own(l, name), own(r, name), `f:${name}`, changes);
  if (shape.fields.length === 0) return;
  for (const part of ['added', 'modified', 'removed'] as const) if (changes[part]) changes[part] = ordered(shape, changes[part]);
}

/** Not what every object inherits (a field may be called `constructor`). */
function own(fields: Fields, name: string): unknown {
  const value = fields[name];
  return typeof value === 'function' ? undefined : value;
}

function sortedNames(l: Fields, r: Fields): string[] {
  const names = Object.keys(r);
  let added = false;
  for (const name in l) {
    if (r[name] !== undefined) continue;
    names.push(name);
    added = true;
  }
  return added ? names.sort() : names;
}

function compareNodes(shape: Shape, before: unknown, after: unknown, key: string, changes: Changes): void {
  if (before === after) return;
  if (before === undefined) {
    (changes.added ??= {})[key] = wholeOf(shape, after);
  } else if (after === undefined) {
    (changes.removed ??= {})[key] = wholeOf(shape, before);
  } else if (changes.same(before, after)) {
    // most parts are, which is told four times as fast as they are walked
    return;
  } else if (isOwnedWhole(shape, before, after)) {
    (changes.modified ??= {})[key] = EMPTY;
  } else if (isLeaf(shape, before) !== isLeaf(shape, after)) {
    // what was an object is none any more, or the other way round: the place has changed, and its fields have come or gone
    (changes.modified ??= {})[key] = EMPTY;
    const [was, is] = [before, after].map((value) => (isObject(value) ? value : NO_FIELDS));
    descend(key, changes, (inner) => compareMaps(shape, was, is, inner));
  } else {
    descend(key, changes, (inner) => (isList(shape) ? compareLists : compareMaps)(shape, before, after, inner));
  }
}

/** Adds to the changes those below a node. */
function descend(key: string, changes: Changes, compareInner: (inner: Changes) => void): void {
  const inner: Changes = { same: changes.same, added: undefined, modified: undefined, removed: undefined };
  compareInner(inner);
  if (inner.added) (changes.added ??= {})[key] = inner.added;
  if (inner.modified) (changes.modified ??= {})[key] = inner.modified;
  if (inner.removed) (changes.removed ??= {})[key] = inner.removed;
}

/** Also when both are empty, since null and empty are two things. */
function isOwnedWhole(shape: Shape, before: unknown, after: unknown): boolean {
  if (isLeaf(shape, before) && isLeaf(shape, after)) return true;
  return isEmptyObject(before) && isEmptyObject(after);
}

function compareLists(shape: Shape, before: unknown, after: unknown, changes: Changes): void {
  const l = indexItems(shape, before);
  const r = indexItems(shape, after);
  const items = shape.items as Shape;
  for (const element of unionOfKeys(l, r)) {
    const was = l.get(element) ?? NO_ITEMS;
    const is = r.get(element) ?? NO_ITEMS;
    if (was.length <= 1 && is.length <= 1) compareNodes(items, was[0], is[0], element, changes);
    else if (was.length > 1 && is.length > 1) {
      // items that occur more than once are owned together
      if (!changes.same(was, is)) (changes.modified ??= {})[element] = EMPTY;
    } else if (was.length > 1) {
      if (is.length > 0) (changes.added ??= {})[element] = wholeOf(items, is[0]);
      (changes.removed ??= {})[element] = EMPTY;
    } else {
      if (was.length > 0) (changes.removed ??= {})[element] = wholeOf(items, was[0]);
      (changes.added ??= {})[element] = EMPTY;
    }
  }
}

const NO_ITEMS: readonly unknown[] = [];

function unionOfKeys(l: ReadonlyMap<string, unknown>, r: ReadonlyMap<string, unknown>): string[] {
  const keys = [...l.keys()];
  for (const key of r.keys()) if (!l.has(key)) keys.push(key);
  return keys.length > 1 ? keys.sort(compareElements) : keys;
}

function indexItems(shape: Shape, list: unknown): Map<string, unknown[]> {
  const index = new Map<string, unknown[]>();
  for (const item of (list ?? NO_ITEMS) as unknown[]) {
    const element = itemElement(shape, item);
    const present = index.get(element);
    if (present) present.push(item);
    else index.set(element, [item]);
  }
  return index;
}

/** All of a value that has come or gone: every node belongs to the set. */
function wholeOf(shape: Shape, value: unknown): FieldSet {
  if (isLeaf(shape, value) || isEmptyObject(value)) return EMPTY;
  if (isList(shape)) return memberNode(itemsOf(shape, value, wholeOf));
  const set: FieldSetDraft = { '.': EMPTY };
  for (const { name, element, shape: child } of shape.fields) {
    const inner = own(value as Fields, name);
    if (inner !== undefined) set[element] = wholeOf(child, inner);
  }
  const values = valuesShape(shape);
  if (values)
    for (const name of namesOf(value as Fields))
      if (!shape.byName.has(name)) set[`f:${name}`] = wholeOf(values, own(value as Fields, name));
  return values ? ordered(shape, set) : set;
}

/** Items that occur more than once are nodes without children. */
function itemsOf(shape: Shape, list: unknown, nodeOf: (items: Shape, item: unknown) => FieldSet): FieldSet {
  const set: FieldSetDraft = {};
  const index = indexItems(shape, list);
  const elements = index.size > 1 ? [...index.keys()].sort(compareElements) : index.keys();
  for (const element of elements) {
    const found = index.get(element) ?? NO_ITEMS;
    set[element] = found.length === 1 ? nodeOf(shape.items as Shape, found[0]) : EMPTY;
  }
  return set;
}

function isList(shape: Shape): boolean {
  return shape.kind === 'list' || shape.kind === 'set';
}

function isMapLike(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'deduced') return isObject(value);
  return (shape.kind === 'struct' || shape.kind === 'map') && (value === null || isObject(value));
}

function isLeaf(shape: Shape, value: unknown): boolean {
  return shape.kind === 'leaf' || (shape.kind === 'deduced' && !isObject(value));
}

/** Null, and objects and lists without content. */
function isEmptyObject(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value) if ((value as Fields)[key] !== undefined) return false;
  return true;
}

/** The shape of fields that are not declared. */
function valuesShape(shape: Shape): Shape | undefined {
  return shape.kind === 'deduced' ? shape : shape.values;
}

/** Fields that are present, in alphabetical order. */
function namesOf(fields: Fields): string[] {
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
  return names.length > 1 ? names.sort() : names;
}

/** What an updater comes to own. */
export function changedFields(comparison: Comparison): FieldSet {
  return union(comparison.modified, comparison.added);
}
