import { randomUUID } from 'node:crypto';
import type { Context, Definition } from '../api/definition.js';
import type { KubeObject, ObjectMeta } from '../api/meta/object.js';
import { apiVersionOf } from '../api/meta/object.js';
import { timestamp } from '../util/clock.js';

/** What every new object gets: uid, creationTimestamp; what a client may not set goes. */
export function fillSystemMetadata(object: KubeObject, context: Context): void {
  const m = object.metadata;
  m.uid = randomUUID();
  m.creationTimestamp = timestamp(context.services.clock.now());
  m.deletionTimestamp = undefined;
  m.deletionGracePeriodSeconds = undefined;
  m.selfLink = undefined;
  m.resourceVersion = undefined;
}

/** What an update can never change, as rest.BeforeUpdate restores it. */
export function restoreSystemMetadata(object: KubeObject, old: KubeObject): void {
  const m = object.metadata;
  m.uid ??= old.metadata.uid;
  m.creationTimestamp = old.metadata.creationTimestamp;
  m.generation = old.metadata.generation;
  m.selfLink = undefined;
  if (old.metadata.deletionTimestamp) m.deletionTimestamp = old.metadata.deletionTimestamp;
  m.deletionGracePeriodSeconds ??= old.metadata.deletionGracePeriodSeconds;
}

const ORDER = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies (keyof ObjectMeta)[];

/**
 * The JSON text storage holds: kind, apiVersion and metadata first, the uid early, no resourceVersion (item.ts puts it
 * in). `object` itself gets the same order.
 */
export function encode(definition: Definition, object: KubeObject): Buffer {
  const metadata = {} as ObjectMeta;
  for (const field of ORDER) if (object.metadata[field] !== undefined) (metadata as unknown as Record<string, unknown>)[field] = object.metadata[field];
  object.metadata = metadata;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return Buffer.from(JSON.stringify({ kind: definition.kind, apiVersion: apiVersionOf(definition), ...rest }));
}
