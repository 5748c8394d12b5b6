// Pods, nodes and a snapshot of them, for tests of the scheduling rules.
import type { Container, Node, Pod, PodSpec, Taint } from '../../src/api/types/core-v1.gen.js';
import { Cache } from '../../src/scheduler/cache.js';
import { type Outcome, SchedulingCycle } from '../../src/scheduler/cycle.js';
import type { Plugin, PodSelector, Snapshot } from '../../src/scheduler/framework.js';
import { plugins as allPlugins } from '../../src/scheduler/plugins/index.js';

let serial = 0;

export interface PodInput {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly requests?: Record<string, string>;
  readonly spec?: Partial<PodSpec>;
  readonly container?: Partial<Container>;
  readonly namespace?: string;
  readonly priority?: number;
}

export function pod({ name = `p${serial}`, labels, requests, spec, container, namespace = 'default', priority }: PodInput = {}): Pod {
  const main: Container = { name: 'main', ...(requests && { resources: { requests } }), ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${serial++}`, ...(labels && { labels }) },
    spec: { containers: [main], ...(priority !== undefined && { priority }), ...spec },
    status: {},
  };
}

export interface NodeInput {
  readonly labels?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly allocatable?: Record<string, string>;
  readonly declaredFeatures?: string[];
}

export function node(name: string, { labels, taints, unschedulable, allocatable, declaredFeatures }: NodeInput = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints && { taints }), ...(unschedulable && { unschedulable }) },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...(declaredFeatures && { declaredFeatures }) },
  };
}

export interface SnapshotInput {
  readonly nodes: readonly Node[];
  /** Pods by the node they are on. */
  readonly pods?: Readonly<Record<string, readonly Pod[]>>;
  readonly namespaces?: Readonly<Record<string, Record<string, string>>>;
  readonly selector?: PodSelector;
}

export function snapshotOf({ nodes, pods = {}, namespaces = {}, selector }: SnapshotInput): Snapshot {
  const cache = new Cache();
  for (const n of nodes) cache.setNode(n);
  for (const [name, list] of Object.entries(pods)) for (const p of list) cache.setPod({ ...p, spec: { ...p.spec, nodeName: name } });
  return {
    nodes: cache.nodes,
    node: (name) => cache.node(name),
    nodesWithAffinityPods: cache.nodes.filter((n) => n.affinityPods > 0),
    namespaceLabels: (name) => namespaces[name],
    defaultSelector: () => selector,
  };
}

/** Runs one cycle. @param random decides between equally good nodes */
export function schedule(
  p: Pod,
  input: SnapshotInput,
  { plugins = allPlugins, random = () => 0.99 }: { plugins?: readonly Plugin[]; random?: () => number } = {},
): Outcome {
  return new SchedulingCycle({ plugins, random }).run(p, snapshotOf(input));
}

/** The node a pod gets. @throws Error with the scheduler's message when it gets none */
export function placed(p: Pod, input: SnapshotInput): string {
  const outcome = schedule(p, input);
  if ('node' in outcome) return outcome.node;
  throw new Error(outcome.message);
}

/** The first sentence of why a pod gets no node. @throws Error when it gets one */
export function refused(p: Pod, input: SnapshotInput): string {
  const outcome = schedule(p, input);
  if ('node' in outcome) throw new Error(`the pod got ${outcome.node}`);
  return outcome.message.replace(/ no new claims.*$/, '');
}
