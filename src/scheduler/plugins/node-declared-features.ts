import type { Pod } from '../../api/types/core-v1.gen.js';
import { type Plugin, unresolvable } from '../framework.js';

/** What a pod may ask of a node that not every node does (KEP-5328). */
const FEATURES: readonly { readonly name: string; readonly isNeeded: (pod: Pod) => boolean }[] = [
  {
    name: 'RestartAllContainersOnContainerExits',
    isNeeded: ({ spec }) =>
      [...spec.containers, ...(spec.initContainers ?? [])].some((container) =>
        container.restartPolicyRules?.some((rule) => rule.action === 'RestartAllContainers'),
      ),
  },
];

/** A pod goes where its node says that it can do what the pod needs. */
export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  events: ['node-added', 'node-features-changed'],
  filter(pod) {
    const needed = FEATURES.filter(({ isNeeded }) => isNeeded(pod)).map(({ name }) => name);
    if (needed.length === 0) return undefined;
    return {
      judge({ node }) {
        const declared = node.status?.declaredFeatures ?? [];
        return needed.every((name) => declared.includes(name)) ? undefined : unresolvable("node(s) didn't match Pod's required features");
      },
    };
  },
};
