import type { Context, DeleteOptions } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../api/meta/metadata.js';
import type { KubeObject } from '../api/meta/object.js';
import { timestamp } from '../util/clock.js';
import { equal } from '../util/equal.js';

const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/** What a DELETE means for the present state of an object. */
export type Deletion =
  /** Nothing holds it: it goes now; `last`: the state that watchers see before it goes. */
  | { readonly action: 'remove'; readonly last?: KubeObject }
  /** It stays, marked as `object` says. */
  | { readonly action: 'mark'; readonly object: KubeObject }
  /** Its deletion is under way already and this request changes nothing. */
  | { readonly action: 'none' };

/**
 * Decides how an object is deleted: at once, after a grace period, or when its finalizers are gone. The rules are those of
 * k8s.io/apiserver's rest.BeforeDelete and registry.Store.Delete.
 * @throws ApiError Conflict when a precondition does not hold
 */
export function planDeletion(definition: Definition, current: KubeObject, options: DeleteOptions, context: Context): Deletion {
  // upstream's own Delete of a kind is not asked for what is deleted as a collection
  if (context.verb !== 'deletecollection') definition.checkDelete?.(current);
  checkPreconditions(definition, current, options);
  const now = context.services.clock.now();
  // only metadata changes here
  const object = { ...current, metadata: { ...current.metadata } };
  const grace = applyGracePeriod(definition, object, options, now);
  if (grace === 'pending') return { action: 'none' };
  const finalizers = finalizersFor(definition, object, options);
  const changed = !equal(finalizers, object.metadata.finalizers ?? []);
  if (changed) object.metadata.finalizers = finalizers.length ? finalizers : undefined;
  const held = (definition.finalizers?.(object) ?? finalizers).length > 0;
  if (grace === 'immediate') {
    if (!held) return { action: 'remove' };
    if (object.metadata.deletionTimestamp === undefined) {
      bumpGeneration(object);
      object.metadata.deletionTimestamp = timestamp(now);
      object.metadata.deletionGracePeriodSeconds = 0;
      definition.markDeleting?.(object);
    } else object.metadata.deletionGracePeriodSeconds &&= 0;
    return { action: 'mark', object };
  }
  return !held && object.metadata.deletionGracePeriodSeconds === 0 ? { action: 'remove', last: object } : { action: 'mark', object };
}

/** Whether an update leaves nothing that holds a deleted object back, so that it must go now. */
export function releasedBy(definition: Definition, next: KubeObject, old: KubeObject): boolean {
  const held = (definition.finalizers?.(next) ?? next.metadata.finalizers ?? []).length > 0;
  return !held && old.metadata.deletionTimestamp !== undefined && (old.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function checkPreconditions(definition: Definition, object: KubeObject, { preconditions }: DeleteOptions): void {
  const { name, uid, resourceVersion } = object.metadata;
  if (definition.markDeleting) {
    // kinds that mark their deletion themselves have a Delete of their own upstream, which says it in other words
    for (const [what, wanted, present] of [
      ['UID', preconditions?.uid, uid],
      ['ResourceVersion', preconditions?.resourceVersion, resourceVersion],
    ] as const)
      if (wanted !== undefined && wanted !== present)
        throw errors.conflict(
          definition,
          name,
          `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${present}`,
        );
    return;
  }
  // upstream names the kind here, where every other message names the resource
  const named = { group: definition.storedAs.group, resource: definition.kind };
  if (preconditions?.uid !== undefined && preconditions.uid !== uid)
    throw errors.conflict(
      named,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
    throw errors.conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
}

/** The time `seconds` after `from`, or the last one that can be written (RFC 3339 has years of four digits). */
function later(from: number, seconds: number): string {
  return timestamp(Math.min(from + Number(seconds) * 1000, LAST_TIME));
}

function applyGracePeriod(
  definition: Definition,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): 'graceful' | 'pending' | 'immediate' {
  if (!definition.gracePeriod) return 'immediate';
  const m = object.metadata;
  if (m.deletionTimestamp !== undefined) {
    const present = m.deletionGracePeriodSeconds;
    if (present === undefined) return 'immediate';
    const asked = options.gracePeriodSeconds;
    // a deletion under way may only be shortened
    if (asked === undefined || asked >= present) return 'pending';
    const end = Date.parse(m.deletionTimestamp);
    // the last time tells nothing about when the period began
    m.deletionTimestamp = end >= LAST_TIME ? later(now, asked) : later(end, Number(asked) - Number(present));
    m.deletionGracePeriodSeconds = asked;
    return 'graceful';
  }
  const seconds = definition.gracePeriod(object, options);
  if (seconds === undefined) return 'immediate';
  m.deletionTimestamp = later(now, seconds);
  m.deletionGracePeriodSeconds = seconds;
  bumpGeneration(object);
  definition.markDeleting?.(object);
  return 'graceful';
}

function bumpGeneration(object: KubeObject): void {
  if (object.metadata.generation) object.metadata.generation += 1;
}

function finalizersFor(definition: Definition, object: KubeObject, options: DeleteOptions): string[] {
  const present = object.metadata.finalizers ?? [];
  if (definition.defaultPropagation === 'Unsupported') return [...present];
  const rest = present.filter((f) => f !== ORPHAN_FINALIZER && f !== FOREGROUND_FINALIZER);
  switch (propagationOf(definition, present, options)) {
    case 'Orphan':
      return [...rest, ORPHAN_FINALIZER];
    case 'Foreground':
      return [...rest, FOREGROUND_FINALIZER];
    default:
      return rest;
  }
}

/** An explicit option wins over finalizers on the object, these over the kind's default. */
function propagationOf(definition: Definition, finalizers: readonly string[], options: DeleteOptions): string {
  if (options.orphanDependents !== undefined)
    return options.orphanDependents ? 'Orphan' : definition.dependentsFirst ? 'Foreground' : 'Background';
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (finalizers.includes(ORPHAN_FINALIZER)) return 'Orphan';
  if (finalizers.includes(FOREGROUND_FINALIZER)) return 'Foreground';
  return definition.defaultPropagation ?? 'Background';
}
