// The move from kubectl's client-side apply: the annotation in which it kept its last configuration says which fields are
// its own, so that its server-side apply may take them over.
import type { KubeObject } from '../../api/meta/object.js';
import { LAST_APPLIED_ANNOTATION } from '../../api/meta/well-known.js';
import type { StructType } from '../../api/schema/types.js';
import { copy } from '../../util/equal.js';
import { inKeyOrder } from '../../util/json.js';
import { difference, type FieldSet } from './set.js';
import type { Shape } from './shape.js';
import { validateApplied } from './validate.js';
import { compare, fieldsOf } from './walk.js';
import { readJson, writeJson } from '../../util/exact-json.js';

/** Fields of the last configuration that the object still has as they were; undefined when there is none that can be read. */
export function allowedByLastApplied(type: StructType, shape: Shape, live: KubeObject, apiVersion: string): FieldSet | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED_ANNOTATION];
  if (!text) return undefined;
  let last: Partial<KubeObject>;
  try {
    last = readJson(text) as Partial<KubeObject>;
  } catch {
    return undefined;
  }
  if (last?.apiVersion !== apiVersion || validateApplied(type, last) !== undefined) return undefined;
  const { added, modified, removed } = compare(shape, last, live);
  return difference(difference(difference(fieldsOf(shape, last), modified), added), removed);
}

/** Keeps the annotation as client-side apply would, so that it can go on from here. */
export function syncLastApplied(object: KubeObject, applied: KubeObject): void {
  const annotations = object.metadata.annotations;
  if (!annotations?.[LAST_APPLIED_ANNOTATION]) return;
  const configuration = copy(applied);
  if (configuration.metadata.annotations) delete configuration.metadata.annotations[LAST_APPLIED_ANNOTATION];
  annotations[LAST_APPLIED_ANNOTATION] = `${writeJson(inKeyOrder(configuration))}\n`;
}
