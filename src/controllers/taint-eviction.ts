// Deletes pods from nodes with NoExecute taints they do not tolerate, or no longer tolerate (upstream's
// pkg/controller/tainteviction).
import { isApiError } from '../api/meta/errors.js';
import { nodes, pods } from '../api/meta/resources.gen.js';
import { podCondition } from '../api/shared/pod/conditions.js';
import { tolerates } from '../api/shared/tolerations.js';
import type { Node, Pod, PodCondition, Taint, Toleration } from '../api/types/core-v1.gen.js';
import { BY_NODE, podNode } from '../client/indexes.js';
import { keyOf, splitKey } from '../client/store.js';
import { timestamp } from '../util/clock.js';
import { equal } from '../util/equal.js';
import { type Controller, type ControllerDefinition, type Enqueue, type Environment, type Result, watch } from './runtime/controller.js';

/** Evicts pods by taints. */
export const taintEviction: ControllerDefinition = {
  name: 'taint-eviction-controller',
  create: (environment) => [taintEvictionController(environment)],
};

function taintEvictionController(environment: Environment): Controller {
  const { informers } = environment;
  const evictions = new Evictions(environment);
  const store = informers.of(pods).store;
  informers.of(pods).addIndex(BY_NODE, podNode);
  const podsOf = (queue: Enqueue, node: Node) => {
    for (const pod of store.byIndex(BY_NODE, node.metadata.name)) queue.add(keyOf(pod));
  };
  return {
    workers: 8,
    watches: [
      watch(pods, (queue) => ({
        add: (pod) => pod.spec.nodeName && queue.add(keyOf(pod)),
        update: (old, pod) => {
          if (old.spec.nodeName !== pod.spec.nodeName || !equal(old.spec.tolerations, pod.spec.tolerations)) queue.add(keyOf(pod));
        },
        delete: (pod) => queue.add(keyOf(pod)),
      })),
      watch(nodes, (queue) => ({
        add: (node) => noExecute(node).length > 0 && podsOf(queue, node),
        update: (old, node) => !equal(noExecute(old), noExecute(node)) && podsOf(queue, node),
      })),
    ],
    reconcile: (key) => evictions.reconcile(key),
  };
}

function noExecute(node: Node): Taint[] {
  return (node.spec.taints ?? []).filter((t) => t.effect === 'NoExecute');
}

/**
 * How long a pod may stay, in milliseconds: for ever (Infinity) when it tolerates every taint without a limit, not at all
 * when it does not tolerate one, else the shortest of the tolerations that are of use.
 */
export function toleratedFor(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = tolerations.find((t) => tolerates(t, taint));
    if (!used) return 0;
    if (used.tolerationSeconds !== undefined) shortest = Math.min(shortest, Math.max(Number(used.tolerationSeconds), 0) * 1000);
  }
  return shortest;
}

class Evictions {
  readonly #environment: Environment;
  /** Since when a pod's stay is limited. */
  readonly #since = new Map<string, { readonly uid: string | undefined; readonly at: number }>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async reconcile(key: string): Promise<Result> {
    const { informers, clock } = this.#environment;
    const pod = informers.of(pods).store.get(key);
    const node = pod?.spec.nodeName ? informers.of(nodes).store.get(pod.spec.nodeName) : undefined;
    const stay = pod && node ? toleratedFor(noExecute(node), pod.spec.tolerations ?? []) : Number.POSITIVE_INFINITY;
    if (!pod || pod.metadata.deletionTimestamp !== undefined) {
      this.#since.delete(key);
      return undefined;
    }
    if (stay === Number.POSITIVE_INFINITY) {
      if (this.#since.delete(key)) this.#tell(pod, 'Cancelling deletion of Pod');
      return undefined;
    }
    const known = this.#since.get(key);
    const since = known && known.uid === pod.metadata.uid ? known : { uid: pod.metadata.uid, at: clock.now() };
    this.#since.set(key, since);
    const left = since.at + stay - clock.now();
    if (left > 0) return { after: left };
    this.#tell(pod, 'Marking for deletion Pod');
    await this.#evict(pod);
    this.#since.delete(key);
    return undefined;
  }

  async #evict(pod: Pod): Promise<void> {
    const { client, clock } = this.#environment;
    const key = splitKey(keyOf(pod));
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      observedGeneration: pod.metadata.generation,
      lastTransitionTime: timestamp(clock.now()),
    };
    try {
      if (podCondition(pod, condition.type)?.reason !== condition.reason)
        await client.patch(
          pods,
          key,
          { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } } },
          { subresource: 'status' },
        );
      await client.delete(pods, key, { preconditions: { uid: pod.metadata.uid } });
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  #tell({ metadata: { namespace, name } }: Pod, what: string): void {
    this.#environment.recorder.normal(
      { kind: 'Pod', apiVersion: 'v1', namespace, name },
      'TaintManagerEviction',
      `${what} ${namespace}/${name}`,
    );
  }
}
