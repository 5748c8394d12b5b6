// The status of a ReplicaSet or ReplicationController.
import { isPodReady } from '../../api/shared/pod/conditions.js';
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/types/apps-v1.gen.js';
import type { Pod, ReplicationController } from '../../api/types/core-v1.gen.js';
import { timestamp } from '../../util/clock.js';
import { equal } from '../../util/equal.js';
import { isPodAvailable } from '../runtime/pods.js';

/** The kinds that keep a number of equal pods. */
export type Replicated = ReplicaSet | ReplicationController;

/** What a round of the controller has found. */
export interface Observed {
  /** The pods that count. */
  readonly active: readonly Pod[];
  /** Pods on their way out; undefined where the kind's status does not tell their number. */
  readonly terminating: readonly Pod[] | undefined;
  /** What went wrong when pods were made or deleted. */
  readonly error: Error | undefined;
  readonly now: number;
}

/** Works out the status. Counts of 0 that the API leaves out are left out. */
export function replicasStatus(owner: Replicated, { active, terminating, error, now }: Observed): ReplicaSetStatus {
  const labels = Object.entries(owner.spec.template?.metadata?.labels ?? {});
  let labeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of active) {
    if (labels.every(([key, value]) => pod.metadata.labels?.[key] === value)) labeled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, owner.spec.minReadySeconds ?? 0, now)) available++;
  }
  return {
    replicas: active.length,
    fullyLabeledReplicas: labeled || undefined,
    readyReplicas: ready || undefined,
    availableReplicas: available || undefined,
    terminatingReplicas: terminating?.length,
    observedGeneration: owner.metadata.generation || undefined,
    conditions: conditions(owner, active.length, error, now),
  };
}

function conditions(owner: Replicated, replicas: number, error: Error | undefined, now: number): ReplicaSetCondition[] | undefined {
  const present = owner.status.conditions ?? [];
  const failed = present.some((c) => c.type === 'ReplicaFailure');
  const others = present.filter((c) => c.type !== 'ReplicaFailure');
  // as upstream: a failure that goes on keeps the text and time of its beginning
  if (error !== undefined && failed) return present;
  if (error === undefined) return others.length > 0 ? others : undefined;
  const reason = replicas < (owner.spec.replicas ?? 0) ? 'FailedCreate' : 'FailedDelete';
  return [
    ...others,
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: timestamp(now),
      reason,
      message: error.message,
    },
  ];
}

/** Whether the stored status says something else. */
export function statusDiffers(owner: Replicated, next: ReplicaSetStatus): boolean {
  const { replicas, ...rest } = owner.status as ReplicaSetStatus;
  return !equal(withoutZeros({ replicas: replicas ?? 0, ...rest }), withoutZeros(next));
}

function withoutZeros(status: ReplicaSetStatus): ReplicaSetStatus {
  return {
    ...status,
    fullyLabeledReplicas: status.fullyLabeledReplicas || undefined,
    readyReplicas: status.readyReplicas || undefined,
    availableReplicas: status.availableReplicas || undefined,
    observedGeneration: status.observedGeneration || undefined,
    conditions: status.conditions?.length ? status.conditions : undefined,
  };
}
