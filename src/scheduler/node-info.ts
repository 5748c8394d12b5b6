import { uidOf } from '../api/meta/object.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import type { PodSelector } from './framework.js';
import { type Amounts, add, amounts, assumedAmounts, requestedAmounts } from './resources.js';

/** A host port in use: "" and 0.0.0.0 mean every address. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with what the rules ask of it again and again. */
export interface PodInfo {
  readonly pod: Pod;
  readonly requests: Amounts;
  /** Like requests, but containers without one count a little. */
  readonly assumedRequests: Amounts;
  readonly ports: readonly HostPort[];
  readonly hasAffinity: boolean;
  readonly hasRequiredAntiAffinity: boolean;
}

/** Works out, once, what the rules ask of a pod. */
export function podInfo(pod: Pod): PodInfo {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  return {
    pod,
    requests: requestedAmounts(pod),
    assumedRequests: assumedAmounts(pod),
    ports: hostPorts(pod),
    hasAffinity: podAffinity !== undefined || podAntiAffinity !== undefined,
    hasRequiredAntiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  };
}

/** The host ports a pod takes, sidecars included. */
export function hostPorts(pod: Pod): HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  return [...sidecars, ...pod.spec.containers].flatMap((container) =>
    (container.ports ?? [])
      .filter((p) => (p.hostPort ?? 0) > 0)
      .map((p) => ({ ip: p.hostIP || '0.0.0.0', protocol: p.protocol ?? 'TCP', port: p.hostPort ?? 0 })),
  );
}

/** Whether two pods cannot both have their host ports on one node. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  const anyAddress = a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return a.port === b.port && a.protocol === b.protocol && (anyAddress || a.ip === b.ip);
}

/** Selectors whose counts a node remembers; more than this many at once and it begins anew. */
const REMEMBERED_SELECTORS = 32;

interface Count {
  readonly namespace: string;
  readonly selector: PodSelector;
  count: number;
}

/** A node with the pods on it (bound or assumed) and the sums the rules need. */
export class NodeInfo {
  node: Node;
  allocatable: Amounts;
  readonly requested: Amounts = new Map();
  readonly assumedRequested: Amounts = new Map();
  readonly pods = new Map<string, PodInfo>();
  readonly portsInUse = new Map<string, readonly HostPort[]>();
  affinityPods = 0;
  #counts = new Map<string, Count>();

  constructor(node: Node) {
    this.node = node;
    this.allocatable = amounts(node.status?.allocatable);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node.metadata.labels ?? {};
  }

  /** The Node object is another one than before. */
  setNode(node: Node): void {
    this.node = node;
    this.allocatable = amounts(node.status?.allocatable);
  }

  /** Counts a pod. */
  addPod(info: PodInfo): void {
    const uid = uidOf(info.pod);
    this.removePod(uid);
    this.pods.set(uid, info);
    this.#account(info, 1);
    if (info.ports.length > 0) this.portsInUse.set(uid, info.ports);
  }

  /** Counts a pod no more. */
  removePod(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.#account(info, -1);
    this.portsInUse.delete(uid);
  }

  #account(info: PodInfo, sign: 1 | -1): void {
    add(this.requested, info.requests, sign);
    add(this.assumedRequested, info.assumedRequests, sign);
    if (info.hasAffinity) this.affinityPods += sign;
    for (const count of this.#counts.values()) if (counts(info, count)) count.count += sign;
  }

  /**
   * How many living pods of `namespace` here match the selector. The answer is remembered and kept up to date, so that a
   * large workload is not counted anew for each of its pods.
   */
  countMatching(namespace: string, selector: PodSelector): number {
    const key = `${namespace}/${selector.key}`;
    const known = this.#counts.get(key);
    if (known) return known.count;
    if (this.#counts.size >= REMEMBERED_SELECTORS) this.#counts.clear();
    const count: Count = { namespace, selector, count: 0 };
    for (const info of this.pods.values()) if (counts(info, count)) count.count++;
    this.#counts.set(key, count);
    return count.count;
  }
}

function counts({ pod }: PodInfo, { namespace, selector }: Count): boolean {
  const { deletionTimestamp, labels } = pod.metadata;
  return deletionTimestamp === undefined && pod.metadata.namespace === namespace && selector.matches(labels);
}
