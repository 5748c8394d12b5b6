// Looks at all nodes every few seconds, as upstream's monitorNodeHealth.
import { isApiError } from '../../api/meta/errors.js';
import { leases, nodes, pods } from '../../api/meta/resources.gen.js';
import { podCondition } from '../../api/shared/pod/conditions.js';
import type { Node, ObjectReference, Pod } from '../../api/types/core-v1.gen.js';
import { BY_NODE } from '../../client/indexes.js';
import { timestamp } from '../../util/clock.js';
import type { Environment } from '../runtime/controller.js';
import { lostConditions, NodeHealth, readyCondition } from './health.js';
import { changeTaints, noExecuteChange } from './taints.js';
import { Zones } from './zones.js';

const LEASE_NAMESPACE = 'kube-node-lease';
/** Nodes looked at side by side. */
const BATCH = 8;
const MAX_TRIES = 5;

/** Watches over the heartbeats of all nodes: marks those that fall silent, and has their pods driven off. */
export class NodeMonitor {
  readonly #environment: Environment;
  readonly #health = new NodeHealth();
  readonly #zones: Zones;
  /** Name and uid of the nodes there were. */
  #known = new Map<string, string>();
  /** Nodes whose pods could not all be marked as not ready. */
  readonly #unmarked = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#zones = new Zones(environment.clock);
  }

  /** One round: notes signs of life, gives up silent nodes, and taints what is not ready. */
  async round(): Promise<void> {
    const all = this.#environment.informers.of(nodes).store.list();
    this.#greet(all);
    const looked: Node[] = [];
    for (let i = 0; i < all.length; i += BATCH)
      looked.push(...(await Promise.all(all.slice(i, i + BATCH).map((node) => this.#lookSafely(node)))));
    const turn = this.#zones.observe(looked);
    if (turn === 'some-back') this.#health.reset(this.#environment.clock.now());
    for (const node of looked) await this.#taint(node, turn === 'all-lost');
  }

  #greet(all: readonly Node[]): void {
    const { recorder } = this.#environment;
    const present = new Map(all.map(({ metadata: { name, uid = '' } }) => [name, uid]));
    for (const [name, uid] of present)
      if (this.#known.get(name) !== uid)
        recorder.normal(nodeReference(name, uid), 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    for (const [name, uid] of this.#known) {
      if (present.has(name)) continue;
      recorder.normal(nodeReference(name, uid), 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      this.#health.forget(name);
      this.#unmarked.delete(name);
    }
    this.#known = present;
  }

  /** One node that cannot be updated must not keep the others from being looked at. */
  async #lookSafely(node: Node): Promise<Node> {
    try {
      return await this.#look(node);
    } catch (error) {
      this.#environment.logger.debug('a node could not be updated', {
        node: node.metadata.name,
        error: error instanceof Error ? error.message : '',
      });
      return node;
    }
  }

  /** @returns the node as it is after it has been looked at */
  async #look(node: Node): Promise<Node> {
    const { clock, informers, recorder } = this.#environment;
    const { name, uid = '' } = node.metadata;
    const lease = informers.of(leases).store.get(`${LEASE_NAMESPACE}/${name}`);
    const alive = this.#health.observe(node, lease, clock.now());
    const current = alive ? node : await this.#giveUp(node);
    const ready = readyCondition(current);
    if (!ready || ready.status === 'True') {
      this.#unmarked.delete(name);
      return current;
    }
    const wasReady = readyCondition(node)?.status === 'True';
    if (wasReady) recorder.normal(nodeReference(name, uid), 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    if (wasReady || this.#unmarked.has(name)) await this.#markPods(name);
    return current;
  }

  async #giveUp(node: Node): Promise<Node> {
    const { client, clock } = this.#environment;
    for (let tries = 1, present = node; ; tries++) {
      const conditions = lostConditions(present, clock.now());
      if (!conditions) return present;
      try {
        return await client.update(nodes, { ...present, status: { ...present.status, conditions } }, { subresource: 'status' });
      } catch (error) {
        if (!isApiError(error, 'Conflict') || tries === MAX_TRIES) throw error;
        present = await client.get(nodes, { namespace: '', name: node.metadata.name });
      }
    }
  }

  async #markPods(name: string): Promise<void> {
    this.#unmarked.add(name);
    for (const pod of this.#environment.informers.of(pods).store.byIndex(BY_NODE, name)) await markNotReady(this.#environment, pod);
    this.#unmarked.delete(name);
  }

  /** @param spare the whole cluster is lost: what has been tainted is freed again */
  async #taint(node: Node, spare: boolean): Promise<void> {
    const { client, clock } = this.#environment;
    const change = noExecuteChange(node, spare);
    if (change.add.length + change.remove.length === 0) return;
    // a node that is driven empty already may change from one taint to the other at once
    if (change.add.length > 0 && change.remove.length === 0 && !this.#zones.mayEvict(node)) return;
    try {
      await changeTaints(client, node, change, clock.now());
    } catch (error) {
      this.#environment.logger.debug('a node could not be tainted', {
        node: node.metadata.name,
        error: error instanceof Error ? error.message : '',
      });
    }
  }
}

/** Tells in a pod's status that nobody knows whether it is ready. A pod that has gone is left alone. */
export async function markNotReady({ client, clock, recorder }: Environment, pod: Pod): Promise<void> {
  const ready = podCondition(pod, 'Ready');
  if (!ready || ready.status === 'False') return;
  const condition = { ...ready, status: 'False', lastTransitionTime: timestamp(clock.now()) };
  const conditions = (pod.status.conditions ?? []).map((c) => (c === ready ? condition : c));
  try {
    await client.update(pods, { ...pod, status: { ...pod.status, conditions } }, { subresource: 'status' });
  } catch (error) {
    if (isApiError(error, 'NotFound')) return;
    throw error;
  }
  recorder.warning(pod, 'NodeNotReady', 'Node is not ready');
}

function nodeReference(name: string, uid: string): ObjectReference {
  return { kind: 'Node', apiVersion: 'v1', name, uid };
}
