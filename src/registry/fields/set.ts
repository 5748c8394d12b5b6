// Sets of fields, in the very form in which managedFields carries them (FieldsV1): a tree of objects whose keys are path
// elements ("f:spec", "k:{"name":"c"}", "v:"x""). An element belongs to the set when its node is empty or has the key ".".
// Sets are never changed once made and share their parts; their keys are in upstream's order.
// https://github.com/kubernetes-sigs/structured-merge-diff/tree/master/fieldpath
import { compareElements, elementText } from './path-element.js';

/** A set of fields: the children of a node, by path element. */
export interface FieldSet {
  readonly [pathElement: string]: FieldSet;
}

/** A set that is being made. */
export interface FieldSetDraft {
  [pathElement: string]: FieldSet;
}

/** A node without children: its path belongs to the set. As a whole set: the empty set. */
export const EMPTY: FieldSet = Object.freeze({});
const SELF = '.';

/** No path belongs to it. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the path of this node belongs to the set. */
function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmptySet(node);
}

/** A node of the given children; undefined when nothing is left of it. */
function makeNode(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? EMPTY : undefined;
  return member ? { [SELF]: EMPTY, ...children } : children;
}

/** The node of a path that belongs to the set with these children. */
export function memberNode(children: FieldSet): FieldSet {
  return makeNode(true, children) ?? EMPTY;
}

/** What is in either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return withoutSelf(a);
  if (isEmptySet(a)) return withoutSelf(b);
  const result: FieldSetDraft = {};
  for (const key in a) {
    if (key === SELF) continue;
    const x = a[key] as FieldSet;
    const y = b[key];
    result[key] = y === undefined || x === y ? x : (makeNode(isMember(x) || isMember(y), union(x, y)) ?? EMPTY);
  }
  let added = false;
  for (const key in b) {
    if (key === SELF || a[key] !== undefined) continue;
    result[key] = b[key] as FieldSet;
    added = true;
  }
  return added ? inOrder(result) : result;
}

function withoutSelf(set: FieldSet): FieldSet {
  if (set[SELF] === undefined) return set;
  const { [SELF]: _, ...children } = set;
  return children;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSetDraft = {};
  for (const key in a) {
    const x = a[key] as FieldSet;
    const y = b[key];
    if (key === SELF || y === undefined) continue;
    const node = makeNode(isMember(x) && isMember(y), intersection(x, y));
    if (node) result[key] = node;
  }
  return result;
}

/** What is in `a` and not in `b`; children of what is in `b` stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return withoutSelf(a);
  const result: FieldSetDraft = {};
  for (const key in a) {
    if (key === SELF) continue;
    const x = a[key] as FieldSet;
    const y = b[key];
    const node = y === undefined ? x : makeNode(isMember(x) && !isMember(y), difference(x, y));
    if (node) result[key] = node;
  }
  return result;
}

/** What is in `a`, without what is in `b` and all below it. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return withoutSelf(a);
  const result: FieldSetDraft = {};
  for (const key in a) {
    if (key === SELF) continue;
    const x = a[key] as FieldSet;
    const y = b[key];
    if (y !== undefined && isMember(y)) continue;
    const node = y === undefined ? x : makeNode(isMember(x), recursiveDifference(x, y));
    if (node) result[key] = node;
  }
  return result;
}

/** Whether the path that ends with `element` of this node belongs to the set. */
export function hasElement(set: FieldSet, element: string): boolean {
  const node = set[element];
  return node !== undefined && isMember(node);
}

/** What is below an element; the empty set when nothing is. */
export function below(set: FieldSet, element: string): FieldSet {
  return withoutSelf(set[element] ?? EMPTY);
}

/** Every path of the set as messages show it: `.spec.containers[name="c"].image`. */
export function paths(set: FieldSet): string[] {
  const found: string[] = [];
  const walk = (node: FieldSet, prefix: string): void => {
    // as upstream: first what belongs to the set at this level, then what is below
    for (const key in node) if (key !== SELF && isMember(node[key] as FieldSet)) found.push(prefix + elementText(key));
    for (const key in node) if (key !== SELF) walk(node[key] as FieldSet, prefix + elementText(key));
  };
  walk(set, '');
  return found;
}

/** The same nodes with their keys in upstream's order. */
function inOrder(set: FieldSet): FieldSet {
  return Object.fromEntries(Object.entries(set).sort(([a], [b]) => compareElements(a, b)));
}

/** Reads a set that a client wrote: keys in order, "." only where it says something, unknown kinds of elements dropped. */
export function parseSet(fields: unknown): FieldSet {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return EMPTY;
  if (isCanonical(fields as FieldSet)) return fields as FieldSet;
  const result: FieldSetDraft = {};
  for (const [key, value] of Object.entries(fields)) {
    if (!isElement(key)) continue;
    const member = typeof value !== 'object' || value === null || isMember(value as FieldSet);
    const node = makeNode(member, withoutSelf(parseSet(value)));
    if (node) result[key] = node;
  }
  return inOrder(result);
}

/** Almost every set comes as it was written, and can be taken as it is. */
function isCanonical(node: FieldSet): boolean {
  let previous = '';
  for (const key in node) {
    const child: unknown = node[key];
    if (typeof child !== 'object' || child === null || Array.isArray(child)) return false;
    if (key === SELF ? previous !== '' || !isEmptySet(child as FieldSet) : !isElement(key)) return false;
    if (previous !== '' && compareElements(previous, key) >= 0) return false;
    if (key !== SELF && !isCanonical(child as FieldSet)) return false;
    previous = key;
  }
  return previous !== SELF;
}

function isElement(key: string): boolean {
  return key[1] === ':' && 'fkvi'.includes(key[0] ?? ' ');
}
