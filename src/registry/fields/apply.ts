import { ApiError, badRequest } from '../../api/meta/errors.js';
import type { KubeObject } from '../../api/meta/object.js';
import { decode, DecodeError, emptyOf } from '../../api/schema/decode.js';
import type { StructType } from '../../api/schema/types.js';
import { timestamp } from '../../util/clock.js';
import { isObject } from '../../util/json.js';
import { copy, equal } from '../../util/equal.js';
import { type Conflict, conflictError, conflictsOf, withoutAllowed } from './conflicts.js';
import { allowedByLastApplied, syncLastApplied } from './last-applied.js';
import { changeSets, dropForeign, keyOf, type ManagerId, type Managers, readManagers, writeManagers } from './managers.js';
import { merge } from './merge.js';
import { prune } from './prune.js';
import { UNOWNED } from './reset.js';
import { difference, type FieldSet, intersection, isEmptySet, recursiveDifference } from './set.js';
import { ItemError, type Shape, shapeOf } from './shape.js';
import { changesByVersion, updateManagers, type Versions, without } from './update.js';
import { validateApplied, validateTyped } from './validate.js';
import { fieldsOf } from './walk.js';

/** A configuration, by whom, and what it is applied to. */
export interface ApplyOptions {
  /** Which parts have owners of their own. */
  readonly type: StructType;
  /** How the object that was made is read; default: by `type`. */
  readonly read?: StructType;
  /** The present object (may be frozen); undefined: it will be created. */
  readonly live: KubeObject | undefined;
  /** The configuration as it was sent: not decoded, not defaulted, its metadata not completed. */
  readonly applied: KubeObject;
  /** ?fieldManager */
  readonly manager: string;
  readonly force: boolean;
  readonly apiVersion: string;
  readonly kind: string;
  readonly subresource: string;
  /** What the write cannot change (`resetFields`). */
  readonly reset: FieldSet;
  /** The kind's defaults; called for what the configuration made. */
  readonly defaults: (object: KubeObject) => void;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** As in TrackOptions. */
  readonly versions?: Versions | undefined;
  /** As in TrackOptions. */
  readonly mayMisfit?: boolean;
}

/** The manager that stands for everything a client set before the first apply. */
const BEFORE_FIRST_APPLY = 'before-first-apply';
/** Only kubectl's own apply takes over from its client-side one. */
const KUBECTL = 'kubectl';
/** `?` stands for the object. */
const LIVE_MISFITS = 'failed to create typed live object (?)';
const FIRST_MISFITS = 'failed to create manager for existing fields: failed to convert new object (?) to smd typed';

/**
 * Server-side apply (KEP-555). Fields that the manager applied before and does not any more are removed unless somebody
 * else owns them.
 * @returns `live` itself when nothing changes, not even who owns what; else a new object, decoded and defaulted, with its managedFields
 * @throws ApiError Conflict (somebody else owns a field with another value), BadRequest (of another kind, with managedFields), 500 (does not fit the type)
 */
export function applyObject(options: ApplyOptions): KubeObject {
  const { type, live } = options;
  checkApplied(options);
  const shape = shapeOf(type);
  const before = (live ?? emptyOf(type)) as KubeObject;
  if (options.mayMisfit && live) checkLive(type, live);
  const managers = startingManagers(options);
  const outcome = typed(before, type, LIVE_MISFITS, () => applyOnce(options, shape, before, managers));
  // the managers as they were: an apply that changes nothing keeps their times
  if (outcome.merged === before) return live ? unchanged(live, managers) : finish(options, before, managers);
  const id = managerId(options);
  const manager = managers.get(keyOf(id));
  if (manager) managers.set(keyOf(id), { ...manager, time: timestamp(options.now) });
  return finish(options, outcome.merged, managers);
}

function managerId({ manager, apiVersion, subresource }: ApplyOptions): ManagerId {
  return { manager: manager || 'unknown', operation: 'Apply', apiVersion, subresource };
}

function checkApplied({ type, applied, apiVersion, kind }: ApplyOptions): void {
  if (applied.apiVersion !== apiVersion || applied.kind !== kind) throw badRequest(`invalid object type: ${gvk(applied)}`);
  if (namesManagers(applied.metadata?.managedFields)) throw badRequest('metadata.managedFields must be nil');
  const wrong = validateApplied(type, applied);
  if (wrong !== undefined)
    throw new ApiError({ code: 500, message: `failed to create typed patch object (${describe(applied)}): ${wrong}` });
}

/** What upstream does not find to be a list of entries is as good as absent here. */
function namesManagers(entries: unknown): boolean {
  return Array.isArray(entries) && entries.every((e: unknown) => isObject(e));
}

/** `/v1, Kind=Pod`: how Go prints a kind. What is no text counts as absent. */
function gvk(object: { readonly apiVersion?: unknown; readonly kind?: unknown }): string {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : '';
  const kind = typeof object.kind === 'string' ? object.kind : '';
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function describe(applied: KubeObject): string {
  const { namespace, name } = (applied.metadata ?? {}) as { namespace?: unknown; name?: unknown };
  return `${typeof namespace === 'string' ? namespace : ''}/${typeof name === 'string' ? name : ''}; ${gvk(applied)}`;
}

/** @throws ApiError 500 when the present object is of wrong types */
function checkLive(type: StructType, live: KubeObject): void {
  const wrong = validateTyped(type, live);
  if (wrong === undefined) return;
  const problem = live.metadata.managedFields?.length ? LIVE_MISFITS : FIRST_MISFITS;
  throw new ApiError({ code: 500, message: `${problem.replace('?', describe(live))}: ${wrong}` });
}

/** What is stored may be no typed value, with items that lack their key: such an object cannot be applied to. @throws ApiError */
function typed<T>(live: KubeObject, type: StructType, problem: string, act: () => T): T {
  try {
    return act();
  } catch (e) {
    if (!(e instanceof ItemError)) throw e;
    const message = `${problem.replace('?', describe(live))}: ${validateTyped(type, live) ?? e.message}`;
    throw new ApiError({ code: 500, message }, { cause: e });
  }
}

/** Where nobody is known to own anything, one updater is taken to have made it all. */
function startingManagers(options: ApplyOptions): Managers {
  const { type, live, apiVersion, subresource, reset, now } = options;
  const managers = readManagers(live?.metadata.managedFields);
  if (!managers) throw new ApiError({ code: 500, message: 'failed to decode managed fields: operation must be `Apply` or `Update`' });
  const known = managers.size > 0;
  dropForeign(managers, apiVersion);
  if (known || !live) return managers;
  const id: ManagerId = { manager: BEFORE_FIRST_APPLY, operation: 'Update', apiVersion, subresource };
  typed(live, type, FIRST_MISFITS, () => updateManagers({ type, managers, live: undefined, object: live, id, now, reset }));
  return managers;
}

interface Outcome {
  /** `before` itself when the configuration changes nothing. */
  readonly merged: KubeObject;
}

/** Merges, prunes, and divides the fields anew among the managers. @throws ApiError Conflict */
function applyOnce(options: ApplyOptions, shape: Shape, before: KubeObject, managers: Managers): Outcome {
  const { applied, type, reset } = options;
  const id = managerId(options);
  const key = keyOf(id);
  const previous = managers.get(key);
  const set = recursiveDifference(fieldsOf(shape, applied), reset);
  managers.set(key, { ...id, set, time: previous?.time });
  let merged = merge(shape, before, applied);
  // what was applied in another version stays, as upstream has it
  if (previous?.apiVersion === id.apiVersion)
    merged = prune(
      shape,
      merged,
      previous.set,
      [...managers.values()].map((m) => m.set),
      set,
    );
  const changes = changesByVersion({ type, managers, live: before, object: merged as KubeObject, id, reset, versions: options.versions });
  const conflicts = [...managers].flatMap(([owner, manager]) =>
    owner === key ? [] : conflictsOf(manager, intersection(manager.set, changes.of(manager).changed)),
  );
  if (!options.force && conflicts.length > 0) refuseConflicts(options, shape, conflicts);
  changeSets(managers, (owned, owner) => (owner === key ? owned : without(owned, changes.of(managers.get(owner)))));
  giveToApplier(managers, key);
  return { merged: equal(before, merged) ? before : (merged as KubeObject) };
}

function giveToApplier(managers: Managers, key: string): void {
  const applier = managers.get(key);
  if (!applier) return;
  const owned = difference(applier.set, UNOWNED);
  if (isEmptySet(owned)) managers.delete(key);
  else managers.set(key, { ...applier, set: owned });
}

/** @throws ApiError Conflict, unless the fields are kubectl's own from client-side apply */
function refuseConflicts({ manager, live, type, apiVersion }: ApplyOptions, shape: Shape, conflicts: readonly Conflict[]): void {
  const allowed = manager === KUBECTL && live ? allowedByLastApplied(type, shape, live, apiVersion) : undefined;
  const left = allowed ? withoutAllowed(conflicts, allowed) : conflicts;
  if (left.length > 0) throw conflictError(left);
}

/** @throws ApiError 500 when what was made cannot be read */
function readMerged({ type, read = type, applied, mayMisfit }: ApplyOptions, merged: KubeObject): KubeObject {
  const options = mayMisfit ? { keepNulls: true } : ({ wording: 'converter' } as const);
  const readAs = (value: unknown): KubeObject => decode<KubeObject>(read, value, options).object;
  try {
    return readAs(merged);
  } catch (e) {
    if (!(e instanceof DecodeError)) throw e;
    if (mayMisfit) return readAs({ ...merged, metadata: readable(merged.metadata, (metadata) => readAs({ metadata })) });
    const message = `failed to convert new object (${describe(applied)}) to proper version: unable to convert unstructured object to ${gvk(applied)}: ${e.message}`;
    throw new ApiError({ code: 500, message });
  }
}

/** Upstream reads the metadata of what has no types field by field, and takes what it cannot read for absent. */
function readable(metadata: object, read: (field: object) => unknown): object {
  const isReadable = ([name, value]: [string, unknown]): boolean => {
    try {
      read({ [name]: value });
      return true;
    } catch (e) {
      if (e instanceof DecodeError) return false;
      throw e;
    }
  };
  return Object.fromEntries(Object.entries(metadata).filter(isReadable));
}

function unchanged(live: KubeObject, managers: Managers): KubeObject {
  const managedFields = writeManagers(managers);
  if (equal(managedFields, live.metadata.managedFields)) return live;
  const object = copy(live);
  object.metadata.managedFields = managedFields;
  return object;
}

function finish(options: ApplyOptions, merged: KubeObject, managers: Managers): KubeObject {
  const { applied, manager, defaults } = options;
  const object = readMerged(options, merged);
  object.apiVersion = options.apiVersion;
  object.kind = options.kind;
  defaults(object);
  if (manager === KUBECTL) syncLastApplied(object, applied);
  object.metadata.managedFields = writeManagers(managers);
  return object;
}
