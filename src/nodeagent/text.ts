import type { Pod } from '../api/types/core-v1.gen.js';

/** How the kubelet names a pod in messages: name_namespace(uid). */
export function podText(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}
