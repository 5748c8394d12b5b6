// The scheduler's plug-in framework. A rule is one file in plugins/ that exports a Plugin; plugins/index.ts lists them in
// the order of running. Start reading here, then cycle.ts (one pod's turn) and queue.ts (who is next).
import type { Pod } from '../api/types/core-v1.gen.js';
import type { NodeInfo } from './node-info.js';

/** What happened in the cluster, as far as it can make a pod fit that did not fit before. */
export type ClusterEvent =
  | 'node-added'
  | 'node-allocatable-changed'
  | 'node-labels-changed'
  | 'node-taints-changed'
  | 'node-features-changed'
  | 'assigned-pod-added'
  | 'assigned-pod-labels-changed'
  | 'assigned-pod-scaled-down'
  | 'assigned-pod-deleted'
  | 'pod-gates-eliminated'
  | 'pod-labels-changed'
  | 'pod-tolerations-changed'
  | 'namespace-labels-changed';

/** An event with the object before and after it (pods for pod events, nodes for node events). */
export interface EventObjects {
  readonly event: ClusterEvent;
  readonly old: unknown;
  readonly current: unknown;
}

/**
 * Why a node does not take a pod. `resolvable`: removing other pods from the node could help, so preemption may look at it.
 */
export interface Rejection {
  readonly reasons: readonly string[];
  readonly resolvable: boolean;
}

/** Judges one node; undefined: the node will do. Must be quick: it runs once a node. */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/** What a filter made of a pod before any node is looked at. */
export interface Filter {
  readonly judge: NodeFilter;
  /** The only nodes that can do, where the pod itself names them: the others are not looked at. */
  readonly nodes?: ReadonlySet<string>;
}

/** Scores feasible nodes; before normalizing any number, after it 0…100. */
export interface Scorer {
  readonly score: (node: NodeInfo) => number;
  /** Brings the scores of all feasible nodes (in their order) to 0…100, in place. Default: they are already. */
  readonly normalize?: (scores: number[], nodes: readonly NodeInfo[]) => void;
}

/** The state of the cluster during one scheduling cycle. Nothing changes while the cycle runs. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** Nodes with at least one pod that has any pod (anti-)affinity. */
  readonly nodesWithAffinityPods: readonly NodeInfo[];
  /** Labels of a namespace; undefined when it is not known. */
  namespaceLabels(name: string): Readonly<Record<string, string>> | undefined;
  /** The selector of what a pod belongs to (services, ReplicaSet, StatefulSet …); undefined: it belongs to nothing. */
  defaultSelector(pod: Pod): PodSelector | undefined;
}

/** A compiled selector over pod labels; `key` is equal for equal selectors. */
export interface PodSelector {
  readonly key: string;
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
}

/**
 * A scheduling rule. Every part is optional. `filter` and `score` are called once a pod and do there what does not depend
 * on a node; undefined means that the rule has nothing to say about this pod. Rules keep no state between pods.
 */
export interface Plugin {
  /** Upstream's name: it appears in events and in the configuration. */
  readonly name: string;
  /** Events that can make a pod fit that this rule rejected. */
  readonly events: readonly ClusterEvent[];
  /** Whether this particular event may help `pod`. Default: yes. */
  mayHelp?(pod: Pod, change: EventObjects): boolean;
  /** A reason to keep the pod out of the queue altogether. */
  gate?(pod: Pod): string | undefined;
  /** @returns 'unschedulable' with a message when no node at all can do */
  filter?(pod: Pod, snapshot: Snapshot): Filter | { readonly unschedulable: string } | undefined;
  score?(pod: Pod, snapshot: Snapshot, feasible: readonly NodeInfo[]): Scorer | undefined;
  /** How much its score counts. */
  readonly weight?: number;
}

export const MAX_NODE_SCORE = 100;

/** A node that another pod's going away could free. */
export function unschedulable(...reasons: string[]): Rejection {
  return { reasons, resolvable: true };
}

/** A node that no removal of pods can make fit. */
export function unresolvable(...reasons: string[]): Rejection {
  return { reasons, resolvable: false };
}

/** Scales scores so that the highest becomes 100; `reverse`: the lowest becomes the best. (plugins/helper/normalize_score.go) */
export function normalizeToMax(scores: number[], reverse: boolean): void {
  const highest = scores.reduce((max, s) => Math.max(max, s), 0);
  scores.forEach((score, i) => {
    const scaled = highest === 0 ? 0 : Math.floor((MAX_NODE_SCORE * score) / highest);
    scores[i] = reverse ? MAX_NODE_SCORE - scaled : scaled;
  });
}
