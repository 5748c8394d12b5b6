// Request bodies: media type, size, JSON or YAML, the kind they claim to be, and their fields.
import { isUtf8 } from 'node:buffer';
import type { DeleteOptions } from '../api/context.js';
import { BUILT_IN, type Definition, type GroupVersionKind, schemaOf, type Serving } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { wasGivenEmpty } from '../api/meta/given-empty.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { decode, DecodeError, seenDuplicates } from '../api/schema/decode.js';
import { inDocumentOrder, JsonError, parseJson } from '../api/schema/json.js';
import { respectLiterals } from '../api/schema/literals.js';
import { objectType, structTypeOf, type Typed } from '../api/schema/types.js';
import { parseYaml, YamlError } from '../util/yaml.js';
import { isObject, jsonKind } from '../util/json.js';
import { otherCustomKind, otherVersion } from './custom-kinds.js';
import { goName, internalName, isRegistered, SCHEME } from './known-kinds.js';
import { bodyEncoding } from './negotiation.js';
import { unreadableKind } from '../registry/patch/index.js';
import type { FieldValidation } from './options.js';
import type { ApiRequest } from './request.js';

/** How many bytes of an unreadable body an error quotes. */
const QUOTED = 30;
const NULL_VERSION = '.apiVersion accessor error: <nil> is of the type <nil>, expected string';
/** What upstream says of any scale of a custom resource that it cannot read: it looks for its kind in a scheme of none. */
const NOT_REGISTERED = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"';

/** What a body is expected to be. */
export interface Expected extends GroupVersionKind, Typed {
  /** Versions of the same shape that will do as well. */
  readonly otherVersions?: readonly string[] | undefined;
  readonly serving: Serving;
  /** What kind the body says it is does not matter: it is forgotten. */
  readonly anyKind?: boolean;
  /** Whatever is wrong with the body is told in these words. */
  readonly refusal?: string;
}

/** What the body of a subresource is: its own kind, or the object's. */
export function expectedOf(definition: Definition, subresource: string): Expected {
  const { body, otherVersions } = definition.subresources[subresource] ?? {};
  const refusal = definition.serving.typed ? undefined : NOT_REGISTERED;
  if (body) return { ...body, schema: schemaOf(body), otherVersions, serving: BUILT_IN, ...(refusal !== undefined && { refusal }) };
  return definition.serving.typed ? definition : { ...definition, anyKind: true };
}

/**
 * Reads an object of the expected kind.
 * @throws ApiError UnsupportedMediaType, BadRequest (unreadable, of another kind, wrong types; in strict mode unknown fields), RequestEntityTooLarge
 */
export async function decodeBody(request: ApiRequest, expected: Expected, validation: FieldValidation): Promise<KubeObject> {
  const encoding = bodyEncoding(request);
  const body = await request.body();
  try {
    if (encoding === 'protobuf') {
      const object = await decodeProtobuf(body, { kind: expected.kind, apiVersion: apiVersionOf(expected) });
      return decodeValue(checkKind(object, expected, body), PROTOBUF, expected, 'Ignore', request.warnings);
    }
    const { value, ...source } = parse(body, encoding, expected);
    return decodeValue(checkKind(value, expected, body), source, expected, validation, request.warnings);
  } catch (e) {
    if (expected.refusal !== undefined && errors.isApiError(e, 'BadRequest')) throw errors.badRequest(expected.refusal);
    throw e;
  }
}

/** @throws ApiError BadRequest */
async function decodeProtobuf(body: Buffer, expected: { kind: string; apiVersion: string }): Promise<Record<string, unknown>> {
  const { decodeObject, ProtobufError } = await import('../api/protobuf/index.js');
  try {
    return decodeObject(body, expected);
  } catch (e) {
    if (e instanceof ProtobufError) throw unrecognized(expected, e.message, body);
    throw e;
  }
}

/** The body of a server-side apply. */
export interface Applied {
  readonly configuration: KubeObject;
  /**
   * Tells of keys that occur twice. Upstream looks for them when the configuration has been merged: what is wrong with that
   * counts more.
   * @throws ApiError BadRequest in strict mode
   */
  readonly complain: (validation: FieldValidation) => void;
}

/**
 * Reads the body of a server-side apply: an object in which only what the client has an opinion on is set. It is not
 * decoded: absent is not the same as zero here, and what kind it is applyObject tells.
 * @throws ApiError BadRequest (unreadable)
 */
export async function readApplied(request: ApiRequest): Promise<Applied> {
  const refuse = (why: string): errors.ApiError => errors.badRequest(`error decoding YAML: ${why}`);
  try {
    const { value, duplicates } = parseYaml((await request.body()).toString());
    if (typeof value !== 'object' || Array.isArray(value))
      throw refuse(
        `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
      );
    return { configuration: (value ?? {}) as KubeObject, complain: (validation) => complainOfKeys(duplicates, validation, request) };
  } catch (e) {
    if (e instanceof YamlError) throw refuse(`error converting YAML to JSON: ${e.message}`);
    throw e;
  }
}

function complainOfKeys(duplicates: readonly string[], validation: FieldValidation, { warnings }: ApiRequest): void {
  if (duplicates.length > 0 && validation === 'Strict')
    throw errors.badRequest(
      `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`,
    );
  if (validation === 'Warn') warnings.push(...duplicates);
}

/** What is known of the text of a document. */
interface Source {
  readonly duplicates: readonly string[];
  /** Undefined: it is YAML; complaints come as they are, those about keys given twice first. */
  readonly json: string | undefined;
}

/** Fields of protobuf have numbers, and of one that is given twice the last value counts. */
const PROTOBUF: Source = { duplicates: [], json: undefined };

function decodeValue(
  value: Record<string, unknown>,
  { duplicates, json }: Source,
  expected: Expected,
  validation: FieldValidation,
  warnings: string[],
): KubeObject {
  try {
    const type = objectType(expected);
    if (json) respectLiterals(type, value, json);
    const { object, unknown } = decode<KubeObject>(type, value);
    const twice = duplicates.length > 0 ? seenDuplicates(type, duplicates) : duplicates;
    const complaints =
      json && twice.length > 0 && unknown.length > 0 ? inDocumentOrder(json, [...twice, ...unknown]) : [...inOne(twice), ...unknown];
    if (validation === 'Strict' && complaints.length > 0) throw new DecodeError(`strict decoding error: ${complaints.join(', ')}`);
    if (validation === 'Warn') for (const text of json ? complaints : [...twice, ...unknown]) warnings.push(text);
    return complete(expected, object);
  } catch (e) {
    if (e instanceof DecodeError) throw cannotHandle({ ...expected, version: versionOf(value, expected) }, expected, e.message);
    throw e;
  }
}

/** Go's YAML library reports all duplicate keys of a document in one error. */
function inOne(duplicates: readonly string[]): readonly string[] {
  return duplicates[0]?.startsWith('line ') ? [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`] : duplicates;
}

/** Makes an object say what it is. @returns the object itself */
export function complete(expected: Expected, object: KubeObject): KubeObject {
  object.kind = expected.kind;
  object.apiVersion = apiVersionOf(expected);
  object.metadata ??= {} as KubeObject['metadata'];
  // no managers are not the same as none named: all are to be forgotten; where objects have no types, nobody sees the difference
  if (expected.serving.typed && wasGivenEmpty(object.metadata, 'managedFields')) object.metadata.managedFields = [];
  return object;
}

function parse(body: Buffer, encoding: 'json' | 'yaml', expected: Expected): Source & { readonly value: unknown } {
  const text = body.toString();
  try {
    if (encoding === 'json') return { ...parseJson(text), json: text };
    if (!isUtf8(body)) throw new YamlError('yaml: invalid leading UTF-8 octet');
    return { ...parseYaml(text), json: undefined };
  } catch (e) {
    if (e instanceof JsonError) throw unrecognized(expected, `couldn't get version/kind; json parse error: ${e.message}`, body);
    if (e instanceof YamlError) throw unrecognized(expected, e.message, body);
    throw e;
  }
}

/** @throws ApiError BadRequest unless the value is an object of the expected kind, or does not say its kind */
function checkKind(value: unknown, expected: Expected, body: Buffer): Record<string, unknown> {
  if (value === null && expected.serving.typed) return {};
  if (value === null) throw unrecognized(expected, `Object 'Kind' is missing in '${body.toString()}'`, body);
  if (!isObject(value)) throw unrecognized(expected, noObject(value), body);
  const object = value;
  const problem = unreadableKind(object);
  if (problem !== undefined) throw unrecognized(expected, problem, body);
  const { typed } = expected.serving;
  if (!typed && !object.kind) throw unrecognized(expected, `Object 'Kind' is missing in '${body.toString()}'`, body);
  if (!typed && object.apiVersion === null) throw cannotHandle({ ...expected, version: '' }, expected, NULL_VERSION);
  if (!typed && !object.apiVersion) throw otherVersion('', expected);
  const given = claimed(inAnyCase(object), expected);
  if (!given) return object;
  if (given === 'malformed') throw unrecognized(expected, `unexpected GroupVersion string: ${String(object.apiVersion)}`, body);
  if (expected.anyKind && given.group === expected.group && given.version === expected.version) return object;
  if (!typed) throw otherCustomKind(given, expected, (object.metadata as { name?: string } | undefined)?.name ?? '');
  if (given.group === expected.group && given.kind === expected.kind && expected.otherVersions?.includes(given.version)) return object;
  if (given.kind === expected.kind && isRegistered(given)) throw otherVersion(apiVersionOf(given), expected);
  throw cannotHandle(given, expected, kindProblem(given, expected));
}

/** The version a body is written in: the expected one, or another of the same shape. */
function versionOf({ apiVersion }: { readonly apiVersion?: unknown }, expected: Expected): string {
  const version = typeof apiVersion === 'string' ? (apiVersion.split('/').at(-1) ?? '') : '';
  return expected.otherVersions?.includes(version) ? version : expected.version;
}

function noObject(value: unknown): string {
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}

/** Kind and version are found however their names are written, as Go's decoder finds them; all other fields are not. */
function inAnyCase(object: Record<string, unknown>): { apiVersion?: unknown; kind?: unknown } {
  const find = (name: string): unknown =>
    object[name] ?? Object.entries(object).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return { apiVersion: find('apiVersion'), kind: find('kind') };
}

/** The kind an object says it is, where that is not the expected one. */
export function claimed(object: { apiVersion?: unknown; kind?: unknown }, expected: Expected): GroupVersionKind | 'malformed' | undefined {
  const apiVersion = typeof object.apiVersion === 'string' && object.apiVersion !== '' ? object.apiVersion : apiVersionOf(expected);
  const kind = typeof object.kind === 'string' && object.kind !== '' ? object.kind : expected.kind;
  if (apiVersion === apiVersionOf(expected) && kind === expected.kind) return undefined;
  const parts = apiVersion.split('/');
  if (parts.length > 2) return 'malformed';
  return { group: parts.length === 2 ? (parts[0] as string) : '', version: parts.at(-1) as string, kind };
}

/** Why an object of one kind cannot be read as another. */
export function kindProblem(given: GroupVersionKind, expected: Expected): string {
  if (!isRegistered(given)) return `no kind "${given.kind}" is registered for version "${apiVersionOf(given)}" in scheme "${SCHEME}"`;
  return `converting (${goName(given)}) to (${internalName(expected)}): unknown conversion`;
}

function cannotHandle(given: GroupVersionKind, expected: Expected, why: string): errors.ApiError {
  return errors.badRequest(`${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${expected.kind}: ${why}`);
}

function unrecognized(expected: { readonly kind: string }, why: string, body: Buffer): errors.ApiError {
  return errors.badRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summary(body)})`);
}

/** An object is quoted, anything else is shown in hexadecimal. */
function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const encoding = body[0] === 0x7b ? 'utf8' : 'hex';
  return body.length > QUOTED ? `${body.subarray(0, QUOTED).toString(encoding)} ...` : body.toString(encoding);
}

const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

/**
 * The body of a DELETE; undefined: there is none.
 * @throws ApiError BadRequest, UnsupportedMediaType
 */
export async function decodeDeleteOptions(request: ApiRequest): Promise<DeleteOptions | undefined> {
  const body = await request.body();
  if (body.length === 0) return undefined;
  const encoding = bodyEncoding(request);
  if (encoding === 'protobuf') {
    return (await decodeProtobuf(body, { kind: 'DeleteOptions', apiVersion: 'v1' })) as unknown as DeleteOptions;
  }
  try {
    const { value } = encoding === 'json' ? parseJson(body.toString()) : parseYaml(body.toString());
    const problem = typeof value === 'object' && !Array.isArray(value) ? unreadableKind(value ?? {}) : noObject(value);
    if (problem !== undefined) throw errors.badRequest(problem);
    const { kind = 'DeleteOptions', apiVersion = 'v1' } = (value ?? {}) as { kind?: string; apiVersion?: string };
    if (kind !== 'DeleteOptions')
      throw errors.badRequest(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "${SCHEME}"`);
    return decode<DeleteOptions>(structTypeOf(DELETE_OPTIONS), value).object;
  } catch (e) {
    if (e instanceof JsonError || e instanceof YamlError)
      throw errors.badRequest(`couldn't get version/kind; json parse error: ${e.message}`);
    if (e instanceof DecodeError) throw errors.badRequest(e.message);
    throw e;
  }
}
