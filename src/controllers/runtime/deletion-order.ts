// Which pods a controller gives up first when it has too many.
import { uidOf } from '../../api/meta/object.js';
import { POD_DELETION_COST_ANNOTATION } from '../../api/meta/well-known.js';
import { isPodReady, podCondition } from '../../api/shared/pod/conditions.js';
import type { Pod } from '../../api/types/core-v1.gen.js';
import { isPodActive } from './pods.js';

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Sorts pods so that those to be deleted come first: unassigned before assigned, pending before unknown before running,
 * not ready before ready, low deletion cost before high, crowded nodes before empty ones, ready for a short time before
 * long, many restarts before few, young before old, and last by uid. Times are compared by the power of two of their age,
 * so that among pods of about one age chance decides (KEP-2185).
 * @param related the pods that crowd a node
 */
export function byDeletionOrder(pods: readonly Pod[], related: readonly Pod[], now: number): Pod[] {
  const crowd = new Map<string, number>();
  for (const pod of related) if (isPodActive(pod)) crowd.set(pod.spec.nodeName ?? '', (crowd.get(pod.spec.nodeName ?? '') ?? 0) + 1);
  const ranked = pods.map((pod) => ({ pod, keys: sortKeys(pod, crowd, now) }));
  ranked.sort((a, b) => compareKeys(a.keys, b.keys));
  return ranked.map((r) => r.pod);
}

type Keys = readonly (number | string)[];

/** Whatever makes a pod go first is a smaller key. */
function sortKeys(pod: Pod, crowd: ReadonlyMap<string, number>, now: number): Keys {
  const ready = isPodReady(pod);
  const restarts = maxRestarts(pod);
  const readySince = age(ready ? podCondition(pod, 'Ready')?.lastTransitionTime : undefined, now);
  return [
    pod.spec.nodeName ? 1 : 0,
    PHASES[pod.status.phase ?? ''] ?? 0,
    ready ? 1 : 0,
    deletionCost(pod),
    -(crowd.get(pod.spec.nodeName ?? '') ?? 0),
    readySince,
    -restarts.regular,
    -restarts.sidecar,
    age(pod.metadata.creationTimestamp, now),
    uidOf(pod),
  ];
}

function compareKeys(a: Keys, b: Keys): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? x;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** The power of two of an age; an unknown time is the youngest of all. */
function age(time: string | undefined, now: number): number {
  if (!time) return Number.NEGATIVE_INFINITY;
  const nanos = (now - Date.parse(time)) * 1e6;
  return nanos > 0 ? Math.floor(Math.log2(nanos)) : -1;
}

/** Also what cannot be read counts as 0; the API refuses other values. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[POD_DELETION_COST_ANNOTATION];
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
}

function maxRestarts(pod: Pod): { regular: number; sidecar: number } {
  const sidecars = new Set((pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const most = (counts: number[]) => counts.reduce((max, n) => Math.max(max, n), 0);
  return {
    regular: most((pod.status.containerStatuses ?? []).map((c) => c.restartCount)),
    sidecar: most((pod.status.initContainerStatuses ?? []).filter((c) => sidecars.has(c.name)).map((c) => c.restartCount)),
  };
}
