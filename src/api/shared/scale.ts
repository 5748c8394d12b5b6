// The scale subresource of workloads (autoscaling/v1 Scale): how many replicas are wanted, how many there are.
import type { Subresource, Table } from '../definition.js';
import { conflict, invalid } from '../meta/errors.js';
import { at } from '../meta/field-errors.js';
import { validateNonNegative, validateObjectMeta } from '../meta/metadata.js';
import type { KubeObject } from '../meta/object.js';
import type { Scale } from '../types/autoscaling-v1.gen.js';
import { age } from './format.js';

interface Scalable extends KubeObject {
  spec: { replicas?: number | undefined };
  status?: { replicas?: number | undefined };
}

/** A Scale as a row. */
export const SCALE_TABLE: Table = {
  columns: [
    { name: 'Name', type: 'string', format: '', priority: 0 },
    { name: 'Desired', type: 'integer', format: '', priority: 0 },
    { name: 'Available', type: 'integer', format: '', priority: 0 },
    { name: 'Age', type: 'string', format: '', priority: 0 },
  ],
  row: (object, { now }) => {
    const { metadata, spec, status } = object as Scale;
    return [metadata.name, spec.replicas ?? 0, status.replicas, age({ metadata }, now)];
  },
};

/** Where an object says how many replicas it wants and has. Each throws ApiError where what stands there is of the wrong type. */
export interface Replicas<T extends KubeObject> {
  wanted(object: T): number;
  want(object: T, replicas: number): void;
  present(object: T): number;
  /** The text of the selector of its pods. */
  selector(object: T): string;
}

/**
 * @param resource names the workload in errors
 * @param selector the text of its pod selector
 */
export function scaleSubresource<T extends Scalable>(
  resource: { group: string; resource: string },
  selector: (object: T) => string,
): Partial<Subresource<T>> {
  return scaleView<T>(resource, {
    wanted: ({ spec }) => spec.replicas ?? 0,
    want: ({ spec }, replicas) => void (spec.replicas = replicas),
    present: ({ status }) => status?.replicas ?? 0,
    selector,
  });
}

/** The view of an object that may keep its numbers anywhere. @param resource names it in errors */
export function scaleView<T extends KubeObject>(
  resource: { readonly group: string; readonly resource: string },
  replicas: Replicas<T>,
  path = 'spec.replicas',
): Partial<Subresource<T>> {
  return {
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      const wanted = replicas.wanted(object);
      const scale: Scale = {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
        spec: wanted ? { replicas: wanted } : {},
        status: { replicas: replicas.present(object), selector: replicas.selector(object) || undefined },
      };
      return scale;
    },
    shows: path,
    table: SCALE_TABLE,
    write(object, input) {
      const scale = input as Scale;
      const wanted = scale.spec?.replicas ?? 0;
      // who manages what has been settled before the view is looked at
      const metadata = { ...scale.metadata, managedFields: undefined };
      const wrong = [...validateObjectMeta(metadata, { namespaced: true }), ...validateNonNegative(wanted, at('spec', 'replicas'))];
      if (wrong.length) throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, wrong);
      checkUid(resource, object, scale);
      replicas.want(object, wanted);
      object.metadata.resourceVersion = scale.metadata.resourceVersion;
    },
  };
}

/** @throws ApiError Conflict when a Scale is about another object of the name */
export function checkUid(resource: { readonly group: string; readonly resource: string }, object: KubeObject, scale: Scale): void {
  const { uid } = scale.metadata;
  if (!uid || uid === object.metadata.uid) return;
  const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
  throw conflict({ group: resource.group, resource: `${resource.resource}/scale` }, object.metadata.name, cause);
}
