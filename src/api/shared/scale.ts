// The scale subresource of workloads (autoscaling/v1 Scale): how many replicas are wanted, how many there are.
import type { Subresource } from '../definition.js';
import { conflict, invalid } from '../meta/errors.js';
import { at } from '../meta/field-errors.js';
import { validateNonNegative, validateObjectMeta } from '../meta/metadata.js';
import type { KubeObject } from '../meta/object.js';
import type { Scale } from '../types/autoscaling-v1.gen.js';

interface Scalable extends KubeObject {
  spec: { replicas?: number | undefined };
  status?: { replicas?: number | undefined };
}

/**
 * @param resource names the workload in errors
 * @param selector the text of its pod selector
 */
export function scaleSubresource<T extends Scalable>(
  resource: { group: string; resource: string },
  selector: (object: T) => string,
): Partial<Subresource<T>> {
  return {
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
      const scale: Scale = {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
        spec: object.spec.replicas ? { replicas: object.spec.replicas } : {},
        status: { replicas: object.status?.replicas ?? 0, selector: selector(object) },
      };
      return scale;
    },
    applied: ({ metadata, spec }: Scale) => ({ metadata, ...(spec && { spec }) }),
    write(object, input) {
      const scale = input as Scale;
      const replicas = scale.spec?.replicas ?? 0;
      const wrong = [...validateObjectMeta(scale.metadata, { namespaced: true }), ...validateNonNegative(replicas, at('spec', 'replicas'))];
      if (wrong.length) throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, wrong);
      const { uid, resourceVersion } = scale.metadata;
      if (uid && uid !== object.metadata.uid) {
        const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
        throw conflict({ group: resource.group, resource: `${resource.resource}/scale` }, object.metadata.name, cause);
      }
      object.spec.replicas = replicas;
      object.metadata.resourceVersion = resourceVersion;
    },
  };
}
