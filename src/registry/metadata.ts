import { randomUUID } from 'node:crypto';
import type { Context } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { normalize } from '../api/schema/decode.js';
import { objectType } from '../api/schema/types.js';
import { timestamp } from '../util/clock.js';
import { writeJson } from '../util/exact-json.js';

/** What a client may not say of a new object goes, before anybody looks at it. */
export function wipeSystemMetadata({ metadata }: KubeObject): void {
  metadata.uid = metadata.creationTimestamp = undefined;
  metadata.deletionTimestamp = metadata.deletionGracePeriodSeconds = undefined;
  metadata.selfLink = undefined;
}

/** What every new object gets: uid and creationTimestamp. */
export function fillSystemMetadata({ metadata }: KubeObject, context: Context): void {
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(context.services.clock.now());
}

/** What an update can never change, as rest.BeforeUpdate restores it. */
export function restoreSystemMetadata(object: KubeObject, old: KubeObject): void {
  const m = object.metadata;
  m.uid ??= old.metadata.uid;
  m.creationTimestamp = old.metadata.creationTimestamp;
  m.generation = old.metadata.generation;
  m.resourceVersion = old.metadata.resourceVersion;
  if (old.metadata.deletionTimestamp) m.deletionTimestamp = old.metadata.deletionTimestamp;
  m.deletionGracePeriodSeconds ??= old.metadata.deletionGracePeriodSeconds;
}

const UNKNOWN = '0';

/**
 * The canonical form of an object, as Go would print the struct after hooks and admission changed it: fields in order,
 * kind, apiVersion, metadata and in it the uid early (item.ts relies on that), nothing undeclared. Shares with the input
 * what nobody changes: sets of fields, and parts that are the very ones of `like`, a stored object. It has no resourceVersion: the store's revision is that.
 */
export function canonical(definition: Definition, object: KubeObject, like?: KubeObject): KubeObject {
  // the revision has its place among the fields before it is known
  const metadata = { ...object.metadata, resourceVersion: UNKNOWN };
  const result = normalize(objectType(definition), { ...object, metadata }, like);
  result.kind = definition.kind;
  result.apiVersion = apiVersionOf(definition);
  result.metadata.resourceVersion = undefined;
  return result;
}

/** The JSON text that storage holds. */
export function encode(object: KubeObject): Buffer {
  return Buffer.from(writeJson(object));
}
