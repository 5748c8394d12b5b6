import type { Node, Pod } from '../../api/types/core-v1.gen.js';
import { MAX_NODE_SCORE, type Plugin, type Rejection } from '../framework.js';
import type { NodeInfo } from '../node-info.js';
import { type Amounts, amounts, assumedAmounts, requestedAmounts } from '../resources.js';

/** Requests must fit into what is allocatable and not yet requested; emptier nodes score higher (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  events: ['assigned-pod-deleted', 'assigned-pod-scaled-down', 'node-added', 'node-allocatable-changed'],
  weight: 1,
  mayHelp(pod, { event, current, old }) {
    if (event === 'assigned-pod-deleted' || event === 'assigned-pod-scaled-down') return true;
    const requests = requestedAmounts(pod);
    const after = amounts((current as Node).status?.allocatable);
    for (const [name, wanted] of requests) if (wanted > (after.get(name) ?? 0)) return false;
    if (!old) return true;
    const before = amounts((old as Node).status?.allocatable);
    return ['pods', ...requests.keys()].some((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0));
  },
  filter(pod) {
    const requests = [...requestedAmounts(pod)].filter(([, wanted]) => wanted > 0);
    return { judge: (node) => fit(requests, node) };
  },
  score(pod) {
    const requests = assumedAmounts(pod);
    return { score: (node) => leastAllocated(node.allocatable, node.assumedRequested, requests) };
  },
};

function fit(requests: readonly (readonly [string, number])[], node: NodeInfo): Rejection | undefined {
  const reasons: string[] = [];
  let resolvable = true;
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, wanted] of requests) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (wanted <= capacity - (node.requested.get(name) ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    if (wanted > capacity) resolvable = false;
  }
  return reasons.length === 0 ? undefined : { reasons, resolvable };
}

function leastAllocated(allocatable: Amounts, used: Amounts, requests: Amounts): number {
  let sum = 0;
  let counted = 0;
  for (const name of ['cpu', 'memory']) {
    const capacity = allocatable.get(name) ?? 0;
    if (capacity === 0) continue;
    const requested = (used.get(name) ?? 0) + (requests.get(name) ?? 0);
    sum += requested > capacity ? 0 : Math.floor(((capacity - requested) * MAX_NODE_SCORE) / capacity);
    counted++;
  }
  return counted === 0 ? 0 : Math.floor(sum / counted);
}

/** The pod whose requests this rule would count; exported for the event that a pod was scaled down. */
export function scaledDown(old: Pod, current: Pod): boolean {
  const after = requestedAmounts(current);
  return [...requestedAmounts(old)].some(([name, before]) => (after.get(name) ?? 0) < before);
}
