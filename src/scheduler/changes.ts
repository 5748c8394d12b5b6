// Which cluster events a changed object stands for.
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import { equal } from '../util/equal.js';
import type { ClusterEvent, EventObjects } from './framework.js';
import { scaledDown } from './plugins/node-resources-fit.js';

/** What changed about a node, as far as scheduling looks at it. */
export function nodeChanges(old: Node, current: Node): EventObjects[] {
  const events: ClusterEvent[] = [];
  if (!equal(old.status?.allocatable, current.status?.allocatable)) events.push('node-allocatable-changed');
  if (!equal(old.metadata.labels, current.metadata.labels)) events.push('node-labels-changed');
  if (!equal(old.status?.declaredFeatures, current.status?.declaredFeatures)) events.push('node-features-changed');
  const taints = !equal(old.spec?.taints, current.spec?.taints);
  if (taints || old.spec?.unschedulable !== current.spec?.unschedulable) events.push('node-taints-changed');
  return events.map((event) => ({ event, old, current }));
}

/** What changed about a pod that has a node. */
export function assignedPodChanges(old: Pod, current: Pod): EventObjects[] {
  const events: ClusterEvent[] = [];
  if (!equal(old.metadata.labels, current.metadata.labels)) events.push('assigned-pod-labels-changed');
  if (old.spec !== current.spec && scaledDown(old, current)) events.push('assigned-pod-scaled-down');
  return events.map((event) => ({ event, old, current }));
}

/** What changed about a pod that waits for a node. */
export function waitingPodChanges(old: Pod, current: Pod): EventObjects[] {
  const events: ClusterEvent[] = [];
  if (!equal(old.metadata.labels, current.metadata.labels)) events.push('pod-labels-changed');
  if (!equal(old.spec.tolerations, current.spec.tolerations)) events.push('pod-tolerations-changed');
  if ((old.spec.schedulingGates ?? []).length > 0 && (current.spec.schedulingGates ?? []).length === 0) events.push('pod-gates-eliminated');
  return events.map((event) => ({ event, old, current }));
}
