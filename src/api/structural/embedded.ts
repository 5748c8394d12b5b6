// Objects within objects (x-kubernetes-embedded-resource) and their metadata: read as those of every object, and checked.
import { at, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { validateObjectMeta } from '../meta/metadata.js';
import { isDNS1035Label, nameIsPathSegment } from '../meta/names.js';
import type { ObjectMeta } from '../meta/object.js';
import { inKeyOrder, isObject } from '../../util/json.js';
import { decode, DecodeError } from '../schema/decode.js';
import { typeOf } from '../schema/types.js';
import { additionalOf, asRoot, itemsOf, propertyOf, type Schema } from './schema.js';

/** The schema of every object's metadata. */
export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** What is done about what cannot be read. */
export interface CoerceOptions {
  /** The value is a whole object. */
  readonly isRoot: boolean;
  /** What cannot be read is dropped instead of told. */
  readonly dropInvalid: boolean;
  /** Gets the paths of unknown fields of metadata. */
  readonly unknown?: string[];
}

/**
 * Brings embedded objects' metadata into the form the server gives them; unknown fields of them are dropped.
 * @returns what cannot be read
 */
export function coerceEmbedded(
  value: unknown,
  path: FieldPath | undefined,
  schema: Schema | undefined,
  options: CoerceOptions,
): FieldError | undefined {
  return coerce(value, path ?? at(), options.isRoot ? asRoot(schema) : schema, options);
}

function coerce(value: unknown, path: FieldPath, schema: Schema | undefined, options: CoerceOptions): FieldError | undefined {
  if (!schema) return undefined;
  if (Array.isArray(value)) return first(value, (item, i) => coerce(item, path.index(i), itemsOf(schema), options));
  if (!isObject(value)) return undefined;
  return first(Object.keys(value), (name) => {
    const error = schema['x-kubernetes-embedded-resource'] ? coerceMeta(value, path, name, options) : undefined;
    if (error) return error;
    const declared = propertyOf(schema, name);
    if (declared) return coerce(value[name], path.child(name), declared, options);
    return coerce(value[name], path.key(name), additionalOf(schema), options);
  });
}

function coerceMeta(object: Record<string, unknown>, path: FieldPath, name: string, options: CoerceOptions): FieldError | undefined {
  const value = object[name];
  if (name === 'apiVersion' || name === 'kind') {
    if (typeof value === 'string') return undefined;
    if (!options.dropInvalid) return invalid(path.child(name), value, 'must be a string');
    delete object[name];
  } else if (name === 'metadata') {
    try {
      object[name] = readMeta(path, value, options.unknown);
    } catch (e) {
      if (!(e instanceof DecodeError)) throw e;
      if (!options.dropInvalid) return invalid(path.child(name), inKeyOrder(value), e.message);
      object[name] = readableMeta(path, value, options.unknown);
    }
  }
  return undefined;
}

/** @throws DecodeError */
function readMeta(path: FieldPath, value: unknown, unknown?: string[]): Record<string, unknown> {
  const { object, unknown: found } = decode<Record<string, unknown>>(typeOf(OBJECT_META), value ?? {});
  unknown?.push(...found.map((text) => `${path.child('metadata').toString()}.${text.slice('unknown field "'.length, -1)}`));
  if (object.creationTimestamp === null) delete object.creationTimestamp;
  return object;
}

/** Field by field, without those that cannot be read. */
function readableMeta(path: FieldPath, value: unknown, unknown?: string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(isObject(value) ? value : {})) {
    try {
      Object.assign(result, readMeta(path, { [name]: field }, unknown));
    } catch (e) {
      if (!(e instanceof DecodeError)) throw e;
    }
  }
  return result;
}

function first<T>(list: readonly T[], find: (item: T, index: number) => FieldError | undefined): FieldError | undefined {
  for (const [i, item] of list.entries()) {
    const error = find(item, i);
    if (error) return error;
  }
  return undefined;
}

/** @returns what is wrong with the type and the metadata of embedded objects; `isRoot`: of the object itself too */
export function validateEmbedded(value: unknown, path: FieldPath | undefined, schema: Schema | undefined, isRoot: boolean): FieldError[] {
  return validate(value, path ?? at(), isRoot ? asRoot(schema) : schema);
}

function validate(value: unknown, path: FieldPath, schema: Schema | undefined): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => validate(item, path.index(i), itemsOf(schema)));
  if (!isObject(value)) return [];
  return [
    ...(schema['x-kubernetes-embedded-resource'] ? validateObject(value, path) : []),
    ...Object.entries(value).flatMap(([name, field]) => {
      const declared = propertyOf(schema, name);
      return declared ? validate(field, path.child(name), declared) : validate(field, path.key(name), additionalOf(schema));
    }),
  ];
}

function validateObject(object: Record<string, unknown>, path: FieldPath): FieldError[] {
  const errors = ['apiVersion', 'kind'].filter((name) => !Object.hasOwn(object, name)).map((name) => required(path.child(name)));
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== undefined) errors.push(...validateText(apiVersion, path.child('apiVersion'), versionProblem));
  if (kind !== undefined) errors.push(...validateText(kind, path.child('kind'), kindProblem));
  if (metadata === undefined) return errors;
  try {
    const meta = decode<ObjectMeta>(typeOf(OBJECT_META), metadata).object;
    meta.name ||= 'fakename';
    const rules = { namespaced: Boolean(meta.namespace), validateName: nameIsPathSegment, path: path.child('metadata') };
    errors.push(...validateObjectMeta(meta, { ...rules, plainFinalizers: true }));
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    errors.push(invalid(path.child('metadata'), inKeyOrder(metadata), e.message));
  }
  return errors;
}

function validateText(value: unknown, path: FieldPath, problem: (text: string) => string | undefined): FieldError[] {
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')];
  const text = value === '' ? 'must not be empty' : problem(value);
  return text === undefined ? [] : [invalid(path, value, text)];
}

function versionProblem(apiVersion: string): string | undefined {
  return apiVersion.split('/').length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined;
}

function kindProblem(kind: string): string | undefined {
  const problems = isDNS1035Label(kind.toLowerCase());
  return problems.length > 0 ? `may have mixed case, but should otherwise match: ${problems.join(',')}` : undefined;
}
