import { HOSTNAME_LABEL, ZONE_LABEL } from '../../api/meta/well-known.js';
import { equalTo, NO_PODS, podSelector, requiredNode, requirementsOf, untolerated } from '../selectors.js';
import type { Node, Pod, TopologySpreadConstraint } from '../../api/types/core-v1.gen.js';
import {
  MAX_NODE_SCORE,
  type Plugin,
  type PodSelector,
  type Rejection,
  type Scorer,
  type Snapshot,
  unresolvable,
  unschedulable,
} from '../framework.js';
import type { NodeInfo } from '../node-info.js';

const MISMATCH = "node(s) didn't match pod topology spread constraints";

/** Upstream's system defaults for pods without constraints of their own that belong to a service or a controller. */
const DEFAULTS = [
  { topologyKey: HOSTNAME_LABEL, maxSkew: 3 },
  { topologyKey: ZONE_LABEL, maxSkew: 5 },
] as const;

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: PodSelector;
  /** Whether the pods of a node count. */
  readonly includes: (node: Node) => boolean;
}

/** Evens out pods over the values of a node label: DoNotSchedule constraints filter, ScheduleAnyway and the defaults score. (KEP 895) */
export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  events: [
    'assigned-pod-added',
    'assigned-pod-deleted',
    'assigned-pod-labels-changed',
    'node-added',
    'node-labels-changed',
    'node-taints-changed',
    'pod-labels-changed',
    'pod-tolerations-changed',
  ],
  weight: 2,
  filter(pod, snapshot) {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const counted = constraints.map((constraint) => ({
      constraint,
      ...count(constraint, constraints, pod, snapshot),
      self: constraint.selector.matches(pod.metadata.labels) ? 1 : 0,
    }));
    return {
      judge: (node) => {
        for (const { constraint, counts, smallest, self } of counted) {
          const rejection = judge(node, constraint, counts, smallest, self);
          if (rejection) return rejection;
        }
        return undefined;
      },
    };
  },
  score: spread,
};

function judge(
  node: NodeInfo,
  constraint: Constraint,
  counts: ReadonlyMap<string, number>,
  smallest: number,
  self: number,
): Rejection | undefined {
  const value = node.labels[constraint.topologyKey];
  if (value === undefined) return unresolvable(`${MISMATCH} (missing required label)`);
  const skew = (counts.get(value) ?? 0) + self - smallest;
  return skew > constraint.maxSkew ? unschedulable(MISMATCH) : undefined;
}

/** Pods by topology value, and the number in the emptiest domain (0 while there are fewer domains than wanted). */
function count(
  constraint: Constraint,
  all: readonly Constraint[],
  pod: Pod,
  snapshot: Snapshot,
): { counts: Map<string, number>; smallest: number } {
  const counts = new Map<string, number>();
  for (const node of snapshot.nodes) {
    if (!hasAllKeys(node, all) || !constraint.includes(node.node)) continue;
    const value = node.labels[constraint.topologyKey] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + node.countMatching(pod.metadata.namespace ?? '', constraint.selector));
  }
  // without any domain upstream compares with the largest int32, so that every skew is small enough
  const smallest = counts.size < constraint.minDomains ? 0 : Math.min(2 ** 31 - 1, ...counts.values());
  return { counts, smallest };
}

function hasAllKeys(node: NodeInfo, constraints: readonly Constraint[]): boolean {
  return constraints.every((c) => node.labels[c.topologyKey] !== undefined);
}

function constraintsOf(pod: Pod, action: TopologySpreadConstraint['whenUnsatisfiable']): Constraint[] {
  const own = (pod.spec.topologySpreadConstraints ?? []).filter((c) => c.whenUnsatisfiable === action);
  return own.map((c) => ({
    topologyKey: c.topologyKey,
    maxSkew: c.maxSkew,
    minDomains: c.minDomains ?? 1,
    selector: selectorOf(c, pod),
    includes: inclusion(pod, c.nodeAffinityPolicy ?? 'Honor', c.nodeTaintsPolicy ?? 'Ignore'),
  }));
}

function selectorOf(c: TopologySpreadConstraint, pod: Pod): PodSelector {
  if (!c.labelSelector) return NO_PODS;
  const labels = pod.metadata.labels ?? {};
  const same = (c.matchLabelKeys ?? []).flatMap((key) => (labels[key] === undefined ? [] : equalTo({ [key]: labels[key] })));
  const requirements = [...requirementsOf(c.labelSelector), ...same];
  // an empty selector counts no pods here
  return requirements.length === 0 ? NO_PODS : podSelector(requirements);
}

function inclusion(pod: Pod, affinity: 'Honor' | 'Ignore', taints: 'Honor' | 'Ignore'): (node: Node) => boolean {
  const required = affinity === 'Honor' ? requiredNode(pod) : undefined;
  return (node) => {
    if (required && !required(node)) return false;
    return taints === 'Ignore' || !untolerated(node.spec?.taints ?? [], pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute']);
  };
}

function softConstraints(pod: Pod, snapshot: Snapshot): { constraints: Constraint[]; allKeys: boolean } {
  if ((pod.spec.topologySpreadConstraints ?? []).length > 0) return { constraints: constraintsOf(pod, 'ScheduleAnyway'), allKeys: true };
  const selector = snapshot.defaultSelector(pod);
  if (!selector) return { constraints: [], allKeys: false };
  const includes = inclusion(pod, 'Honor', 'Ignore');
  return { constraints: DEFAULTS.map((d) => ({ ...d, minDomains: 1, selector, includes })), allKeys: false };
}

function spread(pod: Pod, snapshot: Snapshot, feasible: readonly NodeInfo[]): Scorer | undefined {
  const { constraints, allKeys } = softConstraints(pod, snapshot);
  if (constraints.length === 0) return undefined;
  const namespace = pod.metadata.namespace ?? '';
  const ignored = new Set(allKeys ? feasible.filter((node) => !hasAllKeys(node, constraints)) : []);
  const domains = constraints.map((c) =>
    domainCounts(c, namespace, snapshot, feasible, (node) => ignored.has(node) || (allKeys && !hasAllKeys(node, constraints))),
  );
  const weights = constraints.map((c, i) =>
    Math.log((c.topologyKey === HOSTNAME_LABEL ? feasible.length - ignored.size : (domains[i]?.size ?? 0)) + 2),
  );
  return {
    score: (node) => {
      if (ignored.has(node)) return 0;
      let sum = 0;
      for (const [i, c] of constraints.entries()) {
        const value = node.labels[c.topologyKey];
        if (value === undefined) continue;
        const pods = c.topologyKey === HOSTNAME_LABEL ? node.countMatching(namespace, c.selector) : (domains[i]?.get(value) ?? 0);
        sum += pods * (weights[i] ?? 0) + c.maxSkew - 1;
      }
      return Math.round(sum);
    },
    normalize: (scores, nodes) => invert(scores, (i) => ignored.has(nodes[i] as NodeInfo)),
  };
}

/** Matching pods of the whole cluster by the topology values that feasible nodes have. Hostnames are counted node by node instead. */
function domainCounts(
  c: Constraint,
  namespace: string,
  snapshot: Snapshot,
  feasible: readonly NodeInfo[],
  skip: (node: NodeInfo) => boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  if (c.topologyKey === HOSTNAME_LABEL) return counts;
  for (const node of feasible) if (!skip(node)) counts.set(node.labels[c.topologyKey] ?? '', 0);
  for (const node of snapshot.nodes) {
    const value = node.labels[c.topologyKey] ?? '';
    const known = counts.get(value);
    if (known === undefined || skip(node) || !c.includes(node.node)) continue;
    counts.set(value, known + node.countMatching(namespace, c.selector));
  }
  return counts;
}

/** Fewer pods are better: turns the scores round within their range. */
function invert(scores: number[], ignored: (i: number) => boolean): void {
  const counted = scores.filter((_, i) => !ignored(i));
  const max = counted.reduce((a, b) => Math.max(a, b), 0);
  const min = counted.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER);
  scores.forEach((score, i) => {
    scores[i] = ignored(i) ? 0 : max === 0 ? MAX_NODE_SCORE : Math.floor((MAX_NODE_SCORE * (max + min - score)) / max);
  });
}
