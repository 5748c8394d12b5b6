import { type Plugin, unresolvable } from '../framework.js';

/** A pod that names its node fits only there. Such pods reach the scheduler only when they are to be checked. */
export const nodeName: Plugin = {
  name: 'NodeName',
  events: ['node-added'],
  filter(pod) {
    const wanted = pod.spec.nodeName;
    if (!wanted) return undefined;
    return { judge: (node) => (node.name === wanted ? undefined : unresolvable("node(s) didn't match the requested node name")) };
  },
};
