import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../api/types/core-v1.gen.js';
import { LabelSelection } from '../../api/meta/selectors.js';
import { MAX_NODE_SCORE, type Plugin, type PodSelector, type Scorer, type Snapshot, unresolvable, unschedulable } from '../framework.js';
import type { NodeInfo } from '../node-info.js';
import { NO_PODS, podSelector, requirementsOf } from '../selectors.js';

/** What a required affinity of an existing pod counts for when it matches the new one. */
const HARD_AFFINITY_WEIGHT = 1;

/** A compiled affinity term. */
interface Term {
  readonly topologyKey: string;
  readonly matches: (pod: Pod) => boolean;
}

/** Pods near to or away from other pods: required terms filter, preferred terms score, both ways. */
export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',
  events: [
    'assigned-pod-added',
    'assigned-pod-deleted',
    'assigned-pod-labels-changed',
    'node-added',
    'node-labels-changed',
    'pod-labels-changed',
    'namespace-labels-changed',
  ],
  weight: 2,
  filter(pod, snapshot) {
    const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
    const near = compile(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, snapshot);
    const away = compile(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, snapshot);
    const keptOff = keptOffBy(pod, snapshot);
    if (near.length === 0 && away.length === 0 && keptOff.size === 0) return undefined;
    const nearCounts = new Topologies();
    const awayCounts = new Topologies();
    for (const node of near.length + away.length > 0 ? snapshot.nodes : []) {
      for (const { pod: other } of node.pods.values()) {
        if (near.length > 0 && near.every((t) => t.matches(other))) for (const t of near) nearCounts.add(node, t.topologyKey, 1);
        for (const t of away) if (t.matches(other)) awayCounts.add(node, t.topologyKey, 1);
      }
    }
    // the first pod of a group that wants to be near itself may go anywhere
    const first = nearCounts.size === 0 && near.every((t) => t.matches(pod));
    return {
      judge: (node) => {
        if (near.some((t) => node.labels[t.topologyKey] === undefined || (!first && nearCounts.at(node, t.topologyKey) === 0)))
          return unresolvable("node(s) didn't match pod affinity rules");
        if (away.some((t) => awayCounts.at(node, t.topologyKey) > 0)) return unschedulable("node(s) didn't match pod anti-affinity rules");
        if (keptOff.anyAt(node)) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
        return undefined;
      },
    };
  },
  score,
};

/** Numbers by label key and value: how much a topology domain has of something. */
class Topologies {
  readonly #values = new Map<string, Map<string, number>>();

  get size(): number {
    return this.#values.size;
  }
  add(node: NodeInfo, key: string, n: number): void {
    const value = node.labels[key];
    if (value === undefined) return;
    let values = this.#values.get(key);
    if (!values) this.#values.set(key, (values = new Map()));
    values.set(value, (values.get(value) ?? 0) + n);
  }
  at(node: NodeInfo, key: string): number {
    return this.#values.get(key)?.get(node.labels[key] ?? '') ?? 0;
  }
  anyAt(node: NodeInfo): boolean {
    for (const [key, values] of this.#values) if ((values.get(node.labels[key] ?? '') ?? 0) > 0) return true;
    return false;
  }
  sumAt(node: NodeInfo): number {
    let sum = 0;
    for (const [key, values] of this.#values) sum += values.get(node.labels[key] ?? '') ?? 0;
    return sum;
  }
}

/** @param owner the pod whose spec has the terms: its namespace is meant where a term names none */
function compile(terms: readonly PodAffinityTerm[] | undefined, owner: Pod, snapshot: Snapshot): Term[] {
  return (terms ?? []).map((term) => {
    const selector = selectorOf(term, owner);
    const namespaces = new Set(term.namespaces ?? []);
    if (namespaces.size === 0 && !term.namespaceSelector) namespaces.add(owner.metadata.namespace ?? '');
    const selected = term.namespaceSelector && new LabelSelection(requirementsOf(term.namespaceSelector));
    const inside = (namespace: string) => namespaces.has(namespace) || (selected?.matches(snapshot.namespaceLabels(namespace)) ?? false);
    return {
      topologyKey: term.topologyKey,
      matches: (pod) => inside(pod.metadata.namespace ?? '') && selector.matches(pod.metadata.labels),
    };
  });
}

function selectorOf(term: PodAffinityTerm, owner: Pod): PodSelector {
  if (!term.labelSelector) return NO_PODS;
  const labels = owner.metadata.labels ?? {};
  const keys = (list: readonly string[] | undefined, operator: 'in' | 'notin') =>
    (list ?? []).flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]));
  return podSelector([...requirementsOf(term.labelSelector), ...keys(term.matchLabelKeys, 'in'), ...keys(term.mismatchLabelKeys, 'notin')]);
}

/** The domains from which pods that are there keep this one off. */
function keptOffBy(pod: Pod, snapshot: Snapshot): Topologies {
  const counts = new Topologies();
  for (const node of snapshot.nodesWithAffinityPods)
    for (const other of node.pods.values()) {
      if (!other.hasRequiredAntiAffinity) continue;
      const terms = compile(other.pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution, other.pod, snapshot);
      for (const t of terms) if (t.matches(pod)) counts.add(node, t.topologyKey, 1);
    }
  return counts;
}

type Weighted = readonly (Term & { readonly weight: number })[];

function weighted(terms: readonly WeightedPodAffinityTerm[] | undefined, sign: 1 | -1, owner: Pod, snapshot: Snapshot): Weighted {
  return (terms ?? []).flatMap((w) => compile([w.podAffinityTerm], owner, snapshot).map((t) => ({ ...t, weight: sign * w.weight })));
}

function preferences(pod: Pod, snapshot: Snapshot): Weighted {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  return [
    ...weighted(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution, 1, pod, snapshot),
    ...weighted(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution, -1, pod, snapshot),
  ];
}

/** What an existing pod's terms, required ones included, are worth when the new pod matches them. */
function attractions(pod: Pod, snapshot: Snapshot): Weighted {
  const required = compile(pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution, pod, snapshot);
  return [...required.map((t) => ({ ...t, weight: HARD_AFFINITY_WEIGHT })), ...preferences(pod, snapshot)];
}

function score(pod: Pod, snapshot: Snapshot): Scorer | undefined {
  const own = preferences(pod, snapshot);
  const sums = new Topologies();
  for (const node of own.length > 0 ? snapshot.nodes : snapshot.nodesWithAffinityPods)
    for (const other of node.pods.values()) {
      for (const t of own) if (t.matches(other.pod)) sums.add(node, t.topologyKey, t.weight);
      if (!other.hasAffinity) continue;
      for (const t of attractions(other.pod, snapshot)) if (t.matches(pod)) sums.add(node, t.topologyKey, t.weight);
    }
  if (sums.size === 0) return undefined;
  return { score: (node) => sums.sumAt(node), normalize: stretch };
}

/** The lowest becomes 0, the highest 100. */
function stretch(scores: number[]): void {
  const min = scores.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER);
  const max = scores.reduce((a, b) => Math.max(a, b), Number.MIN_SAFE_INTEGER);
  scores.forEach((s, i) => (scores[i] = max === min ? 0 : Math.trunc((MAX_NODE_SCORE * (s - min)) / (max - min))));
}
