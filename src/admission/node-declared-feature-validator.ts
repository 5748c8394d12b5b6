// What a pod on a node comes to need by a change, the node must say that it can (KEP-5328).
import { semanticEqual } from '../api/meta/metadata.js';
import { goQuote } from '../api/meta/quote.js';
import { isSidecar } from '../api/shared/pod/resources.js';
import type { Pod, PodSpec } from '../api/types/core-v1.gen.js';
import { changesBoundPod, nodeOf } from './bound-pod.js';
import { forbidden, podOf, type Step } from './step.js';

/** Features of nodes, in the order of their names, and the changes that need them. */
const FEATURES: readonly { readonly name: string; readonly isNeeded: (next: PodSpec, old: PodSpec) => boolean }[] = [
  {
    name: 'InPlacePodLevelResourcesVerticalScaling',
    isNeeded: (next, old) => !semanticEqual(next.resources, old.resources),
  },
  {
    name: 'InPlacePodVerticalScalingInitContainers',
    isNeeded: ({ initContainers: next = [] }, { initContainers: old = [] }) =>
      old.some((container, i) => !isSidecar(container) && !semanticEqual(container.resources, next[i]?.resources)),
  },
];

export const nodeDeclaredFeatureValidator: Step = {
  name: 'NodeDeclaredFeatureValidator',
  onByDefault: true,
  handles: (attributes) => ['', 'resize'].includes(attributes.subresource) && changesBoundPod(attributes),
  validate(attributes) {
    const { spec } = podOf(attributes);
    const { spec: old } = attributes.old as Pod;
    const needed = FEATURES.filter(({ isNeeded }) => isNeeded(spec, old)).map(({ name }) => name);
    if (needed.length === 0) return;
    const node = nodeOf(attributes);
    const missing = needed.filter((name) => !node.status?.declaredFeatures?.includes(name));
    if (missing.length > 0)
      throw forbidden(
        attributes,
        `pod update requires features ${missing.join(', ')} which are not available on node ${goQuote(node.metadata.name)}`,
      );
  },
};
