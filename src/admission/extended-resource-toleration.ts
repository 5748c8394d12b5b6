// Pods that ask for extended resources tolerate the taints by which nodes are kept for such pods.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#extendedresourcetoleration
import { isExtendedResource } from '../api/shared/resource-names.js';
import type { Toleration } from '../api/types/core-v1.gen.js';
import { isCore, podOf, type Step } from './step.js';

export const extendedResourceToleration: Step = {
  name: 'ExtendedResourceToleration',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
  mutate(attributes) {
    const { spec } = podOf(attributes);
    const asked = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) => Object.keys(resources?.requests ?? {}));
    for (const key of [...new Set(asked)].filter(isExtendedResource).sort()) {
      const toleration: Toleration = { key, operator: 'Exists', effect: 'NoSchedule' };
      const isSame = (t: Toleration) => t.key === key && t.operator === 'Exists' && t.effect === 'NoSchedule' && !t.value;
      if (spec.tolerations?.some(isSame)) spec.tolerations = spec.tolerations.map((t) => (isSame(t) ? toleration : t));
      else (spec.tolerations ??= []).push(toleration);
    }
  },
};
