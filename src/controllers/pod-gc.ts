// Deletes pods that no node agent will ever clean up (upstream's pkg/controller/podgc).
import { isApiError } from '../api/meta/errors.js';
import { nodes, pods } from '../api/meta/resources.gen.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Node, Pod, PodCondition } from '../api/types/core-v1.gen.js';
import { timestamp } from '../util/clock.js';
import { type Controller, type ControllerDefinition, type Environment, watch } from './runtime/controller.js';

const PERIOD = 20_000;
/** How long a node must be missing before its pods are given up. */
const QUARANTINE = 40_000;
/** Finished pods that may lie around (--terminated-pod-gc-threshold). */
const FINISHED_MAX = 12_500;
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/** Deletes orphaned, stuck and too many finished pods. */
export const podGC: ControllerDefinition = {
  name: 'pod-garbage-collector-controller',
  alias: 'podgc',
  create: (environment) => [podGCController(environment)],
};

function podGCController(environment: Environment): Controller {
  const collector = new PodCollector(environment);
  return {
    workers: 1,
    watches: [watch(pods, () => ({})), watch(nodes, () => ({}))],
    initial: [''],
    reconcile: async () => {
      await collector.round();
      return { after: PERIOD };
    },
  };
}

class PodCollector {
  readonly #environment: Environment;
  /** Since when nodes that pods name have been missing. */
  readonly #missing = new Map<string, number>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async round(): Promise<void> {
    const { informers, logger } = this.#environment;
    const all = informers.of(pods).store.list();
    const doomed = new Map<Pod, PodCondition | undefined>();
    for (const pod of finishedBeyond(all, FINISHED_MAX)) doomed.set(pod, undefined);
    for (const pod of all) if (this.#isStuck(pod)) doomed.set(pod, undefined);
    const gone = await this.#goneNodes(all);
    for (const pod of all) if (pod.spec.nodeName && gone.has(pod.spec.nodeName)) doomed.set(pod, this.#orphaned(pod));
    for (const [pod, condition] of doomed) {
      try {
        await this.#remove(pod, condition);
      } catch (error) {
        logger.debug('a pod could not be collected', { pod: pod.metadata.name, error: error instanceof Error ? error.message : '' });
      }
    }
  }

  /** Being deleted, with nobody to confirm that it has stopped. */
  #isStuck(pod: Pod): boolean {
    if (pod.metadata.deletionTimestamp === undefined) return false;
    if (!pod.spec.nodeName) return true;
    const node = this.#environment.informers.of(nodes).store.get(pod.spec.nodeName);
    return node !== undefined && isOutOfService(node);
  }

  async #goneNodes(all: readonly Pod[]): Promise<Set<string>> {
    const { informers, clock } = this.#environment;
    const { store } = informers.of(nodes);
    const named = new Set(all.flatMap((pod) => pod.spec.nodeName || []));
    for (const name of this.#missing.keys()) if (store.get(name) || !named.has(name)) this.#missing.delete(name);
    const gone = new Set<string>();
    for (const name of named) {
      if (store.get(name)) continue;
      const since = this.#missing.get(name) ?? clock.now();
      this.#missing.set(name, since);
      if (clock.now() - since >= QUARANTINE && !(await this.#exists(name))) gone.add(name);
    }
    return gone;
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.#environment.client.get(nodes, { namespace: '', name });
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      throw error;
    }
  }

  #orphaned(pod: Pod): PodCondition {
    return {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      observedGeneration: pod.metadata.generation,
      lastTransitionTime: timestamp(this.#environment.clock.now()),
    };
  }

  /** Says that the pod has failed, unless it has finished, and takes it away without asking its node. */
  async #remove(pod: Pod, condition: PodCondition | undefined): Promise<void> {
    const { client } = this.#environment;
    const { namespace = '', name, uid } = pod.metadata;
    try {
      if (!isPodFinished(pod)) {
        const status = { phase: 'Failed', observedGeneration: pod.metadata.generation, ...(condition && { conditions: [condition] }) };
        await client.patch(
          pods,
          { namespace, name },
          { type: 'strategic', body: { metadata: { uid }, status } },
          { subresource: 'status' },
        );
      }
      await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }
}

/** The finished pods that are too many: evicted ones first, then the oldest. */
function finishedBeyond(all: readonly Pod[], max: number): Pod[] {
  const finished = all.filter(isPodFinished);
  if (finished.length <= max) return [];
  const evicted = (pod: Pod) => (pod.status.phase === 'Failed' && pod.status.reason === 'Evicted' ? 0 : 1);
  const order = (pod: Pod) => `${evicted(pod)} ${pod.metadata.creationTimestamp ?? ''} ${pod.metadata.name}`;
  return finished.sort((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, finished.length - max);
}

function isOutOfService(node: Node): boolean {
  const ready = node.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  return !ready && (node.spec.taints ?? []).some((t) => t.key === OUT_OF_SERVICE);
}
