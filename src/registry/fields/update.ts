import type { KubeObject } from '../../api/meta/object.js';
import { emptyOf } from '../../api/schema/decode.js';
import type { Type } from '../../api/schema/types.js';
import {
  addToManager,
  capUpdaters,
  changeSets,
  dropForeign,
  isReset,
  type ManagerId,
  type Managers,
  readManagers,
  writeManagers,
} from './managers.js';
import { UNOWNED } from './reset.js';
import { difference, type FieldSet, intersection, isEmptySet, recursiveDifference } from './set.js';
import { ItemError, shapeOf } from './shape.js';
import { validateTyped } from './validate.js';
import { changedFields, compare, type Comparison } from './walk.js';

/** An object in another version of its kind. */
export interface OtherVersion {
  readonly type: Type;
  readonly reset: FieldSet;
  show(object: KubeObject): KubeObject;
}

/** Finds a version of a kind that is served beside its own. @returns undefined when there is none */
export type Versions = (apiVersion: string) => OtherVersion | undefined;

/** A write, and by whom. */
export interface TrackOptions {
  readonly type: Type;
  /** The object as it will be; its metadata.managedFields are set. */
  readonly object: KubeObject;
  /** The present object; undefined for a new one. */
  readonly live: KubeObject | undefined;
  /** "" means unknown. */
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  /** What the write cannot change (`resetFields`). */
  readonly reset: FieldSet;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Absent: managers of all versions of the group own the same fields. */
  readonly versions?: Versions;
  /** Objects of the kind may be of wrong types: nothing but validation looks at them. */
  readonly mayMisfit?: boolean;
}

/**
 * Sets `object.metadata.managedFields` for a create, update or patch: what has changed now belongs to `manager`. Objects
 * whose present state nobody owns are left alone, as upstream.
 */
export function trackUpdate(options: TrackOptions): void {
  const { type, object, live, apiVersion, subresource, reset, now, versions, mayMisfit } = options;
  const { metadata } = object;
  const managers = startingManagers(object, live, subresource !== '');
  metadata.managedFields = undefined;
  if (managers.size === 0 && live) return;
  // as upstream: what is wrong takes the write its owners, not the client its write
  if (mayMisfit && [object, live].some((o) => validateTyped(type, o) !== undefined)) return;
  dropForeign(managers, apiVersion);
  const id: ManagerId = { manager: options.manager || 'unknown', operation: 'Update', apiVersion, subresource };
  try {
    updateManagers({ type, managers, live, object, id, now, reset, ...(versions && { versions }) });
  } catch (e) {
    // as upstream: an item without its key takes all owners from the object, not the write from its client
    if (!(e instanceof ItemError)) throw e;
    return;
  }
  capUpdaters(managers);
  metadata.managedFields = writeManagers(managers);
}

/** A client may set managedFields itself; who does not know them leaves them as they are. */
function startingManagers(object: KubeObject, live: KubeObject | undefined, subresource: boolean): Managers {
  const present = (): Managers => readManagers(live?.metadata.managedFields) ?? new Map();
  const given = object.metadata.managedFields;
  if (subresource) return present();
  if (isReset(given)) return new Map();
  if (given === live?.metadata.managedFields) return present();
  const managers = readManagers(given);
  return managers && managers.size > 0 ? managers : present();
}

/** A change whose fields find a new owner. */
export interface UpdateInput {
  readonly type: Type;
  /** Changed. */
  readonly managers: Managers;
  readonly live: KubeObject | undefined;
  readonly object: KubeObject;
  readonly id: ManagerId;
  readonly now: number;
  readonly reset: FieldSet;
  readonly versions?: Versions | undefined;
}

/** The fields that a write gives other values, and those it takes away. */
export interface Changes {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Takes from every manager what has changed or gone, as its version has it, and gives it to `id`. */
export function updateManagers(input: UpdateInput): void {
  const { managers, id, now } = input;
  const { own, of } = changesByVersion(input);
  changeSets(managers, (set, key) => without(set, of(managers.get(key))));
  if (!isEmptySet(own.changed)) addToManager(managers, id, own.changed, now);
}

/** What a write changes, as every manager's version has it; managers of versions that are gone go too. */
export function changesByVersion(input: Pick<UpdateInput, 'type' | 'managers' | 'live' | 'object' | 'id' | 'reset' | 'versions'>): {
  readonly own: Changes;
  readonly of: (manager: ManagerId | undefined) => Changes;
} {
  const { type, managers, live, object, id, reset, versions } = input;
  const own = changesOf(type, live, object, reset);
  const byVersion = new Map([[id.apiVersion, own]]);
  for (const [key, { apiVersion }] of managers) {
    if (byVersion.has(apiVersion)) continue;
    const version = versions?.(apiVersion);
    // what nobody can read any more belongs to nobody
    if (versions && !version) managers.delete(key);
    else
      byVersion.set(apiVersion, version ? changesOf(version.type, live && version.show(live), version.show(object), version.reset) : own);
  }
  return { own, of: (manager) => (manager && byVersion.get(manager.apiVersion)) ?? own };
}

function changesOf(type: Type, live: KubeObject | undefined, object: KubeObject, reset: FieldSet): Changes {
  const comparison = compareObjects(type, live, object, reset);
  // nobody owns these, so nobody can lose them
  return { changed: difference(changedFields(comparison), UNOWNED), removed: difference(comparison.removed, UNOWNED) };
}

/** A manager's set after a change by somebody else. */
export function without(set: FieldSet, { changed, removed }: Changes): FieldSet {
  const lost = intersection(set, changed);
  const kept = isEmptySet(lost) ? set : difference(set, lost);
  return isEmptySet(removed) ? kept : difference(kept, removed);
}

/** What a write changes, without what it resets. */
function compareObjects(type: Type, live: KubeObject | undefined, object: KubeObject, reset: FieldSet): Comparison {
  const { added, modified, removed } = compare(shapeOf(type), live ?? emptyOf(type), object);
  if (isEmptySet(reset)) return { added, modified, removed };
  return {
    added: recursiveDifference(added, reset),
    modified: recursiveDifference(modified, reset),
    removed: recursiveDifference(removed, reset),
  };
}
