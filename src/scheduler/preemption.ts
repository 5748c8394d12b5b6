import type { Pod } from '../api/types/core-v1.gen.js';
import { histogramOf } from './reasons.js';
import type { Rejection, Snapshot } from './framework.js';

/**
 * What the end of a FailedScheduling message says of preemption, as upstream words it. Pods are not preempted yet: nodes
 * where that might help are named so.
 */
export function preemptionMessage(pod: Pod, snapshot: Snapshot, rejections: ReadonlyMap<string, Rejection>): string {
  return `no new claims to deallocate, preemption: ${outcome(pod, snapshot, rejections)}`;
}

function outcome(pod: Pod, snapshot: Snapshot, rejections: ReadonlyMap<string, Rejection>): string {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const priority = pod.spec.priority ?? 0;
  const reasons = snapshot.nodes.map((node) => {
    if (!rejections.get(node.name)?.resolvable) return 'Preemption is not helpful for scheduling';
    const victims = [...node.pods.values()].some((other) => (other.pod.spec.priority ?? 0) < priority);
    return victims ? 'Preemption is not supported by this scheduler' : 'No preemption victims found for incoming pod';
  });
  return `0/${snapshot.nodes.length} nodes are available: ${histogramOf(reasons)}.`;
}
