// What controllers ask about pods, and how they make them.
import { isDNS1123Subdomain } from '../../api/meta/names.js';
import type { Draft, OwnerReference } from '../../api/meta/object.js';
import { isPodFinished, podCondition } from '../../api/shared/pod/conditions.js';
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.gen.js';
import { controllerOf } from './owners.js';

/** Name of the pod informer's index by controlling owner. */
export const BY_CONTROLLER = 'controller';

/** The controlling owner's uid; pods without one are under their namespace, for those who look for orphans. */
export function podController(pod: Pod): string {
  return controllerOf(pod)?.uid ?? orphansOf(pod.metadata.namespace ?? '');
}

/** Where the index by controller has the pods of a namespace that no one controls. */
export function orphansOf(namespace: string): string {
  return `/${namespace}`;
}

/** Wants to run: neither finished nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Being deleted, and not finished. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** The time, in milliseconds, from which a ready pod counts as available; undefined when it is not ready, or not known since when. */
function availableFrom(pod: Pod, minReadySeconds: number): number | undefined {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  return ready.lastTransitionTime ? Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 : undefined;
}

/** Ready for at least so long. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const from = availableFrom(pod, minReadySeconds);
  return from !== undefined && from <= now;
}

/** Milliseconds until the next of the pods becomes available; undefined when none is waiting. */
export function nextAvailability(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  let next: number | undefined;
  for (const pod of pods) {
    const from = availableFrom(pod, minReadySeconds);
    if (from !== undefined && from > now && (next === undefined || from < next)) next = from;
  }
  return next === undefined ? undefined : next - now;
}

/** A pod as its template says, with a name of chance that begins with its owner's. */
export function podFromTemplate(template: PodTemplateSpec, owner: string, reference: OwnerReference, namespace: string): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner}-`;
  return {
    metadata: {
      // the dash is left out where it would make the name too long
      generateName: isDNS1123Subdomain(`${prefix}x`).length === 0 ? prefix : owner,
      namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [reference],
    },
    spec: template.spec,
  };
}
