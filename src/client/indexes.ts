// Indexes that several parts ask of the shared informers: under one name there is one index, whoever adds it first.
import type { Pod } from '../api/types/core-v1.gen.js';

/** Name of the pod informer's index by node. */
export const BY_NODE = 'node';

/** The node a pod is bound to: the index behind `BY_NODE`. */
export function podNode(pod: Pod): string | undefined {
  return pod.spec.nodeName || undefined;
}
