// Gives pods nodes: informers fill the cache and the queue; one pod after the other gets its turn (cycle.ts); a chosen node
// is assumed at once and bound through the API in the background, so the next turn need not wait for it.
import { isApiError } from '../api/meta/errors.js';
import { uidOf } from '../api/meta/object.js';
import { namespaces, nodes, pods } from '../api/meta/resources.gen.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Binding, Pod } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import { EventRecorder } from '../client/event-recorder.js';
import type { Informers } from '../client/informers.js';
import { keyOf } from '../client/store.js';
import { type Clock, timestamp } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { Cache } from './cache.js';
import { assignedPodChanges, nodeChanges, waitingPodChanges } from './changes.js';
import { SchedulingCycle } from './cycle.js';
import type { Plugin, Snapshot } from './framework.js';
import { Owners } from './owners.js';
import { plugins as allPlugins } from './plugins/index.js';
import { type Queued, SchedulingQueue } from './queue.js';

/** What the scheduler works with. */
export interface SchedulerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Schedules the pods whose spec.schedulerName is this. */
  readonly profileName?: string;
  /** The rules, in the order of running; default: all of plugins/index.ts. */
  readonly plugins?: readonly Plugin[];
}

/** A running scheduler. */
export interface Scheduler {
  /** Resolves when no pod is being worked on any more. */
  stop(): Promise<void>;
}

/** After so many milliseconds of scheduling others get their turn. */
const SLICE = 8;

/** Starts a scheduler. It begins once the informers have their first lists. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const scheduler = new RunningScheduler(options);
  scheduler.start();
  return scheduler;
}

class RunningScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #profile: string;
  readonly #client: Client;
  readonly #cache = new Cache();
  readonly #queue: SchedulingQueue;
  readonly #cycle: SchedulingCycle;
  readonly #owners: Owners;
  readonly #events: EventRecorder;
  /** Bindings and conditions that are on their way to the server. */
  readonly #writes = new Set<Promise<void>>();
  readonly #removeHandlers: (() => void)[] = [];
  readonly #abort = new AbortController();
  #running = false;
  #ready = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#profile = options.profileName ?? 'default-scheduler';
    this.#client = options.client.as('kube-scheduler');
    const plugins = options.plugins ?? allPlugins;
    this.#queue = new SchedulingQueue({ plugins, clock: options.clock, wake: () => this.#wake() });
    this.#cycle = new SchedulingCycle({ plugins, random: options.random });
    this.#owners = new Owners(options.informers);
    this.#events = new EventRecorder({ ...options, client: this.#client, component: this.#profile });
  }

  start(): void {
    const { informers } = this.#options;
    this.#removeHandlers.push(
      informers.of(nodes).addHandler({
        add: (node) => {
          this.#cache.setNode(node);
          this.#queue.notify({ event: 'node-added', old: undefined, current: node });
        },
        update: (old, node) => {
          this.#cache.setNode(node);
          for (const change of nodeChanges(old, node)) this.#queue.notify(change);
        },
        delete: (node) => this.#cache.removeNode(node.metadata.name),
      }),
      informers.of(pods).addHandler({
        add: (pod) => this.#podAdded(pod),
        update: (old, pod) => this.#podUpdated(old, pod),
        delete: (pod) => this.#podDeleted(pod),
      }),
      informers
        .of(namespaces)
        .addHandler({ update: (old, current) => this.#queue.notify({ event: 'namespace-labels-changed', old, current }) }),
    );
    void Promise.all([informers.of(nodes).synced, informers.of(pods).synced, informers.of(namespaces).synced, this.#owners.synced()]).then(
      () => {
        this.#ready = true;
        this.#wake();
      },
    );
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    for (const remove of this.#removeHandlers) remove();
    this.#queue.stop();
    await Promise.all(this.#writes);
    await this.#events.stop();
  }

  #podAdded(pod: Pod): void {
    if (pod.spec.nodeName) {
      this.#cache.setPod(pod);
      if (!isPodFinished(pod)) this.#queue.notify({ event: 'assigned-pod-added', old: undefined, current: pod });
    } else if (this.#responsible(pod)) this.#queue.add(pod);
  }

  #podUpdated(old: Pod, pod: Pod): void {
    const uid = uidOf(pod);
    if (!pod.spec.nodeName) {
      if (!this.#responsible(pod)) this.#queue.remove(uid);
      else if (!this.#cache.isAssumed(uid)) this.#queue.update(old, pod, waitingPodChanges(old, pod));
      return;
    }
    this.#queue.remove(uid);
    this.#cache.setPod(pod);
    if (!old.spec.nodeName) this.#queue.notify({ event: 'assigned-pod-added', old: undefined, current: pod });
    else if (!isPodFinished(old) && isPodFinished(pod)) this.#queue.notify({ event: 'assigned-pod-deleted', old: pod, current: undefined });
    else for (const change of assignedPodChanges(old, pod)) this.#queue.notify(change);
  }

  #podDeleted(pod: Pod): void {
    const uid = uidOf(pod);
    this.#queue.remove(uid);
    const counted = pod.spec.nodeName || this.#cache.isAssumed(uid);
    this.#cache.removePod(uid);
    if (counted) this.#queue.notify({ event: 'assigned-pod-deleted', old: pod, current: undefined });
  }

  #responsible(pod: Pod): boolean {
    return (pod.spec.schedulerName ?? 'default-scheduler') === this.#profile && !isPodFinished(pod);
  }

  #wake(): void {
    if (this.#running || !this.#ready || this.#abort.signal.aborted) return;
    this.#running = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#running = false;
    const { clock } = this.#options;
    const until = clock.now() + SLICE;
    const snapshot = this.#snapshot();
    while (!this.#abort.signal.aborted) {
      const queued = this.#queue.next();
      if (!queued) return;
      this.#turn(queued, snapshot);
      if (clock.now() >= until) {
        this.#wake();
        return;
      }
    }
  }

  #snapshot(): Snapshot {
    const cache = this.#cache;
    const { informers } = this.#options;
    return {
      nodes: cache.nodes,
      node: (name) => cache.node(name),
      get nodesWithAffinityPods() {
        return cache.nodes.filter((n) => n.affinityPods > 0);
      },
      namespaceLabels: (name) => {
        const namespace = informers.of(namespaces).store.get(name);
        return namespace && (namespace.metadata.labels ?? {});
      },
      defaultSelector: (pod) => this.#owners.selectorOf(pod),
    };
  }

  #turn(queued: Queued, snapshot: Snapshot): void {
    const { pod } = queued;
    if (pod.metadata.deletionTimestamp) {
      this.#events.warning(pod, 'FailedScheduling', `skip schedule deleting pod: ${pod.metadata.namespace}/${pod.metadata.name}`);
      return;
    }
    let outcome: ReturnType<SchedulingCycle['run']>;
    try {
      outcome = this.#cycle.run(pod, snapshot);
    } catch (error) {
      this.#options.logger.error('scheduling a pod failed', { pod: keyOf(pod), error });
      this.#fail(queued, pod, 'SchedulerError', messageOf(error), new Set());
      return;
    }
    if ('message' in outcome) {
      this.#fail(queued, pod, 'Unschedulable', outcome.message, outcome.rejectedBy);
      return;
    }
    this.#cache.assume(pod, outcome.node);
    const binding = this.#bind(queued, pod, outcome.node).finally(() => this.#writes.delete(binding));
    this.#writes.add(binding);
  }

  async #bind(queued: Queued, pod: Pod, node: string): Promise<void> {
    const { namespace = '', name, uid } = pod.metadata;
    try {
      const body = { metadata: { name, namespace, ...(uid !== undefined && { uid }) }, target: { kind: 'Node', name: node } };
      await this.#client.createSubresource<Binding>(pods, { namespace, name }, 'binding', body, { signal: this.#abort.signal });
      this.#events.normal(pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`);
    } catch (error) {
      this.#cache.forget(uid ?? '');
      if (this.#abort.signal.aborted) return;
      // the freed room may be what another pod waits for
      this.#queue.notify({ event: 'assigned-pod-deleted', old: pod, current: undefined });
      const present = this.#options.informers.of(pods).store.get(keyOf(pod));
      if (isApiError(error, 'NotFound') || !present || present.metadata.uid !== uid || present.spec.nodeName) return;
      const message = `binding rejected: running Bind plugin "DefaultBinder": ${messageOf(error)}`;
      this.#fail(queued, present, 'SchedulerError', message, new Set());
    }
  }

  #fail(queued: Queued, pod: Pod, reason: 'Unschedulable' | 'SchedulerError', message: string, rejectedBy: ReadonlySet<string>): void {
    this.#queue.failed(queued, pod, rejectedBy);
    this.#events.warning(pod, 'FailedScheduling', message.slice(0, 1024));
    const known = pod.status?.conditions?.find((c) => c.type === 'PodScheduled');
    if (known?.status === 'False' && known.reason === reason && known.message === message) return;
    const writing = this.#writeCondition(pod, reason, message, known?.status === 'False' ? known.lastTransitionTime : undefined).finally(
      () => this.#writes.delete(writing),
    );
    this.#writes.add(writing);
  }

  async #writeCondition(pod: Pod, reason: string, message: string, since: string | undefined): Promise<void> {
    const { namespace = '', name, uid, generation } = pod.metadata;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime: since ?? timestamp(this.#options.clock.now()),
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    try {
      const body = { metadata: { uid }, status: { conditions: [condition] } };
      await this.#client.patch(
        pods,
        { namespace, name },
        { type: 'strategic', body },
        { subresource: 'status', signal: this.#abort.signal },
      );
    } catch (error) {
      if (!this.#abort.signal.aborted && !isApiError(error, 'NotFound') && !isApiError(error, 'Conflict'))
        this.#options.logger.error('the condition of a pod could not be written', { pod: keyOf(pod), error });
    }
  }
}
