// What field ownership needs of a type: which parts have owners of their own, and how items of lists are told apart.
import type { Field, ListType, Type } from '../../api/schema/types.js';
import { keyElement, valueElement } from './path-element.js';

/**
 * - leaf: owned as a whole.
 * - struct, map: every field has owners of its own.
 * - list: items are told apart by their keys; set: values are their own keys.
 * - deduced: nothing is declared; objects are taken as maps, all else as leaves.
 */
export interface Shape {
  readonly kind: 'leaf' | 'struct' | 'map' | 'list' | 'set' | 'deduced';
  /** Of a struct, in alphabetical order. */
  readonly fields: readonly ShapeField[];
  readonly byName: ReadonlyMap<string, ShapeField>;
  /** Of a map's values, or of the undeclared fields of a struct that is open. */
  readonly values: Shape | undefined;
  readonly items: Shape | undefined;
  readonly keys: readonly KeyField[];
}

/** A field of a struct as field ownership sees it. */
export interface ShapeField {
  readonly name: string;
  /** The step to it: `f:name`. */
  readonly element: string;
  readonly shape: Shape;
}

interface KeyField {
  readonly name: string;
  readonly default: unknown;
}

const LEAF: Shape = { kind: 'leaf', fields: [], byName: new Map(), values: undefined, items: undefined, keys: [] };
const DEDUCED: Shape = { ...LEAF, kind: 'deduced' };

const shapes = new WeakMap<Type, Shape>();

/** The shape of a type; made once. */
export function shapeOf(type: Type): Shape {
  const known = shapes.get(type);
  if (known) return known;
  const fields: ShapeField[] = [];
  const byName = new Map<string, ShapeField>();
  const shape = makeShape(type, fields, byName);
  // before its fields, which may be of the same type
  shapes.set(type, shape);
  if (type.kind !== 'struct' || shape.kind !== 'struct') return shape;
  for (const field of [...type.fields].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entry: ShapeField = { name: field.name, element: `f:${field.name}`, shape: fieldShape(field) };
    fields.push(entry);
    byName.set(field.name, entry);
  }
  return shape;
}

function makeShape(type: Type, fields: readonly ShapeField[], byName: ReadonlyMap<string, ShapeField>): Shape {
  switch (type.kind) {
    case 'scalar':
      return type.scalar === 'any' && type.granular ? DEDUCED : LEAF;
    case 'union':
      return LEAF;
    case 'struct':
      return type.atomic ? LEAF : { ...LEAF, kind: 'struct', fields, byName, values: type.open ? DEDUCED : undefined };
    case 'map':
      return type.atomic ? LEAF : { ...LEAF, kind: 'map', values: shapeOf(type.values) };
    case 'list':
      return listShape(type);
  }
}

function listShape(type: ListType): Shape {
  if (type.ownership === 'atomic') return LEAF;
  if (type.ownership === 'set') return { ...LEAF, kind: 'set', items: LEAF };
  const struct = type.items.kind === 'struct' ? type.items : undefined;
  const keys = [...type.keys].sort().map((name) => ({ name, default: struct?.byName.get(name)?.default }));
  return { ...LEAF, kind: 'list', items: shapeOf(type.items), keys };
}

/** A field may overrule whether its type is owned as a whole. */
function fieldShape(field: Field): Shape {
  const { type, atomic } = field;
  if (atomic === undefined || type.kind !== 'struct' || type.atomic === atomic) return shapeOf(type);
  return atomic ? LEAF : shapeOf({ ...type, atomic: false });
}

/** Why an item has no place in its list. The message is upstream's. */
export class ItemError extends Error {}

/** The step to an item of a list or set. @throws ItemError */
export function itemElement(shape: Shape, item: unknown): string {
  if (shape.kind === 'set') {
    if (Array.isArray(item)) throw new ItemError('not supported: associative list with lists as elements');
    if (item === null || item === undefined) throw new ItemError("associative list without keys has an element that's an explicit null");
    if (typeof item === 'object') throw new ItemError("associative list without keys has an element that's a map type");
    return valueElement(item);
  }
  if (item === null || item === undefined) throw new ItemError('associative list with keys may not have a null element');
  if (typeof item !== 'object' || Array.isArray(item)) throw new ItemError('associative list with keys may not have non-map elements');
  const found: [string, unknown][] = [];
  for (const key of shape.keys) {
    const given = (item as Record<string, unknown>)[key.name];
    // a key that is given as null is a key
    const value = given === undefined ? key.default : given;
    if (value !== undefined) found.push([key.name, value]);
  }
  if (found.length > 0) return keyElement(found);
  const names = shape.keys.map((key) => JSON.stringify(key.name)).join(' ');
  throw new ItemError(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}
