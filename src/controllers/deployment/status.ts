// The status of a Deployment and its conditions.
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.gen.js';
import { timestamp } from '../../util/clock.js';
import { maxUnavailable, replicasOf, total, totalAvailable } from './arithmetic.js';

/** No deadline: the largest value the field can have. */
const NO_LIMIT = 0x7fffffff;

type Conditions = readonly DeploymentCondition[];
type NewCondition = Required<Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>>;

/** Whether a rollout that does not get on counts as failed. */
export function hasDeadline(deployment: Deployment): boolean {
  const { progressDeadlineSeconds } = deployment.spec;
  return progressDeadlineSeconds !== undefined && progressDeadlineSeconds !== NO_LIMIT;
}

/** How many old sets to keep; undefined: all. */
export function historyLimit(deployment: Deployment): number | undefined {
  const { revisionHistoryLimit } = deployment.spec;
  return revisionHistoryLimit === NO_LIMIT ? undefined : revisionHistoryLimit;
}

/** @returns undefined when the status has no condition of the type */
export function condition(status: DeploymentStatus, type: string): DeploymentCondition | undefined {
  return status.conditions?.find((c) => c.type === type);
}

/** Sets a condition, at the end. One with the same status and reason stays as it is; its time of transition stays with the status. */
export function withCondition(conditions: Conditions | undefined, next: NewCondition, now: number): Conditions {
  const present = (conditions ?? []).find((c) => c.type === next.type);
  if (present && present.status === next.status && present.reason === next.reason) return conditions ?? [];
  const time = timestamp(now);
  const since = present?.status === next.status ? present.lastTransitionTime : time;
  return [...without(conditions, next.type), { ...next, lastUpdateTime: time, lastTransitionTime: since }];
}

/** All conditions but the one of the type. */
function without(conditions: Conditions | undefined, type: string): Conditions {
  return (conditions ?? []).filter((c) => c.type !== type);
}

/** Every desired pod is of the newest version and available, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** What the sets add up to, and whether that is enough. Counts of 0 that the API leaves out are left out. */
export function countedStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const sum = (count: (set: ReplicaSet) => number | undefined) => all.reduce((n, set) => n + (count(set) ?? 0), 0);
  const available = totalAvailable(all);
  const enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
  return {
    observedGeneration: deployment.metadata.generation || undefined,
    replicas: sum((s) => s.status.replicas) || undefined,
    updatedReplicas: newSet?.status.replicas || undefined,
    readyReplicas: sum((s) => s.status.readyReplicas) || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(total(all) - available, 0) || undefined,
    terminatingReplicas: terminating(all),
    collisionCount: deployment.status.collisionCount,
    conditions: [
      ...withCondition(
        deployment.status.conditions,
        enough
          ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
          : {
              type: 'Available',
              status: 'False',
              reason: 'MinimumReplicasUnavailable',
              message: 'Deployment does not have minimum availability.',
            },
        now,
      ),
    ],
  };
}

/** Unknown as soon as one set does not tell; a set too young to have a status has none. */
function terminating(all: readonly ReplicaSet[]): number | undefined {
  let count = 0;
  for (const { status } of all) {
    if (status.terminatingReplicas === undefined && !status.observedGeneration) continue;
    if (status.terminatingReplicas === undefined) return undefined;
    count += status.terminatingReplicas;
  }
  return count;
}

/** The status in the middle of a rollout: how it progresses, and whether pods cannot be made. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const status = countedStatus(deployment, all, newSet, now);
  const progressed = progressing(deployment, status, newSet, now);
  const failure = replicaFailure(all, newSet);
  return { ...status, conditions: [...(failure ? withFailure(progressed, failure, now) : without(progressed, 'ReplicaFailure'))] };
}

function progressing(deployment: Deployment, status: DeploymentStatus, newSet: ReplicaSet | undefined, now: number): Conditions {
  const present = condition(deployment.status, 'Progressing');
  if (!hasDeadline(deployment)) return without(status.conditions, 'Progressing');
  if (present?.reason === 'NewReplicaSetAvailable' && (status.replicas ?? 0) === (status.updatedReplicas ?? 0))
    return status.conditions ?? [];
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const next = (state: string, reason: string, text: string): NewCondition => ({
    type: 'Progressing',
    status: state,
    reason,
    message: `${subject} ${text}`,
  });
  if (isComplete(deployment, status))
    return withCondition(status.conditions, next('True', 'NewReplicaSetAvailable', 'has successfully progressed.'), now);
  if (hasProgressed(deployment.status, status)) {
    const time = timestamp(now);
    // set anew at every step, so that the deadline runs from the last one
    const since = present?.status === 'True' ? present.lastTransitionTime : time;
    const updated = { ...next('True', 'ReplicaSetUpdated', 'is progressing.'), lastUpdateTime: time, lastTransitionTime: since };
    return [...without(status.conditions, 'Progressing'), updated];
  }
  if (isTimedOut(deployment, present, now))
    return withCondition(status.conditions, next('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'), now);
  return status.conditions ?? [];
}

function hasProgressed(old: DeploymentStatus, next: DeploymentStatus): boolean {
  const n = (count: number | undefined) => count ?? 0;
  return (
    n(next.updatedReplicas) > n(old.updatedReplicas) ||
    n(next.replicas) - n(next.updatedReplicas) < n(old.replicas) - n(old.updatedReplicas) ||
    n(next.readyReplicas) > n(old.readyReplicas) ||
    n(next.availableReplicas) > n(old.availableReplicas)
  );
}

function isTimedOut(deployment: Deployment, present: DeploymentCondition | undefined, now: number): boolean {
  if (!present || present.reason === 'NewReplicaSetAvailable') return false;
  return present.reason === 'ProgressDeadlineExceeded' || (deadline(deployment, present) ?? now) < now;
}

/** When the rollout will be called stuck, unless something happens. */
function deadline(deployment: Deployment, present: DeploymentCondition): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === undefined || !present.lastUpdateTime ? undefined : Date.parse(present.lastUpdateTime) + seconds * 1000;
}

/** Milliseconds until it must be looked whether the rollout is stuck; undefined when it is complete or known to be. */
export function nextProgressCheck(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const present = condition(deployment.status, 'Progressing');
  if (!hasDeadline(deployment) || !present) return undefined;
  if (isComplete(deployment, status) || present.reason === 'ProgressDeadlineExceeded') return undefined;
  // a second more, since times are written in whole seconds
  return Math.max((deadline(deployment, present) ?? now) - now, 0) + 1000;
}

/** The first failure of the newest set, or else of any. */
function replicaFailure(all: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of newSet ? [newSet, ...all] : all) {
    const found = set.status.conditions?.find((c) => c.type === 'ReplicaFailure');
    if (found) return { ...found, lastUpdateTime: found.lastTransitionTime };
  }
  return undefined;
}

function withFailure(conditions: Conditions, failure: DeploymentCondition, now: number): Conditions {
  const { type, status, reason = '', message = '' } = failure;
  const next = withCondition(conditions, { type, status, reason, message }, now);
  if (next === conditions) return conditions;
  const since = conditions.find((c) => c.type === type && c.status === status)?.lastTransitionTime ?? failure.lastTransitionTime;
  return [...without(conditions, type), { ...failure, lastTransitionTime: since }];
}
