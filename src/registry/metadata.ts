import { randomUUID } from 'node:crypto';
import type { Context, Definition } from '../api/definition.js';
import type { KubeObject, ObjectMeta } from '../api/meta/object.js';
import { apiVersionOf } from '../api/meta/object.js';
import { timestamp } from '../util/clock.js';

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** A generated name is at most this long, so that it is a label value too. */
const MAX_GENERATED = 63;

/** `base` and a random suffix, as apiserver's names.SimpleNameGenerator makes it. */
export function generateName(base: string, random: () => number): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += SUFFIX_ALPHABET[Math.floor(random() * SUFFIX_ALPHABET.length)];
  return base.slice(0, MAX_GENERATED - SUFFIX_LENGTH) + suffix;
}

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
