// metadata.managedFields, read into sets by manager and written back. As apimachinery's util/managedfields.
import type { ManagedFieldsEntry } from '../../api/types/meta-v1.gen.js';
import { timestamp } from '../../util/clock.js';
import { compareText } from '../../util/order.js';
import { type FieldSet, isEmptySet, parseSet, union } from './set.js';

/** What tells managers apart. */
export interface ManagerId {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

/** A manager and what it owns: an entry of managedFields. */
export interface Manager extends ManagerId {
  readonly set: FieldSet;
  /** As in the entry; absent for an apply that changed nothing. */
  readonly time: string | undefined;
}

/** Managers by what tells them apart; an applier is the same in every version. */
export type Managers = Map<string, Manager>;

/** More updaters than this are put together as `ancient-changes`. */
const MAX_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** The key of a manager among those of an object: one that applies is the same in every version. */
export function keyOf({ manager, operation, apiVersion, subresource }: ManagerId): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** Entries that upstream cannot read make the whole unreadable. @returns undefined then */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | undefined {
  const managers: Managers = new Map();
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion, subresource = '', fieldsType } = entry;
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined;
    const id: ManagerId = { manager, operation, apiVersion, subresource };
    managers.set(keyOf(id), { ...id, set: parsedSet(entry), time: entry.time });
  }
  return managers;
}

/** What entries say, by the object that says it: those of stored objects never change. */
const parsed = new WeakMap<object, FieldSet>();

function parsedSet(entry: ManagedFieldsEntry): FieldSet {
  const fields = entry.fieldsV1;
  if (!fields) return parseSet(fields);
  let set = parsed.get(fields);
  if (!set) {
    set = parseSet(fields);
    parsed.set(fields, set);
  }
  return set;
}

/** An empty list, or one empty entry, asks to forget all managers. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (!entries) return false;
  const [first] = entries;
  return first === undefined || (entries.length === 1 && Object.values(first).every((value) => value === undefined || value === ''));
}

/** Entries in upstream's order; undefined when there are none. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  return [...managers.values()].sort(compareManagers).map(writeManager);
}

function writeManager({ manager, operation, apiVersion, subresource, set, time }: Manager): ManagedFieldsEntry {
  const entry = {} as ManagedFieldsEntry;
  if (manager !== '') entry.manager = manager;
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time !== undefined) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = set as Record<string, unknown>;
  if (subresource !== '') entry.subresource = subresource;
  return entry;
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** Adds what a manager has changed to what it owns already. */
export function addToManager(managers: Managers, id: ManagerId, set: FieldSet, now: number): void {
  const key = keyOf(id);
  const present = managers.get(key);
  managers.set(key, { ...id, set: present ? union(set, present.set) : set, time: timestamp(now) });
}

/** Changes every set; managers that are left with nothing go. */
export function changeSets(managers: Managers, change: (set: FieldSet, key: string) => FieldSet): void {
  for (const [key, manager] of managers) {
    const set = change(manager.set, key);
    if (isEmptySet(set)) managers.delete(key);
    else if (set !== manager.set) managers.set(key, { ...manager, set });
  }
}

/** Puts the oldest updaters of a version together while there are too many. */
export function capUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, m]) => m.operation === 'Update');
  let count = updaters.length;
  if (count <= MAX_UPDATERS) return;
  updaters.sort(([a, x], [b, y]) => compareText(x.time ?? '', y.time ?? '') || compareText(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [key, { apiVersion, set, time }] of updaters) {
    if (count <= MAX_UPDATERS) return;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, key);
      continue;
    }
    const id: ManagerId = { manager: ANCIENT, operation: 'Update', apiVersion, subresource: '' };
    const bucket = keyOf(id);
    const before = managers.get(bucket) ?? managers.get(first);
    if (!managers.has(bucket)) managers.delete(first);
    managers.delete(key);
    managers.set(bucket, { ...id, set: union(set, before?.set ?? {}), time });
    count--;
  }
}

/** Forgets managers that wrote the object through another group: what they own cannot be told in this one's versions. */
export function dropForeign(managers: Managers, apiVersion: string): void {
  const group = groupOf(apiVersion);
  for (const [key, manager] of managers) if (groupOf(manager.apiVersion) !== group) managers.delete(key);
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
