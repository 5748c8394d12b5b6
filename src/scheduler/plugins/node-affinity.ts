import type { Node, NodeSelector, Pod } from '../../api/types/core-v1.gen.js';
import { normalizeToMax, type Plugin, unresolvable } from '../framework.js';
import { nodeSelector, requiredNode } from '../selectors.js';

/** spec.nodeSelector and spec.affinity.nodeAffinity: required terms filter, preferred terms score. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  events: ['node-added', 'node-labels-changed'],
  weight: 2,
  mayHelp(pod, { current }) {
    return requiredNode(pod)?.(current as Node) ?? true;
  },
  filter(pod) {
    const matches = requiredNode(pod);
    if (!matches) return undefined;
    const nodes = namedNodes(pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
    if (nodes?.size === 0) return { unschedulable: 'pod affinity terms conflict' };
    return {
      judge: ({ node }) => (matches(node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector")),
      ...(nodes && { nodes }),
    };
  },
  score(pod: Pod) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const terms = preferred.map(({ weight, preference }) => ({ weight, matches: nodeSelector({ nodeSelectorTerms: [preference] }) }));
    return {
      score: ({ node }) => terms.reduce((sum, term) => sum + (term.matches(node) ? term.weight : 0), 0),
      normalize: (scores) => normalizeToMax(scores, false),
    };
  },
};

/** The nodes that the terms name by metadata.name, when each of them does (pods of a DaemonSet). */
function namedNodes(required: NodeSelector | undefined): Set<string> | undefined {
  if (!required) return undefined;
  const all = new Set<string>();
  for (const { matchFields = [] } of required.nodeSelectorTerms) {
    const lists = matchFields.filter((f) => f.key === 'metadata.name' && f.operator === 'In').map((f) => f.values ?? []);
    const [first, ...others] = lists;
    if (!first) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) all.add(name);
  }
  return all;
}
