import { uidOf } from '../api/meta/object.js';
import { REGION_LABEL, ZONE_LABEL } from '../api/meta/well-known.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import { NodeInfo, podInfo } from './node-info.js';

/**
 * What the scheduler believes of the nodes: the pods bound to them as the server tells, and those it has just given a
 * node itself (assumed) and whose binding is still under way. A pod of a node that is not known yet waits for it.
 *
 *     assume(p, n)   p counts on n
 *     setPod(p)      the server says where p is: the assumption has become true, or is corrected
 *     forget(p)      the binding failed: p counts nowhere
 */
export class Cache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where each pod counts. */
  readonly #places = new Map<string, string>();
  readonly #assumed = new Set<string>();
  /** Pods on nodes that are not there (yet, or any more). */
  readonly #homeless = new Map<string, Map<string, Pod>>();
  #list: readonly NodeInfo[] | undefined;

  /** In the order in which scheduling looks at them: zone by zone in turn, so that a partial look sees all zones. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= interleaveZones([...this.#nodes.values()]);
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** Whether a pod counts on a node that the API does not say yet. */
  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  /** A node is new, or another one than before. */
  setNode(node: Node): void {
    const name = node.metadata.name;
    this.#list = undefined;
    const known = this.#nodes.get(name);
    if (known) {
      known.setNode(node);
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(name, info);
    for (const pod of this.#homeless.get(name)?.values() ?? []) info.addPod(podInfo(pod));
    this.#homeless.delete(name);
  }

  /** A node is gone; its pods may still be there. */
  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#nodes.delete(name);
    this.#list = undefined;
    if (info.pods.size > 0) this.#homeless.set(name, new Map([...info.pods].map(([uid, { pod }]) => [uid, pod])));
  }

  /** Counts a pod on its node before the API says that it is there. */
  assume(pod: Pod, nodeName: string): void {
    const uid = uidOf(pod);
    this.#assumed.add(uid);
    this.#place(uid, nodeName, pod);
  }

  /** Takes back an assumption; nothing happens when the server has confirmed it meanwhile. */
  forget(uid: string): void {
    if (!this.#assumed.delete(uid)) return;
    this.#unplace(uid);
  }

  /** What the server says of a pod that has a node. */
  setPod(pod: Pod): void {
    const uid = uidOf(pod);
    this.#assumed.delete(uid);
    if (isPodFinished(pod)) this.#unplace(uid);
    else this.#place(uid, pod.spec.nodeName ?? '', pod);
  }

  /** A pod is gone, or has ended. */
  removePod(uid: string): void {
    this.#assumed.delete(uid);
    this.#unplace(uid);
  }

  #place(uid: string, nodeName: string, pod: Pod): void {
    const before = this.#places.get(uid);
    if (before !== undefined && before !== nodeName) this.#unplace(uid);
    this.#places.set(uid, nodeName);
    const node = this.#nodes.get(nodeName);
    if (node) {
      node.addPod(podInfo(pod));
      return;
    }
    let waiting = this.#homeless.get(nodeName);
    if (!waiting) this.#homeless.set(nodeName, (waiting = new Map()));
    waiting.set(uid, pod);
  }

  #unplace(uid: string): void {
    const nodeName = this.#places.get(uid);
    if (nodeName === undefined) return;
    this.#places.delete(uid);
    this.#nodes.get(nodeName)?.removePod(uid);
    const waiting = this.#homeless.get(nodeName);
    waiting?.delete(uid);
    if (waiting?.size === 0) this.#homeless.delete(nodeName);
  }
}

function interleaveZones(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = `${node.labels[REGION_LABEL] ?? ''}/${node.labels[ZONE_LABEL] ?? ''}`;
    const members = zones.get(zone);
    if (members) members.push(node);
    else zones.set(zone, [node]);
  }
  if (zones.size === 1) return [...nodes];
  const result: NodeInfo[] = [];
  for (let i = 0; result.length < nodes.length; i++)
    for (const members of zones.values()) {
      const node = members[i];
      if (node) result.push(node);
    }
  return result;
}
