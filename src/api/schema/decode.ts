// Brings parsed JSON into the form a Go server gives it by reading it into its structs and writing it again: declared
// fields only, in Go's order, zero values dropped or filled in, quantities, times and base64 in their canonical form.
//
//   const { value, duplicates } = parseJson(text);               // json.ts
//   const { object, unknown } = decode(type, value);             // unknown: strict-decoding errors, worded
//   …hooks change the object…
//   const stored = normalize(type, object);                      // again in canonical form
//
// Each type is compiled to closures once, so that a pod takes some tens of microseconds.
import { copy } from '../../util/equal.js';
import { setOwn } from '../../util/json.js';
import { QuantityError } from '../meta/quantity.js';
import { noteGivenEmpty, noteHolder } from '../meta/given-empty.js';
import { Base64Error } from './base64.js';
import { type Compiled, compileScalar, type Decode } from './decode-scalars.js';
import { DecodeError, State, type Wording } from './decode-state.js';
import { TimeError } from './time.js';
import type { Field, ListType, MapType, StructType, Type, UnionType } from './types.js';

export { DecodeError } from './decode-state.js';

/** What was read. */
export interface Decoded<T = Record<string, unknown>> {
  /** Shares nothing with the input. */
  readonly object: T;
  /** `unknown field "spec.foo"`, in the order of the document. */
  readonly unknown: string[];
}

/**
 * Decodes what a client sent. A list or map that must not be left out and is empty stays empty (field ownership sees the
 * difference between `rules: []` and no rules); `normalize` makes it null, as storage does upstream.
 * @param options.keepNulls what was merged, not sent: null is told where it may not be
 * @throws DecodeError when a value has the wrong type
 */
export function decode<T = Record<string, unknown>>(
  type: Type,
  value: unknown,
  options: { readonly wording?: Wording; readonly keepNulls?: boolean } = {},
): Decoded<T> {
  const state = new State(type, true, options.wording);
  const object = run(type, value, state) as T;
  if (state.holdsEmpty) noteHolder(object as Fields);
  const unknown = state.unknownFields(value);
  if (type.kind === 'struct' && type.prune)
    unknown.push(...type.prune(object as Fields, options.keepNulls ?? false).map((path) => `unknown field ${JSON.stringify(path)}`));
  return { object, unknown };
}

/**
 * The canonical form of an object that hooks or patches have changed; undeclared fields are dropped. JSON of any form in it
 * (fieldsV1) is shared with the object.
 * @param like an object in canonical form: fields that are its very own are in form already, and are shared with it
 * @throws DecodeError when a value has the wrong type
 */
export function normalize<T>(type: StructType, object: T, like?: T): T {
  const state = new State(type, false);
  if (!like) return run(type, object, state) as T;
  const given = object as Fields;
  const shared = type.fields.filter(({ name }) => typeof given[name] === 'object' && given[name] === (like as Fields)[name]);
  const changed: Fields = { ...given };
  for (const { name } of shared) delete changed[name];
  const result = run(type, changed, state) as Fields;
  for (const { name } of shared) result[name] = given[name];
  return inOrder(type, result) as T;
}

type Fields = Record<string, unknown>;

function inOrder(type: StructType, object: Fields): Fields {
  const output: Fields = {};
  for (const { name } of type.fields) if (object[name] !== undefined) output[name] = object[name];
  return Object.assign(output, object);
}

const empties = new WeakMap<Type, unknown>();

/** An object of the type with nothing set, as Go writes it. Shared: must not be changed. */
export function emptyOf(type: Type): unknown {
  let empty = empties.get(type);
  if (empty === undefined) {
    empty = run(type, {}, new State(type, false));
    empties.set(type, empty);
  }
  return empty;
}

/** Those keys given twice that Go sees: it takes JSON of any form as it is, without looking into it. */
export function seenDuplicates(type: Type, duplicates: readonly string[]): string[] {
  return duplicates.filter((text) => !isInsideAny(type, /^duplicate field "(.*)"$/.exec(text)?.[1]?.split(/\.|(?=\[)/) ?? []));
}

function isInsideAny(root: Type, steps: readonly string[]): boolean {
  let type: Type | undefined = root;
  for (const step of steps) {
    // unions have readers of their own, which look for nothing of the kind
    if (type?.kind === 'union') return true;
    if (type?.kind === 'scalar') return type.scalar === 'any';
    type =
      type?.kind === 'struct'
        ? type.byName.get(step)?.type
        : type?.kind === 'list'
          ? type.items
          : type?.kind === 'map'
            ? type.values
            : undefined;
  }
  return false;
}

/**
 * What strict decoding complains about, for a Warning header each or one refusal. Go does not look into unknown fields for
 * duplicates.
 */
export function strictErrors(duplicates: readonly string[], unknown: readonly string[]): string[] {
  const unread = unknown.map((text) => text.slice('unknown field "'.length, -1));
  const inUnread = (text: string): boolean => {
    const path = text.slice('duplicate field "'.length, -1);
    return unread.some((u) => path === u || path.startsWith(`${u}.`) || path.startsWith(`${u}[`));
  };
  return [...duplicates.filter((d) => !(d.startsWith('duplicate field ') && inUnread(d))), ...unknown];
}

function run(type: Type, value: unknown, state: State): unknown {
  const compiled = compile(type);
  if (value === null || value === undefined) return compiled.zero(state);
  try {
    return compiled.decode(value, state);
  } catch (e) {
    if (e instanceof Base64Error && state.converts) throw new DecodeError(`error decoding from json: ${e.message}`, { cause: e });
    if (e instanceof QuantityError || e instanceof TimeError || e instanceof Base64Error) throw new DecodeError(e.message, { cause: e });
    throw e;
  }
}

/** Types are few and live as long as their definitions do. */
const compiledTypes = new WeakMap<Type, Compiled>();

function compile(type: Type): Compiled {
  let compiled = compiledTypes.get(type);
  if (!compiled) {
    compiled = compileKind(type);
    compiledTypes.set(type, compiled);
  }
  return compiled;
}

function compileKind(type: Type): Compiled {
  switch (type.kind) {
    case 'struct':
      return compileStruct(type);
    case 'list':
      return { decode: compileList(type), zero: () => null };
    case 'map':
      return { decode: compileMap(type), zero: () => null };
    case 'union':
      return { decode: compileUnion(type), zero: () => null };
    case 'scalar':
      return compileScalar(type);
  }
}

// ---- structs ----

interface PlannedField {
  readonly name: string;
  /** The name is also one of every JavaScript object, so that only an own property counts. */
  readonly inherited: boolean;
  readonly decode: Decode;
  readonly zero: (state: State) => unknown;
  /** What to do when the field is absent or null. */
  readonly absent: 'drop' | 'null' | 'zero';
  /** What to do when the value is Go's zero value, or has no elements. */
  readonly empty: 'keep' | 'drop' | 'null';
  readonly hasElements: boolean;
}

/** Kinds that omitempty never leaves out, since Go knows no empty struct. */
function isStructLike(type: Type): boolean {
  if (type.kind === 'struct') return true;
  return type.kind === 'scalar' && ['quantity', 'time', 'microTime', 'intOrString', 'any'].includes(type.scalar);
}

function planField(field: Field): PlannedField {
  const { type } = field;
  const { decode, zero } = compile(type);
  const structLike = isStructLike(type);
  const leftOut = field.omitZero || (field.omitEmpty && (field.pointer || !structLike));
  const hasElements = type.kind === 'list' || type.kind === 'map';
  const droppable = field.omitZero || (field.omitEmpty && !field.pointer && !structLike);
  return {
    name: field.name,
    inherited: field.name in {},
    decode,
    zero,
    absent: leftOut ? 'drop' : field.pointer ? 'null' : 'zero',
    empty: droppable ? 'drop' : hasElements && !field.pointer ? 'null' : 'keep',
    hasElements,
  };
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return value.length === 0;
    for (const _ in value) return false;
    return true;
  }
  return value === '' || value === 0 || value === false || value === null;
}

function compileStruct(type: StructType): Compiled {
  let plan: PlannedField[] | undefined;
  const decodeFields: Decode = (value, state) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw state.mismatch(value, type);
    plan ??= type.fields.map(planField);
    const input = value as Record<string, unknown>;
    const output: Record<string, unknown> = {};
    const { path } = state;
    let known = 0;
    for (const field of plan) {
      const { name } = field;
      const given = field.inherited && !Object.hasOwn(input, name) ? undefined : input[name];
      if (given === undefined || given === null) {
        if (given === null) known++;
        if (field.absent !== 'drop') output[name] = field.absent === 'null' ? null : field.zero(state);
        continue;
      }
      known++;
      path.push(name);
      const decoded = field.decode(given, state);
      path.pop();
      if (field.empty === 'keep' || !isEmpty(decoded)) output[name] = decoded;
      else if (field.empty === 'null') output[name] = state.isInput ? decoded : null;
      else if (state.isInput && field.hasElements) {
        noteGivenEmpty(output, name, decoded);
        state.holdsEmpty = true;
      }
    }
    for (const _ in input) known--;
    if (known !== 0) readUndeclared(type, input, output, state);
    return output;
  };
  return { decode: decodeFields, zero: (state) => decodeFields({}, state) };
}

function readUndeclared(type: StructType, input: Record<string, unknown>, output: Record<string, unknown>, state: State): void {
  for (const key of Object.keys(input)) {
    if (type.byName.has(key) || input[key] === undefined) continue;
    if (type.open) setOwn(output, key, state.isInput ? copy(input[key]) : input[key]);
    else state.unknown.push([...state.path, key]);
  }
}

/** Assigns also to `__proto__`, as a plain property. */
// ---- lists, maps, unions ----

function compileList(type: ListType): Decode {
  let items: Compiled | undefined;
  return (value, state) => {
    if (!Array.isArray(value)) throw state.mismatch(value, type);
    items ??= compile(type.items);
    const { path } = state;
    const output: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      path.push(i);
      output.push(item === null || item === undefined ? items.zero(state) : items.decode(item, state));
      path.pop();
    }
    return output;
  };
}

function compileMap(type: MapType): Decode {
  let values: Compiled | undefined;
  return (value, state) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw state.mismatch(value, type);
    values ??= compile(type.values);
    const { path } = state;
    const input = value as Record<string, unknown>;
    const output: Record<string, unknown> = {};
    for (const key of sortedKeys(input)) {
      const item = input[key];
      if (item === undefined) continue;
      // upstream's converter leaves keys of maps out of its paths
      if (!state.converts) path.push(key);
      setOwn(output, key, item === null ? (values.zero(state) ?? emptyMapValue(type)) : values.decode(item, state));
      if (!state.converts) path.pop();
    }
    return output;
  };
}

/** Storage turns bytes that are not set into bytes of no length; other nulls stay. */
function emptyMapValue(type: MapType): unknown {
  return type.values.kind === 'scalar' && type.values.scalar === 'bytes' ? '' : null;
}

/** Go writes maps sorted. */
function sortedKeys(map: Record<string, unknown>): string[] {
  const keys = Object.keys(map);
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] ?? '') > (keys[i] ?? '')) return keys.sort();
  return keys;
}

/** The JSONSchemaPropsOr… types read their own JSON: leniently, so no field in them is ever told unknown. */
function compileUnion(type: UnionType): Decode {
  return (value, state) => {
    // also where the converter reads all else
    const own = state.converts ? new State(type, state.isInput) : state;
    const unknown = own.unknown.length;
    let result: unknown = null;
    if (typeof value === 'object' && !Array.isArray(value)) result = compile(type.object).decode(value, own);
    else if (type.other !== 'bool') result = Array.isArray(value) ? compile(type.other).decode(value, own) : null;
    else if (typeof value === 'boolean') result = value;
    else throw new DecodeError('boolean or JSON schema expected');
    own.unknown.length = unknown;
    // a list of nothing is no form of a union, and is not stored
    return !state.isInput && Array.isArray(result) && result.length === 0 ? undefined : result;
  };
}
