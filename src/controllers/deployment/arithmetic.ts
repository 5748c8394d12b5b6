// How many pods each ReplicaSet of a Deployment should have. All functions are pure.
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.js';
import type { IntOrString } from '../../api/types/meta-v1.gen.js';
import { compareText } from '../../util/order.js';
import { MAX_REPLICAS, numberAnnotation } from './revisions.js';

/** A number, or a share of `total`. @throws Error when the text is no percentage */
export function scaled(value: IntOrString, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  if (!/^\d+%$/.test(value)) throw new Error(`invalid value for IntOrString: ${value}`);
  const exact = (Number(value.slice(0, -1)) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

/** How many pods an object asks for. */
export function replicasOf(object: { readonly spec: { readonly replicas?: number | undefined } }): number {
  return object.spec.replicas ?? 0;
}

/** Pods are replaced step by step, not all at once. */
export function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === 'RollingUpdate';
}

/** Pods that may be there beyond the desired number, and desired pods that may be missing. Never both 0: nothing could move. */
export function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const desired = replicasOf(deployment);
  const { maxSurge = 0, maxUnavailable = 0 } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, desired, 'up');
  const unavailable = scaled(maxUnavailable, desired, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** How many of the desired pods may be missing at a time. */
export function maxUnavailable(deployment: Deployment): number {
  return Math.min(fenceposts(deployment).unavailable, replicasOf(deployment));
}

/** The size a new ReplicaSet may grow to now. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  const desired = replicasOf(deployment);
  if (!isRolling(deployment)) return desired;
  const surge = scaled(deployment.spec.strategy?.rollingUpdate?.maxSurge ?? 0, desired, 'up');
  const room = desired + surge - total(all);
  if (room <= 0) return replicasOf(newSet);
  return replicasOf(newSet) + Math.min(room, desired - replicasOf(newSet));
}

/** Desired pods of all sets together. */
export function total(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Available pods of all sets together. */
export function totalAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status.availableReplicas ?? 0), 0);
}

/** One set and the size it should get. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/**
 * Spreads a new size of a Deployment that is in the middle of a roll over its sets, each in proportion to its own size;
 * what rounding leaves over goes to the first. A growing Deployment begins with the largest and newest set, a shrinking
 * one with the largest and oldest.
 */
export function proportional(deployment: Deployment, active: readonly ReplicaSet[]): Resize[] {
  const desired = replicasOf(deployment);
  const allowed = desired > 0 ? desired + fenceposts(deployment).surge : 0;
  const toAdd = allowed - total(active);
  if (toAdd === 0) return active.map((set) => ({ set, replicas: replicasOf(set) }));
  const sets = [...active].sort(toAdd > 0 ? bySizeNewer : bySizeOlder);
  let added = 0;
  const sizes = sets.map((set) => {
    const share = proportion(deployment, set, toAdd, added);
    added += share;
    return replicasOf(set) + share;
  });
  return sets.map((set, i) => ({ set, replicas: i === 0 ? Math.max((sizes[0] ?? 0) + toAdd - added, 0) : (sizes[i] ?? 0) }));
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

/** By how much a set would grow if it kept its share of the whole. */
function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (replicasOf(deployment) === 0) return -size;
  // the annotation tells how large the whole was when the set was last scaled
  const before = numberAnnotation(set, MAX_REPLICAS) || (deployment.status.replicas ?? 0);
  if (before === 0) return 0;
  const next = (size * (replicasOf(deployment) + fenceposts(deployment).surge)) / before;
  return Math.trunc(next + 0.5) - size;
}

/** Old sets shrink only as far as the available pods allow, unhealthy pods first: they do not count as available anyway. */
export function cleanupUnhealthy(old: readonly ReplicaSet[], limit: number): Resize[] {
  const resizes: Resize[] = [];
  let left = limit;
  for (const set of [...old].sort(byCreation)) {
    if (left <= 0) break;
    const unhealthy = replicasOf(set) - (set.status.availableReplicas ?? 0);
    if (replicasOf(set) === 0 || unhealthy <= 0) continue;
    const down = Math.min(left, unhealthy);
    resizes.push({ set, replicas: replicasOf(set) - down });
    left -= down;
  }
  return resizes;
}

/** How old sets shrink, the oldest first, while enough pods stay available. */
export function shrinkOld(old: readonly ReplicaSet[], limit: number): Resize[] {
  const resizes: Resize[] = [];
  let left = limit;
  for (const set of [...old].sort(byCreation)) {
    if (left <= 0) break;
    const down = Math.min(replicasOf(set), left);
    if (down === 0) continue;
    resizes.push({ set, replicas: replicasOf(set) - down });
    left -= down;
  }
  return resizes;
}

/** Oldest first. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || compareText(a.metadata.name, b.metadata.name)
  );
}

function bySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(a, b);
}

function bySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(b, a);
}
