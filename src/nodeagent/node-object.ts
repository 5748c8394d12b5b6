// The Node object as a kubelet writes it: what a node is at registration, and its status.
import { ARCH_LABEL, BETA_ARCH_LABEL, BETA_OS_LABEL, HOSTNAME_LABEL, OS_LABEL } from '../api/meta/well-known.js';
import { hostname } from 'node:os';
import type { Node, NodeCondition, NodeStatus, Taint } from '../api/types/core-v1.gen.js';
import { timestamp } from '../util/clock.js';
import type { Runtime } from './runtime.js';

/** What a node is to be like; absent: as its runtime says. */
export interface NodeSpec {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Quantities: cpu, memory, pods, ephemeral-storage, extended resources. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** The node's address. */
  readonly ip?: string;
  /** The range of its pods' addresses. */
  readonly podCIDR?: string;
}

/** Names a runtime of the host; on a Node without an agent it asks the host to adopt the node. */
export const RUNTIME_ANNOTATION = 'kubemu.dev/runtime';
/** `stopped`: the node behaves like a machine without power. */
export const AGENT_ANNOTATION = 'kubemu.dev/agent';

/** The version of Kubernetes the agent behaves like. */
const KUBELET_VERSION = 'v1.36.3';
const KUBELET_PORT = 10250;

/** Where a node and its pods can be reached. */
export interface NodeAddressing {
  readonly ip: string;
  readonly podCIDR: string;
}

/** The object a new node registers with. */
export function newNode(spec: NodeSpec, runtime: Runtime, addressing: NodeAddressing, now: number): NodeDraft {
  return {
    metadata: {
      name: spec.name,
      labels: { ...standardLabels(spec.name, runtime), ...spec.labels },
      annotations: { [RUNTIME_ANNOTATION]: runtime.name, 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: { podCIDR: addressing.podCIDR, podCIDRs: [addressing.podCIDR], ...(spec.taints && { taints: [...spec.taints] }) },
    status: nodeStatus({ name: spec.name, capacity: spec.capacity, runtime, ip: addressing.ip, present: undefined, now }),
  };
}

/** A Node as it is sent to be created. */
export type NodeDraft = Pick<Node, 'spec' | 'status'> & {
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
};

/** The labels every kubelet gives its node. */
export function standardLabels(name: string, runtime: Runtime): Record<string, string> {
  const { architecture } = runtime.info;
  return {
    [BETA_ARCH_LABEL]: architecture,
    [BETA_OS_LABEL]: 'linux',
    [ARCH_LABEL]: architecture,
    [HOSTNAME_LABEL]: name,
    [OS_LABEL]: 'linux',
  };
}

/** What the status of a Node is made of. */
export interface StatusInput {
  readonly name: string;
  readonly capacity: Readonly<Record<string, string>> | undefined;
  readonly runtime: Runtime;
  readonly ip: string;
  /** The status on the server: conditions keep their time of change from it. */
  readonly present: NodeStatus | undefined;
  readonly now: number;
}

/** The whole status of a healthy node. */
export function nodeStatus({ name, capacity, runtime, ip, present, now }: StatusInput): NodeStatus {
  const all: Record<string, string> = { ...runtime.info.capacity, 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: '110', ...capacity };
  return {
    addresses: [
      { type: 'InternalIP', address: ip },
      { type: 'Hostname', address: name },
    ],
    allocatable: all,
    capacity: all,
    conditions: conditions(present, now),
    daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
    nodeInfo: {
      architecture: runtime.info.architecture,
      bootID: stableUUID(`${hostname()}/${name}/boot`),
      containerRuntimeVersion: runtime.info.version,
      kernelVersion: runtime.info.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: KUBELET_VERSION,
      machineID: stableUUID(`${name}/machine`).replaceAll('-', ''),
      operatingSystem: 'linux',
      osImage: runtime.info.osImage,
      systemUUID: stableUUID(`${name}/system`),
    },
  };
}

const HEALTHY = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const;

function conditions(present: NodeStatus | undefined, now: number): NodeCondition[] {
  return HEALTHY.map(([type, status, reason, message]) => {
    const old = present?.conditions?.find((c) => c.type === type);
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : timestamp(now);
    return { type, status, reason, message, lastHeartbeatTime: timestamp(now), lastTransitionTime };
  });
}

/** Whether the server shows what the agent says: false after others have declared the node unreachable. */
export function showsHealth(node: Node): boolean {
  return HEALTHY.every(([type, status]) => node.status?.conditions?.some((c) => c.type === type && c.status === status));
}

/** A UUID that is always the same for a text. */
function stableUUID(text: string): string {
  let hash = 0xcbf29ce484222325n;
  let digits = '';
  for (let round = 0; round < 2; round++) {
    for (const byte of Buffer.from(`${round}${text}`)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    digits += hash.toString(16).padStart(16, '0');
  }
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
