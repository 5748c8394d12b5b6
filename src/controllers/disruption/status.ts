// The status of a PodDisruptionBudget: what the eviction of a pod is judged by.
import { isPodReady } from '../../api/shared/pod/conditions.js';
import type { Condition } from '../../api/types/meta-v1.gen.js';
import type { Pod } from '../../api/types/core-v1.gen.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy-v1.gen.js';
import { timestamp } from '../../util/clock.js';

/** A pod that was evicted should be gone, or at least terminating, after so long. */
const DELETION_TIMEOUT = 120_000;
const CONDITION = 'DisruptionAllowed';

/** The pods that were evicted and are still on their way out. */
export interface Disrupted {
  readonly pods: Record<string, string>;
  /** Evicted pods that did not go in time. */
  readonly overdue: readonly Pod[];
  /** Milliseconds until the next of them is overdue. */
  readonly recheck: number | undefined;
}

/** Who of the evicted pods is still awaited, and who is overdue. */
export function disruptedPods(budget: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const known = budget.status.disruptedPods ?? {};
  const still: Record<string, string> = {};
  const overdue: Pod[] = [];
  let recheck: number | undefined;
  for (const pod of pods) {
    const since = known[pod.metadata.name];
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const left = Date.parse(since) + DELETION_TIMEOUT - now;
    if (left < 0) {
      overdue.push(pod);
      continue;
    }
    still[pod.metadata.name] = since;
    recheck = Math.min(recheck ?? left, left);
  }
  return { pods: still, overdue, recheck };
}

/** Ready, not on the way out, and not evicted. */
export function healthyPods(pods: readonly Pod[], disrupted: Disrupted): number {
  return pods.filter((p) => p.metadata.deletionTimestamp === undefined && disrupted.pods[p.metadata.name] === undefined && isPodReady(p))
    .length;
}

/** What a budget comes to. */
export interface Counts {
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly disruptedPods: Record<string, string>;
}

/** The status that says so; its condition keeps the time of its last transition. */
export function budgetStatus(budget: PodDisruptionBudget, counts: Counts, now: number): PodDisruptionBudgetStatus {
  const spare = counts.currentHealthy - counts.desiredHealthy;
  const disruptionsAllowed = counts.expectedPods > 0 ? Math.max(spare, 0) : 0;
  const observedGeneration = budget.metadata.generation;
  const [status, reason] = disruptionsAllowed > 0 ? ['True', 'SufficientPods'] : ['False', 'InsufficientPods'];
  const { disruptedPods: pods, ...numbers } = counts;
  return {
    ...numbers,
    disruptionsAllowed,
    disruptedPods: Object.keys(pods).length > 0 ? pods : undefined,
    observedGeneration,
    conditions: withCondition(
      budget.status.conditions,
      { type: CONDITION, status: status as string, reason: reason as string, message: '', observedGeneration },
      now,
    ),
  };
}

/** The status when nothing could be found out: no pod may be evicted. */
export function failedStatus(budget: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const { observedGeneration } = budget.status;
  const condition = { type: CONDITION, status: 'False', reason: 'SyncFailed', message, observedGeneration };
  return { ...budget.status, disruptionsAllowed: 0, conditions: withCondition(budget.status.conditions, condition, now) };
}

function withCondition(present: readonly Condition[] | undefined, next: Omit<Condition, 'lastTransitionTime'>, now: number): Condition[] {
  const old = present?.find((c) => c.type === next.type);
  const made = { ...next, lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : timestamp(now) };
  return old ? (present ?? []).map((c) => (c === old ? made : c)) : [...(present ?? []), made];
}
