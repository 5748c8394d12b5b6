// One pod's turn: which nodes can take it, which of them is best. Synchronous and without side effects, so nothing changes
// under it (pkg/scheduler/schedule_one.go).
import type { Pod } from '../api/types/core-v1.gen.js';
import { type Filter, MAX_NODE_SCORE, type Plugin, type Rejection, type Scorer, type Snapshot } from './framework.js';
import type { NodeInfo } from './node-info.js';
import { preemptionMessage } from './preemption.js';
import { NO_NODES } from './queue.js';
import { histogramOf } from './reasons.js';

/** With more nodes than this only a share of them is looked at, as upstream. */
const MIN_FEASIBLE = 100;
const MIN_PERCENTAGE = 5;

/** How a turn ends. */
export type Outcome =
  | { readonly node: string }
  /** No node can take the pod. */
  | { readonly message: string; readonly rejectedBy: ReadonlySet<string> };

/** What one turn of a pod works with. */
export interface CycleOptions {
  readonly plugins: readonly Plugin[];
  readonly random: () => number;
}

/** Finds nodes for pods; remembers only where in the list of nodes the last search ended. */
export class SchedulingCycle {
  readonly #options: CycleOptions;
  #start = 0;

  constructor(options: CycleOptions) {
    this.#options = options;
  }

  /** @returns the chosen node, or why there is none, worded as upstream */
  run(pod: Pod, snapshot: Snapshot): Outcome {
    const total = snapshot.nodes.length;
    if (total === 0) return { message: 'no nodes available to schedule pods', rejectedBy: new Set([NO_NODES]) };
    const filters = this.#filters(pod, snapshot);
    if ('message' in filters)
      return {
        message: `0/${total} nodes are available: ${filters.message}. ${preemptionMessage(pod, snapshot, new Map())}`,
        rejectedBy: filters.rejectedBy,
      };
    const { feasible, rejections, rejectedBy } = this.#feasible(filters.list, snapshot);
    if (feasible.length === 0) {
      const restricting = filters.list.filter((f) => f.filter.nodes).map((f) => f.name);
      for (const name of restricting) rejectedBy.add(name);
      const looked = [...rejections.values()].flatMap((r) => r.reasons);
      const unlooked = Array.from(
        { length: total - rejections.size },
        () => `node(s) didn't satisfy plugin(s) [${[...restricting].sort().join(' ')}]`,
      );
      const message = `0/${total} nodes are available: ${histogramOf([...looked, ...unlooked])}. ${preemptionMessage(pod, snapshot, rejections)}`;
      return { message, rejectedBy };
    }
    return { node: this.#best(pod, snapshot, feasible).name };
  }

  #filters(pod: Pod, snapshot: Snapshot): { list: { name: string; filter: Filter }[] } | { message: string; rejectedBy: Set<string> } {
    const list: { name: string; filter: Filter }[] = [];
    for (const plugin of this.#options.plugins) {
      const filter = plugin.filter?.(pod, snapshot);
      if (!filter) continue;
      if ('unschedulable' in filter) return { message: filter.unschedulable, rejectedBy: new Set([plugin.name]) };
      list.push({ name: plugin.name, filter });
    }
    return { list };
  }

  #feasible(
    filters: readonly { name: string; filter: Filter }[],
    snapshot: Snapshot,
  ): { feasible: NodeInfo[]; rejections: Map<string, Rejection>; rejectedBy: Set<string> } {
    const candidates = restrict(filters, snapshot);
    const wanted = enough(candidates.length);
    const feasible: NodeInfo[] = [];
    const rejections = new Map<string, Rejection>();
    const rejectedBy = new Set<string>();
    let looked = 0;
    for (; looked < candidates.length && feasible.length < wanted; looked++) {
      const node = candidates[(this.#start + looked) % candidates.length] as NodeInfo;
      const no = judge(node, filters);
      if (!no) feasible.push(node);
      else {
        rejections.set(node.name, no.rejection);
        rejectedBy.add(no.by);
      }
    }
    // the next pod begins where this one ended, so that all nodes get their chance
    if (candidates.length > 0) this.#start = (this.#start + looked) % candidates.length;
    return { feasible, rejections, rejectedBy };
  }

  #best(pod: Pod, snapshot: Snapshot, feasible: readonly NodeInfo[]): NodeInfo {
    const [only] = feasible;
    if (only && feasible.length === 1) return only;
    const totals = feasible.map(() => 0);
    for (const plugin of this.#options.plugins) {
      const scorer = plugin.score?.(pod, snapshot, feasible);
      if (scorer) addScores(totals, scorer, feasible, plugin);
    }
    // among the best one is drawn (the chance of each is the same)
    let best = 0;
    let equals = 1;
    for (let i = 1; i < totals.length; i++) {
      const difference = (totals[i] as number) - (totals[best] as number);
      if (difference > 0) [best, equals] = [i, 1];
      else if (difference === 0 && this.#options.random() < 1 / ++equals) best = i;
    }
    return feasible[best] as NodeInfo;
  }
}

function restrict(filters: readonly { filter: Filter }[], snapshot: Snapshot): readonly NodeInfo[] {
  const named = filters.flatMap(({ filter }) => (filter.nodes ? [filter.nodes] : []));
  const [first, ...others] = named;
  if (!first) return snapshot.nodes;
  return [...first].filter((name) => others.every((set) => set.has(name))).flatMap((name) => snapshot.node(name) ?? []);
}

function judge(node: NodeInfo, filters: readonly { name: string; filter: Filter }[]): { rejection: Rejection; by: string } | undefined {
  for (const { name, filter } of filters) {
    const rejection = filter.judge(node);
    if (rejection) return { rejection, by: name };
  }
  return undefined;
}

/** How many feasible nodes are enough to choose from: half of 100 nodes and less the more there are, 5 % at least. */
function enough(nodes: number): number {
  if (nodes < MIN_FEASIBLE) return nodes;
  const percentage = Math.max(50 - Math.floor(nodes / 125), MIN_PERCENTAGE);
  return Math.max(Math.floor((nodes * percentage) / 100), MIN_FEASIBLE);
}

function addScores(totals: number[], scorer: Scorer, feasible: readonly NodeInfo[], plugin: Plugin): void {
  const scores = feasible.map(scorer.score);
  scorer.normalize?.(scores, feasible);
  for (const [i, score] of scores.entries()) {
    if (score < 0 || score > MAX_NODE_SCORE) throw new Error(`plugin ${plugin.name} scores ${score}, which is not in 0…${MAX_NODE_SCORE}`);
    totals[i] = (totals[i] ?? 0) + score * (plugin.weight ?? 1);
  }
}
