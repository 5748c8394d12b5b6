import { MAX_NODE_SCORE, type Plugin } from '../framework.js';
import type { NodeInfo } from '../node-info.js';
import { type Amounts, requestedAmounts } from '../resources.js';

const RESOURCES = ['cpu', 'memory'] as const;

/** Prefers nodes whose shares of cpu and memory in use come closer together with the pod than without it. */
export const nodeResourcesBalancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  events: [],
  weight: 1,
  score(pod) {
    const requests = requestedAmounts(pod);
    if (RESOURCES.every((name) => !requests.get(name))) return undefined;
    const none: Amounts = new Map();
    return {
      score: (node) => {
        const gain = balance(node, requests) - balance(node, none);
        return MAX_NODE_SCORE / 2 + Math.trunc((MAX_NODE_SCORE / 2 + gain) / 2);
      },
    };
  },
};

function balance(node: NodeInfo, requests: Amounts): number {
  const shares: number[] = [];
  for (const name of RESOURCES) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (capacity > 0) shares.push(Math.min(1, ((node.requested.get(name) ?? 0) + (requests.get(name) ?? 0)) / capacity));
  }
  const [a, b] = shares;
  const deviation = a === undefined || b === undefined ? 0 : Math.abs(a - b) / 2;
  return Math.trunc((1 - deviation) * MAX_NODE_SCORE);
}
