import type { KubeObject } from '../meta/object.js';

/**
 * For kinds whose status cannot bring other metadata along: labels, annotations and the like are as before
 * (metav1.ResetObjectMetaForStatus).
 */
export function keepMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  metadata.labels = old.labels;
  metadata.annotations = old.annotations;
  metadata.finalizers = old.finalizers;
  metadata.ownerReferences = old.ownerReferences;
  metadata.generation = old.generation;
  metadata.deletionTimestamp = old.deletionTimestamp;
}
