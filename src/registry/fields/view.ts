// Managers of an object that is written through a view of it: a Scale shows the replicas of a workload in a place of its own.
// As apimachinery's managedfields.ScaleHandler, with what it loses on the way.
import type { KubeObject } from '../../api/meta/object.js';
import type { StructType } from '../../api/schema/types.js';
import type { ManagedFieldsEntry } from '../../api/types/meta-v1.gen.js';
import { type ApplyOptions, applyObject } from './apply.js';
import { type Manager, type Managers, readManagers, writeManagers } from './managers.js';
import { difference, EMPTY, type FieldSet, intersection, isEmptySet } from './set.js';
import { trackUpdate, type TrackOptions } from './update.js';

/** A view, and what of the object it shows. */
export interface View {
  readonly type: StructType;
  readonly apiVersion: string;
  readonly kind: string;
  /** The field in the view … */
  readonly field: FieldSet;
  /** … and in the object, of this version. */
  readonly parentField: FieldSet;
  readonly parentApiVersion: string;
}

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** The part of `trackUpdate` and `applyObject` that is the same for both kinds. */
type Write = Pick<TrackOptions, 'manager' | 'subresource' | 'now'>;

/** The managers of an object that is written through a view; `before` and `after` are what the view showed and shows. */
export function trackThroughView(
  view: View,
  live: KubeObject,
  before: KubeObject,
  after: KubeObject,
  write: Write,
): ManagedFieldsEntry[] | undefined {
  const entries = toView(view, live.metadata.managedFields);
  before.metadata.managedFields = entries;
  after.metadata.managedFields = entries;
  trackUpdate({ ...write, type: view.type, apiVersion: view.apiVersion, object: after, live: before, reset: EMPTY });
  return toParent(view, live.metadata.managedFields, after.metadata.managedFields);
}

/**
 * Applies a configuration to what a view shows.
 * @returns the view as it will be, and the object's managers
 * @throws ApiError as `applyObject`
 */
export function applyThroughView(
  view: View,
  live: KubeObject,
  before: KubeObject,
  options: Write & Pick<ApplyOptions, 'applied' | 'force'>,
): { after: KubeObject; managedFields: ManagedFieldsEntry[] | undefined } {
  before.metadata.managedFields = toView(view, live.metadata.managedFields);
  const { type, apiVersion, kind } = view;
  const after = applyObject({ ...options, type, apiVersion, kind, live: before, reset: EMPTY, defaults: () => undefined });
  return { after, managedFields: toParent(view, live.metadata.managedFields, after.metadata.managedFields) };
}

function toView({ apiVersion, field, parentField, parentApiVersion }: View, entries: Entries): ManagedFieldsEntry[] | undefined {
  const shown: Managers = new Map();
  for (const [key, manager] of readManagers(entries) ?? [])
    if (manager.apiVersion === parentApiVersion && owns(manager, parentField)) shown.set(key, { ...manager, apiVersion, set: field });
  return writeManagers(shown);
}

function toParent({ field, parentField, parentApiVersion }: View, entries: Entries, shown: Entries): ManagedFieldsEntry[] | undefined {
  const parents = readManagers(entries) ?? new Map<string, Manager>();
  // a manager that updates has another key in each version, so that what it had from before is taken from it and given back
  const views = readManagers(shown) ?? new Map<string, Manager>();
  const result: Managers = new Map();
  for (const [key, manager] of parents) {
    if (manager.apiVersion !== parentApiVersion) continue;
    const kept = owns(manager, parentField) && !views.has(key) ? difference(manager.set, parentField) : manager.set;
    if (!isEmptySet(kept)) result.set(key, { ...manager, set: kept });
    if (owns(manager, parentField)) views.delete(key);
  }
  for (const [key, manager] of views)
    if (owns(manager, field)) result.set(key, { ...manager, apiVersion: parentApiVersion, set: parentField, time: parents.get(key)?.time });
  return writeManagers(result);
}

function owns(manager: Manager, field: FieldSet): boolean {
  return !isEmptySet(intersection(manager.set, field));
}
