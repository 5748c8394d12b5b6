// How far a pod is: its conditions, and whether it is over. What server, scheduler, controllers and node agents ask alike.
import type { Pod, PodCondition, PodStatus } from '../../types/core-v1.gen.js';

/** @returns undefined when the pod has no condition of the type */
export function podCondition({ status }: { readonly status?: PodStatus | undefined }, type: string): PodCondition | undefined {
  return status?.conditions?.find((c) => c.type === type);
}

/** Its condition Ready says so. */
export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Succeeded and Failed pods never run again. */
export function isPodFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * Adds a condition or replaces the one of its type, in place. `lastTransitionTime` becomes `now` (as the API writes it)
 * unless the status stays what it was.
 * @returns whether anything changed
 */
export function setPodCondition(status: PodStatus, condition: PodCondition, now: string): boolean {
  const conditions = status.conditions ?? [];
  const index = conditions.findIndex((c) => c.type === condition.type);
  const old = conditions[index];
  const next: PodCondition = { ...condition, lastTransitionTime: old?.status === condition.status ? old.lastTransitionTime : now };
  const same =
    old !== undefined && (['status', 'reason', 'message', 'lastProbeTime', 'observedGeneration'] as const).every((f) => old[f] === next[f]);
  if (same) return false;
  status.conditions = index < 0 ? [...conditions, next] : conditions.with(index, next);
  return true;
}
