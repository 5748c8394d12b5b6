// PATCH in its three older languages (server-side apply is in ../fields):
//
//   const patch = readPatch('strategic', text);               // once a request
//   const { object, warnings } = patchObject(patch, type, current, 'Warn');   // for every attempt; `current` stays as it is
//   …defaults, trackUpdate (../fields), validation…
import * as errors from '../../api/meta/errors.js';
import { invalid } from '../../api/meta/field-errors.js';
import { decode, DecodeError, seenDuplicates, strictErrors } from '../../api/schema/decode.js';
import { JsonError, parseJson } from '../../api/schema/json.js';
import { ANY, Field, listType, scalarType, structType, type StructType } from '../../api/schema/types.js';
import { copy } from '../../util/equal.js';
import { goString } from '../../util/go-format.js';
import { inKeyOrder, jsonKind } from '../../util/json.js';
import { applyJsonPatch, JsonPatchError, MAX_OPERATIONS, type Operation } from './json-patch.js';
import { applyMergePatch } from './merge-patch.js';
import { mergeStrategic, StrategicPatchError } from './strategic.js';
import { writeJson } from '../../util/exact-json.js';

/** The older languages of PATCH (RFC 6902, RFC 7386, and Kubernetes' own). */
export type PatchKind = 'json' | 'merge' | 'strategic';

/** A patch as it came. It is read when it is first applied, since an absent object counts more than a malformed patch. */
export interface Patch {
  readonly kind: PatchKind;
  /** @throws ApiError BadRequest, RequestEntityTooLarge */
  read(): ParsedPatch;
}

interface ParsedPatch {
  readonly value: unknown;
  /** What strict decoding says of the patch itself. */
  readonly doubts: readonly string[];
}

/** What a patch has made. */
export interface Patched<T> {
  /** Decoded; shares nothing with the present object. */
  readonly object: T;
  /** Texts for Warning headers. */
  readonly warnings: string[];
}

const operation = structType(
  'handlers.jsonPatchOp',
  ['op', 'path', 'from', 'value'].map(
    (name) => new Field({ name, omitEmpty: true, pointer: true }, name === 'value' ? ANY : scalarType('string')),
  ),
);
const operations = listType(operation);

/** The body of a PATCH. It is read at the first attempt, which throws what is wrong with it, and once for all attempts. */
export function readPatch(kind: PatchKind, text: string): Patch {
  let parsed: ParsedPatch | undefined;
  return { kind, read: () => (parsed ??= parsePatch(kind, text)) };
}

function parsePatch(kind: PatchKind, text: string): ParsedPatch {
  try {
    const { value, duplicates } = parseJson(text);
    if (kind === 'json') return parseOperations(value, duplicates);
    if (kind === 'merge' && value === null) throw errors.badRequest('Invalid JSON Patch');
    if (typeof value !== 'object' || Array.isArray(value))
      throw new DecodeError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`);
    return { value: value ?? {}, doubts: duplicates };
  } catch (e) {
    if (e instanceof JsonError || e instanceof DecodeError)
      throw errors.badRequest(kind === 'strategic' ? e.message : `error decoding patch: ${e.message}`);
    throw e;
  }
}

function parseOperations(value: unknown, duplicates: readonly string[]): ParsedPatch {
  const { unknown } = decode(operations, value);
  const list = (value ?? []) as Operation[];
  if (list.length > MAX_OPERATIONS)
    throw errors.requestEntityTooLarge(
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${list.length}`,
    );
  return { value: list, doubts: strictErrors(duplicates, unknown).map((text) => `json patch ${text}`) };
}

/**
 * Applies a patch and decodes the result. With `Strict`, unknown and duplicate fields refuse the patch.
 * @param current the present object, as the client sees it
 * @param otherKind says why what the patch has made is no object of the type by its own account; what a strategic patch makes is not asked
 * @throws ApiError BadRequest (malformed), Invalid (does not apply, or makes no object of the type), or a 500 as upstream
 */
export function patchObject<T>(
  patch: Patch,
  type: StructType,
  current: T,
  validation: 'Ignore' | 'Warn' | 'Strict',
  otherKind?: (document: TypeMeta) => string | undefined,
): Patched<T> {
  const { value, doubts } = patch.read();
  const { result, shown } = apply(patch.kind, type, current, value);
  const refuse = (why: string): errors.ApiError => errors.invalid({ group: '', kind: '' }, '', [invalid('patch', shown(), why)]);
  try {
    const strategic = patch.kind === 'strategic';
    const problem = strategic ? undefined : (unreadableKind(result as TypeMeta) ?? otherKind?.(result as TypeMeta));
    if (problem !== undefined) throw refuse(problem);
    if (type.open && !(result as TypeMeta).kind) throw refuse(`Object 'Kind' is missing in '${shown()}'`);
    const unversioned = !strategic && !(result as TypeMeta).apiVersion;
    if (type.open && (result as TypeMeta).apiVersion === null)
      throw refuse('.apiVersion accessor error: <nil> is of the type <nil>, expected string');
    if (type.open && unversioned) throw errors.internalError("Object 'apiVersion' is missing in 'object has no apiVersion field'");
    const { object, unknown } = decode<T>(unversioned ? TYPE_META : type, result, { wording: strategic ? 'converter' : 'json' });
    if (strategic || unversioned) unknown.sort();
    const all = [...doubts, ...(patch.kind === 'json' ? seenDuplicates(type, writtenTwice(doubts, value as Operation[])) : []), ...unknown];
    if (all.length > 0 && validation === 'Strict') throw refuse(`strict decoding error: ${all.join(', ')}`);
    return { object, warnings: validation === 'Warn' ? all : [] };
  } catch (e) {
    if (e instanceof DecodeError) throw refuse(e.message);
    throw e;
  }
}

const TWICE_IN_VALUE = /^json patch duplicate field "\[(\d+)\]\.value\.(.*)"$/;

/** Upstream puts the value of an operation into the document as it was written, where its repeated keys are found again. */
function writtenTwice(doubts: readonly string[], operations: readonly Operation[]): string[] {
  return doubts.flatMap((doubt) => {
    const [, index, rest] = TWICE_IN_VALUE.exec(doubt) ?? [];
    const path = operations[Number(index)]?.path;
    if (typeof path !== 'string') return [];
    const place = path
      .split('/')
      .slice(1)
      .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step.replaceAll('~1', '/').replaceAll('~0', '~')}`))
      .join('');
    return [`duplicate field "${place.replace(/^\./, '')}.${rest}"`];
  });
}

/** What every object says of itself, as a client may have written it. */
export interface TypeMeta {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}

/** Of an object that does not say its version upstream reads nothing but this. */
const TYPE_META = structType(
  'v1.TypeMeta',
  ['kind', 'apiVersion'].map((name) => new Field({ name, omitEmpty: true, pointer: false }, scalarType('string'))),
);

/** What Go says of the first of the two, in the order of the document, that is no text. */
export function unreadableKind(object: TypeMeta): string | undefined {
  const wrong = Object.entries(object).find(([key, v]) => (key === 'apiVersion' || key === 'kind') && typeof v !== 'string' && v !== null);
  if (!wrong) return undefined;
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(wrong[1])} into Go struct field .${wrong[0]} of type string`;
}

/** @returns the patched document, and what an error shows of it */
function apply(kind: PatchKind, type: StructType, current: unknown, patch: unknown): { result: unknown; shown: () => string } {
  try {
    if (kind === 'strategic') {
      const own = copy(patch) as Record<string, unknown>;
      const result = mergeStrategic(type, withoutAbsent(current) as Record<string, unknown>, own);
      return { result, shown: () => goString(own) };
    }
    const result =
      kind === 'json'
        ? applyJsonPatch(withoutAbsent(current), patch as Operation[])
        : applyMergePatch(withoutAbsent(current), patch as Record<string, unknown>);
    // what has no type upstream is in maps, which are sorted
    return { result, shown: () => writeJson(type.open ? inKeyOrder(result) : result) };
  } catch (e) {
    if (e instanceof JsonPatchError) throw unprocessable();
    if (!(e instanceof StrategicPatchError)) throw e;
    if (e.status === 400) throw errors.badRequest(e.message);
    throw e.status === 422 ? unprocessable() : new errors.ApiError({ code: 500, message: e.message });
  }
}

/** A copy in which what is undefined is absent, as it is in the object's text. */
function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== 'object' || value === null) return value;
  const present: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) continue;
    // a key of this name must not become the object's prototype
    if (key === '__proto__')
      Object.defineProperty(present, key, { value: withoutAbsent(item), enumerable: true, configurable: true, writable: true });
    else present[key] = withoutAbsent(item);
  }
  return present;
}

/** Upstream does not say what was wrong. */
function unprocessable(): errors.ApiError {
  return new errors.ApiError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });
}
