import type { Node } from '../api/types/core-v1.gen.js';
import { ipNumber, ipText, parseCIDR } from './addresses.js';
import type { NodeAddressing, NodeSpec } from './node-object.js';
import type { Runtime } from './runtime.js';

/** Pod ranges of the nodes: from 10.244.0.0 upward, then from 10.128.0.0; the services' ranges lie below. */
const RANGES = [
  parseCIDR('10.244.0.0/14'),
  parseCIDR('10.248.0.0/13'),
  parseCIDR('10.128.0.0/10'),
  parseCIDR('10.192.0.0/11'),
  parseCIDR('10.224.0.0/12'),
];
/** Addresses of simulated machines. */
const MACHINES = parseCIDR('172.18.0.0/15');
const DEFAULT_PODS = 110;

/** Gives nodes their address and the range of their pods' addresses; what a Node object has stays. */
export class Addressing {
  readonly #nodes: () => readonly Node[];
  readonly #given = new Map<string, NodeAddressing>();

  /** @param nodes all Node objects, so that nothing is given twice */
  constructor(nodes: () => readonly Node[]) {
    this.#nodes = nodes;
  }

  /** The same answer for a node every time. */
  of(spec: NodeSpec, runtime: Runtime): NodeAddressing {
    const given = this.#given.get(spec.name);
    if (given) return given;
    const present = this.#nodes().find((n) => n.metadata.name === spec.name);
    const ip =
      runtime.address ?? spec.ip ?? present?.status?.addresses?.find((a) => a.type === 'InternalIP')?.address ?? this.#freeMachine();
    const podCIDR =
      present?.spec?.podCIDR || runtime.podCIDR || spec.podCIDR || this.#freeRange(Number(spec.capacity?.pods ?? DEFAULT_PODS));
    const addressing = { ip, podCIDR };
    this.#given.set(spec.name, addressing);
    return addressing;
  }

  /** Gives the addresses of a node back. */
  release(name: string): void {
    this.#given.delete(name);
  }

  #freeMachine(): string {
    const used = new Set([...this.#given.values()].map((a) => a.ip));
    for (const node of this.#nodes()) for (const { address } of node.status?.addresses ?? []) used.add(address);
    for (let address = MACHINES.first + 2; address < MACHINES.first + MACHINES.size - 1; address++)
      if (!used.has(ipText(address))) return ipText(address);
    throw new Error('no address is free for another node');
  }

  /** A free range with room for twice the node's pods, so that addresses are not given anew at once. */
  #freeRange(maxPods: number): string {
    const bits = Math.max(8, Math.ceil(Math.log2(2 * (Number.isFinite(maxPods) ? maxPods : DEFAULT_PODS))));
    const size = 2 ** bits;
    const taken = [...this.#given.values()].map((a) => a.podCIDR);
    for (const node of this.#nodes()) if (node.spec?.podCIDR) taken.push(node.spec.podCIDR);
    const used = taken
      .map((cidr) => cidr.split('/'))
      .map(([ip = '', prefix]) => [ipNumber(ip), ipNumber(ip) + 2 ** (32 - Number(prefix))] as const);
    used.sort(([a], [b]) => a - b);
    for (const range of RANGES) {
      let candidate = range.first;
      for (const [from, to] of used) if (to > candidate && from < candidate + size) candidate = Math.ceil(to / size) * size;
      if (candidate + size <= range.first + range.size) return `${ipText(candidate)}/${32 - bits}`;
    }
    throw new Error('no range of pod addresses is free for another node');
  }
}
