// How custom resources are read: metadata as those of every object, the rest as it was written, less what the schema does not
// declare.
import { Field, scalarType, structType, type StructType, structTypeOf } from '../api/schema/types.js';
import { coerceEmbedded, OBJECT_META } from '../api/structural/embedded.js';
import { prune, pruneNulls } from '../api/structural/prune.js';
import { anySchema, type Schema } from '../api/structural/schema.js';
import { DecodeError } from '../api/schema/decode-state.js';
import { writeJson } from '../util/exact-json.js';

const text = (name: string): Field => new Field({ name, omitEmpty: true, pointer: false }, scalarType('string'));
export const metadataField = (): Field => new Field({ name: 'metadata', omitEmpty: true, pointer: false }, () => structTypeOf(OBJECT_META));

/** The type by which objects of a version are decoded and written. @param keepUnknown nothing is pruned (v1beta1's preserveUnknownFields) */
export function readingType(kind: string, schema: Schema | undefined, keepUnknown: boolean): StructType {
  return structType(kind, [text('kind'), text('apiVersion'), metadataField()], {
    open: true,
    prune: (object, keepNulls) => shape(object, schema, { keepUnknown, keepNulls }),
  });
}

/** Drops what has no place in an object. @returns the paths of unknown fields @throws DecodeError */
function shape(
  object: Record<string, unknown>,
  schema: Schema | undefined,
  { keepUnknown, keepNulls }: { readonly keepUnknown: boolean; readonly keepNulls: boolean },
): string[] {
  const unknown: string[] = [];
  if (!keepUnknown) unknown.push(...prune(object, schema, true));
  // what was merged is looked at by validation alone
  if (keepNulls) return unknown;
  if (!keepUnknown) pruneNulls(object, schema);
  const error = coerceEmbedded(object, undefined, schema, { isRoot: false, dropInvalid: false, unknown });
  if (error) throw new DecodeError(`${error.field}: ${error.message}`);
  return unknown;
}

/** The same of an object that was stored, or is one of another version: what cannot be read is dropped. @returns whether it changed */
export function reshape(object: object, schema: Schema | undefined, keepUnknown: boolean): boolean {
  const pruned = !keepUnknown && prune(object, schema, true).length > 0;
  const nulled = !keepUnknown && pruneNulls(object, schema);
  if (!hasEmbedded(schema)) return pruned || nulled;
  const before = writeJson(object);
  coerceEmbedded(object, undefined, schema, { isRoot: false, dropInvalid: true });
  return pruned || nulled || writeJson(object) !== before;
}

const embedding = new WeakMap<Schema, boolean>();

/** Whether there are objects within objects; found once for a schema. */
function hasEmbedded(schema: Schema | undefined): boolean {
  if (!schema) return false;
  let known = embedding.get(schema);
  if (known === undefined) {
    known = anySchema(schema, (s) => s['x-kubernetes-embedded-resource'] ?? false);
    embedding.set(schema, known);
  }
  return known;
}
