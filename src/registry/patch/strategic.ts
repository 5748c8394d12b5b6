// Strategic merge patches: how a patch is merged follows from the type (merge keys, patch strategies), and directives in the
// patch ($patch, $retainKeys, $setElementOrder/…, $deleteFromPrimitiveList/…) say the rest.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
import type { Field, Type } from '../../api/schema/types.js';
import { RAW_EXTENSION } from '../../api/schema/types.js';
import { goString } from '../../util/go-format.js';
import { isObject } from '../../util/json.js';

type Fields = Record<string, unknown>;

/** The patch cannot be merged. `status` is that of upstream's answer: most such errors are no API errors there. */
export class StrategicPatchError extends Error {
  readonly status: 400 | 422 | 500;
  constructor(message: string, status: 400 | 422 | 500 = 500) {
    super(message);
    this.status = status;
  }
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList';
const ELEMENT_ORDER = '$setElementOrder';

/** What the type says about a part of an object: undefined type: nothing is known about what is inside. */
interface Place {
  readonly type: Type | undefined;
  readonly strategy: string;
  readonly mergeKey: string;
}

/**
 * Merges `patch` into `original`. Both are changed and must not be used again: the result has parts of both.
 * @throws StrategicPatchError
 */
export function mergeStrategic(type: Type, original: Fields, patch: Fields): Fields {
  return mergeMap(original, patch, type);
}

function mergeMap(original: Fields, patch: Fields, type: Type | undefined): Fields {
  if (Object.hasOwn(patch, DIRECTIVE)) return applyDirective(patch);
  retainKeys(original, patch);
  applyElementOrders(original, patch, type);
  for (const patchKey of Object.keys(patch)) {
    const value = patch[patchKey];
    const deletes = patchKey.startsWith(DELETE_FROM_LIST);
    const key = deletes ? keyOfDirective(patchKey, DELETE_FROM_LIST) : patchKey;
    const present = Object.hasOwn(original, key) ? original[key] : undefined;
    if (value === null) delete original[key];
    else if (present === undefined || kindOf(present) !== kindOf(value)) {
      if (!deletes) assign(original, key, value);
    } else if (isObject(value)) original[key] = mergeField(present as Fields, value, placeOf(type, key));
    else if (Array.isArray(value)) original[key] = mergeListField(present as unknown[], value, listPlaceOf(type, key), deletes);
    else original[key] = value;
  }
  return original;
}

/** What is new is taken as it is, without nulls and without what is marked by a directive. */
function assign(target: Fields, key: string, value: unknown): void {
  const kept = withoutDirectives(withoutNulls(value));
  if (kept === undefined) delete target[key];
  else Object.defineProperty(target, key, { value: kept, enumerable: true, configurable: true, writable: true });
}

function applyDirective(patch: Fields): Fields {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') {
    delete patch[DIRECTIVE];
    return patch;
  }
  if (directive === 'delete') return {};
  throw new StrategicPatchError(`unknown patch type: ${goString(directive)} in map: ${goString(patch)}`);
}

function mergeField(original: Fields, patch: Fields, place: Place): Fields {
  return place.strategy === 'replace' ? patch : mergeMap(original, patch, place.type);
}

function mergeListField(original: unknown[], patch: unknown[], place: Place, deletes: boolean): unknown[] {
  return place.strategy === 'merge' || deletes ? mergeList(original, patch, place, deletes) : patch;
}

// ---- what the type says ----

const NOTHING: Place = { type: undefined, strategy: '', mergeKey: '' };

function placeOf(type: Type | undefined, key: string): Place {
  const struct = type?.kind === 'union' ? type.object : type;
  if (struct?.kind === 'map') return { ...NOTHING, type: struct.values };
  // an object of any form is a Go struct too, without a field that could be patched
  if (struct?.kind === 'scalar' && struct.goName === RAW_EXTENSION) throw unknownField('RawExtension', key);
  if (struct?.kind !== 'struct') return NOTHING;
  const field: Field | undefined = struct.byName.get(key);
  if (!field && struct.open) return NOTHING;
  if (!field) throw unknownField(struct.name, key);
  return { type: field.type, strategy: field.patchStrategy.find((s) => s !== 'retainKeys') ?? '', mergeKey: field.patchMergeKey };
}

function unknownField(struct: string, key: string): StrategicPatchError {
  return new StrategicPatchError(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(key)}`);
}

function listPlaceOf(type: Type | undefined, key: string): Place {
  const place = placeOf(type, key);
  return { ...place, type: place.type?.kind === 'list' ? place.type.items : undefined };
}

// ---- $retainKeys ----

const BAD_RETAIN_KEYS = 'invalid patch format of retainKeys';

/** Removes what the directive does not list from the original. */
function retainKeys(original: Fields, patch: Fields): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const list = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(list)) throw new StrategicPatchError(BAD_RETAIN_KEYS, 400);
  const retained = new Set<unknown>(list);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(DELETE_FROM_LIST) || key.startsWith(ELEMENT_ORDER)) continue;
    if (!retained.has(key)) throw new StrategicPatchError(BAD_RETAIN_KEYS, 400);
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key];
}

// ---- $setElementOrder ----

/** Merges the lists that have an order directive, and takes them out of the patch. */
function applyElementOrders(original: Fields, patch: Fields, type: Type | undefined): void {
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(ELEMENT_ORDER)) continue;
    const order = asList(patch[directive]);
    delete patch[directive];
    const key = keyOfDirective(directive, ELEMENT_ORDER);
    const present = Object.hasOwn(original, key) ? asList(original[key]) : undefined;
    const patched = Object.hasOwn(patch, key) ? asList(patch[key]) : undefined;
    const place = listPlaceOf(type, key);
    checkOrder(patched ?? [], order, place.mergeKey);
    if (!present && !patched) continue;
    const merged =
      present && patched ? mergeListField(present, patched, place, false) : (present ?? (withoutDirectives(patched) as unknown[]));
    const before = placesAfterMerge(present ?? [], patched ?? [], place.mergeKey);
    original[key] = orderBy(merged, order, before, place.mergeKey, elementsAreMaps(present ?? [], patched ?? []));
    delete patch[key];
  }
}

/**
 * Where the present items stand for the order: upstream deletes and adds items in place, so that what is new has the place of
 * what is gone.
 */
function placesAfterMerge(present: readonly unknown[], patch: readonly unknown[], mergeKey: string): unknown[] {
  const places = [...present];
  if (mergeKey === '') return places;
  const isAt = (value: unknown) => (item: unknown) => asMap(item)[mergeKey] === value;
  let end = places.length;
  for (const item of patch.map(asMap)) {
    if (item[DIRECTIVE] === 'replace') return [...present];
    if (item[DIRECTIVE] !== 'delete') continue;
    for (let at = places.findIndex(isAt(item[mergeKey])); at >= 0 && at < end; at = places.findIndex(isAt(item[mergeKey]))) {
      places.copyWithin(at, at + 1, end);
      end--;
    }
  }
  for (const item of patch.map(asMap)) {
    if (end === places.length) break;
    if (Object.hasOwn(item, DIRECTIVE) || places.slice(0, end).some(isAt(item[mergeKey]))) continue;
    places[end++] = item;
  }
  return places;
}

function keyOfDirective(directive: string, prefix: string): string {
  const slash = directive.indexOf('/');
  if (slash < 0 || directive.slice(0, slash) !== prefix)
    throw new StrategicPatchError(
      `invalid patch format of ${prefix === DELETE_FROM_LIST ? 'primitive list' : 'setElementOrder list'}`,
      400,
    );
  return directive.slice(slash + 1);
}

/** Items of the patch must be in the order, and stand as the order has them. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0 || patch.length === 0) return;
  const items = mergeKey === '' ? patch : patch.filter((item) => asMap(item)[DIRECTIVE] !== 'delete');
  let next = 0;
  for (let at = 0; next < items.length && at < order.length; ) {
    const item = items[next];
    if (isObject(item) && Object.hasOwn(item, DIRECTIVE)) {
      next++;
      continue;
    }
    const place = order[at++];
    if (mergeKey === '' ? item === place : keyValue(asMap(item), mergeKey) === keyValue(asMap(place), mergeKey)) next++;
  }
  // as upstream, also where only a directive is left behind the last item of the order
  if (next < items.length) {
    const texts = [goString(patch), goString(order)];
    throw new StrategicPatchError(`The order in patch list:\n${texts[0]}\n doesn't match ${ELEMENT_ORDER} list:\n${texts[1]}\n`);
  }
}

// ---- lists ----

function mergeList(original: unknown[], patch: unknown[], place: Place, deletes: boolean): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  const { mergeKey } = place;
  if (!elementsAreMaps(original, patch)) {
    if (deletes) return original.filter((item) => !patch.includes(item));
    return orderBy([...new Set([...original, ...patch])], patch, original, '', false);
  }
  if (mergeKey === '') throw new StrategicPatchError(`cannot merge lists without merge key for ${place.type?.kind ?? 'interface'}`);
  const special = applyItemDirectives(original as Fields[], patch as Fields[], mergeKey);
  const merged = mergeItems(special.original, special.patch, mergeKey, place.type);
  return orderBy(merged, special.patch, special.original, mergeKey, true);
}

/** All elements must be of one kind, and none a list. */
function elementsAreMaps(...lists: readonly unknown[][]): boolean {
  let kind: string | undefined;
  for (const item of lists.flat(1)) {
    const itemKind = kindOf(item);
    if (itemKind === 'list' && kind === undefined) throw new StrategicPatchError('lists of lists are not supported', 422);
    kind ??= itemKind;
    if (itemKind !== kind) throw new StrategicPatchError(`list element types are not identical: ${goString(lists)}`);
  }
  if (kind === undefined) throw new StrategicPatchError('no elements in any of the given slices');
  return kind === 'map';
}

function applyItemDirectives(original: Fields[], patch: Fields[], mergeKey: string): { original: Fields[]; patch: Fields[] } {
  const rest: Fields[] = [];
  let left = original;
  let replace = false;
  for (const item of patch) {
    const directive = item[DIRECTIVE];
    if (!Object.hasOwn(item, DIRECTIVE)) rest.push(item);
    else if (directive === 'delete') {
      const value = keyValue(item, mergeKey);
      left = left.filter((present) => present[mergeKey] !== value);
    } else if (directive === 'replace') replace = true;
    else if (directive === 'merge') throw new StrategicPatchError('merging lists cannot yet be specified in the patch');
    else throw new StrategicPatchError(`unknown patch type: ${goString(directive)} in map: ${goString(item)}`);
  }
  return replace ? { original: rest, patch: [] } : { original: left, patch: rest };
}

function mergeItems(original: Fields[], patch: readonly Fields[], mergeKey: string, type: Type | undefined): Fields[] {
  const merged = [...original];
  for (const item of patch) {
    const value = keyValue(item, mergeKey);
    const at = merged.findIndex((present) => present[mergeKey] === value);
    const present = merged[at];
    if (present === undefined) merged.push(item);
    else merged[at] = mergeMap(present, item, type);
  }
  return merged;
}

function keyValue(item: Fields, mergeKey: string): unknown {
  if (!Object.hasOwn(item, mergeKey))
    throw new StrategicPatchError(`map: ${goString(item)} does not contain declared merge key: ${mergeKey}`);
  return item[mergeKey];
}

/** Items that the patch names stand in its order; the others come in between where they stood before. */
function orderBy(
  items: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string,
  maps: boolean,
): unknown[] {
  const identity = (item: unknown): unknown => (maps ? keyValue(asMap(item), mergeKey) : item);
  const position = (list: readonly unknown[]): Map<unknown, number> => {
    const positions = new Map<unknown, number>();
    list.forEach((item, i) => {
      if (!positions.has(identity(item))) positions.set(identity(item), i);
    });
    return positions;
  };
  const wanted = position(order);
  const were = position(before);
  const isNamed = (item: unknown): boolean => wanted.has(identity(item));
  const named = sortBy(items.filter(isNamed), (item) => wanted.get(identity(item)));
  const others = sortBy(
    items.filter((item) => !isNamed(item)),
    (item) => were.get(identity(item)),
  );
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const l = were.get(identity(others[0]));
    const r = were.get(identity(named[0]));
    result.push(l !== undefined && r !== undefined && l < r ? others.shift() : named.shift());
  }
  return [...result, ...named, ...others];
}

/**
 * An insertion sort, since it matters what becomes of items without a position: upstream moves them before, and them before
 * others, every time it meets them.
 */
function sortBy(items: unknown[], positionOf: (item: unknown) => number | undefined): unknown[] {
  const positions = items.map(positionOf);
  const swap = (list: unknown[], i: number): void => void ([list[i - 1], list[i]] = [list[i], list[i - 1]]);
  const isBefore = (i: number): boolean => {
    const p = positions[i];
    const q = positions[i - 1];
    return p === undefined || q === undefined || p < q;
  };
  for (let i = 1; i < items.length; i++) {
    for (let j = i; j > 0 && isBefore(j); j--) {
      swap(items, j);
      swap(positions, j);
    }
  }
  return items;
}

// ---- values ----

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (value === null) return 'null';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'bigint') return 'number';
  return typeof value === 'number' && !Number.isInteger(value) ? 'float' : typeof value;
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new StrategicPatchError(`expected a []interface {}, but received a ${goType(value)}`);
}

function asMap(value: unknown): Fields {
  if (isObject(value)) return value;
  throw new StrategicPatchError(`expected a map[string]interface {}, but received a ${goType(value)}`);
}

function goType(value: unknown): string {
  const names: Readonly<Record<string, string>> = {
    list: '[]interface {}',
    map: 'map[string]interface {}',
    null: '%!s(<nil>)',
    number: 'int64',
    float: 'float64',
    boolean: 'bool',
  };
  const kind = kindOf(value);
  return names[kind] ?? kind;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])));
}

/** @returns undefined for a map that is nothing but a directive's place */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const kept: Fields = {};
  for (const [key, item] of Object.entries(value)) {
    const inner = withoutDirectives(item);
    if (inner !== undefined) Object.defineProperty(kept, key, { value: inner, enumerable: true, configurable: true, writable: true });
  }
  return kept;
}
