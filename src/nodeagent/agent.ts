// One node: registers it, keeps its status fresh, and gives every pod bound to it a worker.
import { isApiError } from '../api/meta/errors.js';
import { uidOf } from '../api/meta/object.js';
import { nodes } from '../api/meta/resources.gen.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import { EventRecorder } from '../client/event-recorder.js';
import { type Clock, sleep, type Timer } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { equal } from '../util/equal.js';
import { messageOf } from '../util/errors.js';
import type { LeaseRenewer } from './leases.js';
import {
  newNode,
  type NodeAddressing,
  type NodeDraft,
  nodeStatus,
  type NodeSpec,
  RUNTIME_ANNOTATION,
  showsHealth,
  standardLabels,
} from './node-object.js';
import { PodEvents } from './pod-events.js';
import type { Runtime, RuntimeContainer, RuntimeNode } from './runtime.js';
import type { Sources } from './sources.js';
import { PodWorker, type WorkerContext } from './worker.js';

/** One node and what it works with. */
export interface AgentOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly runtime: Runtime;
  readonly sources: Sources;
  readonly leases: LeaseRenewer;
  readonly spec: NodeSpec;
  readonly addressing: NodeAddressing;
  /** The pods bound to this node, from the informer. */
  readonly pods: () => readonly Pod[];
  /** The Node object, from the informer. */
  readonly nodeObject: () => Node | undefined;
}

/** A status without changes is written again after this long. */
const STATUS_INTERVAL = 5 * 60_000;
const FIRST_TRY = 200;
const LAST_TRY = 7_000;

/** The agent of one node: what the kubelet is. */
export class NodeAgent {
  readonly #options: AgentOptions;
  readonly #recorder: EventRecorder;
  readonly #workers = new Map<string, PodWorker>();
  readonly #context: WorkerContext;
  #open = false;
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #writing = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { name } = options.spec;
    this.#recorder = new EventRecorder({ ...options, component: 'kubelet', host: name });
    const node: RuntimeNode = { name, ...options.addressing };
    this.#context = { ...options, events: new PodEvents(this.#recorder), node };
  }

  get name(): string {
    return this.#options.spec.name;
  }

  /** Registers the node and takes over its pods. Resolves once it is ready to run more. */
  async start(): Promise<void> {
    const node = await this.#register();
    if (this.#stopped.signal.aborted || !node) return;
    this.#recorder.normal(this.#reference(node), 'Starting', 'Starting kubelet.');
    await this.#options.leases.add(node);
    // addresses and containers of an earlier life first, so that nothing new takes their place
    for (const pod of this.#options.pods()) await this.#adopt(pod);
    await this.#options.runtime.removeOthers(this.#context.node, new Set(this.#workers.keys()));
    if (this.#stopped.signal.aborted) return;
    this.#open = true;
    for (const worker of this.#workers.values()) worker.start();
    // what was bound meanwhile
    for (const pod of this.#options.pods()) this.podChanged(pod);
    this.#schedule();
  }

  /** A power failure: no more heartbeats, nothing more is done about pods. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#open = false;
    this.#timer?.cancel();
    this.#options.leases.remove(this.name);
    for (const worker of this.#workers.values()) worker.freeze();
    this.#workers.clear();
    await this.#recorder.stop();
  }

  /** A pod of the node is new, or another one than before. */
  podChanged(pod: Pod): void {
    if (!this.#open) return;
    const uid = uidOf(pod);
    const worker = this.#workers.get(uid);
    if (worker) {
      worker.update(pod);
      return;
    }
    void this.#adopt(pod).then(() => this.#workers.get(uid)?.start());
  }

  /** The API object of a pod is gone. */
  podDeleted(pod: Pod): void {
    this.#workers.get(uidOf(pod))?.vanish();
  }

  /** A container of a pod has ended, or changed its readiness. */
  containerChanged(podUid: string, container: RuntimeContainer): void {
    this.#workers.get(podUid)?.changed(container);
  }

  /** The sandbox of a pod has ended by itself. */
  sandboxEnded(podUid: string, sandboxId: string): void {
    this.#workers.get(podUid)?.sandboxEnded(sandboxId);
  }

  /** A ConfigMap or Secret has changed. */
  sourceChanged(namespace: string, name: string): void {
    for (const worker of this.#workers.values()) if (worker.record.pod.metadata.namespace === namespace) worker.sourceChanged(name);
  }

  /** Who works for a pod; undefined: nobody. */
  worker(podUid: string): PodWorker | undefined {
    return this.#workers.get(podUid);
  }

  /** The Node object has changed: others may have declared the node dead. */
  nodeChanged(node: Node): void {
    if (this.#open && !showsHealth(node)) void this.#writeStatus();
  }

  /** Takes over what exists of a pod. What cannot be found out now is left alone, and asked for again. */
  async #adopt(pod: Pod): Promise<void> {
    const uid = uidOf(pod);
    const worker = new PodWorker(pod, this.#context, () => this.#workers.delete(uid));
    this.#workers.set(uid, worker);
    await this.#tryToAdopt(uid, worker, FIRST_TRY);
  }

  async #tryToAdopt(uid: string, worker: PodWorker, delay: number): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await worker.adopt();
    } catch (error) {
      logger.error('what exists of a pod could not be found out', { pod: worker.record.pod.metadata.name, error });
      clock.after(delay, () => {
        if (this.#workers.get(uid) !== worker) return;
        void this.#tryToAdopt(uid, worker, Math.min(delay * 2, LAST_TRY)).then(() => worker.start());
      });
    }
  }

  /** Creates the Node, or brings the one that is there up to date. Tries until it works. */
  async #register(): Promise<Node | undefined> {
    const { clock, logger } = this.#options;
    for (let delay = FIRST_TRY; !this.#stopped.signal.aborted; delay = Math.min(delay * 2, LAST_TRY)) {
      try {
        return await this.#createOrUpdate();
      } catch (error) {
        logger.error('a node could not be registered', { node: this.name, error: messageOf(error) });
        await sleep(clock, delay, this.#stopped.signal);
      }
    }
    return undefined;
  }

  async #createOrUpdate(): Promise<Node> {
    const { client, clock, runtime, spec, addressing } = this.#options;
    const draft = newNode(spec, runtime, addressing, clock.now());
    try {
      const created = await client.create<Node>(nodes, draft);
      return equal(created.status?.capacity, draft.status.capacity) ? created : await this.#patchStatus(created);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
    const present = await client.get(nodes, { namespace: '', name: spec.name });
    const missing = this.#missing(present, draft);
    return this.#patchStatus(
      missing ? await client.patch(nodes, { namespace: '', name: spec.name }, { type: 'strategic', body: missing }) : present,
    );
  }

  /** What an existing Node lacks: the labels of every node, its range of addresses, the name of its runtime. */
  #missing(present: Node, draft: NodeDraft): Record<string, unknown> | undefined {
    const labels = Object.entries(standardLabels(this.name, this.#options.runtime)).filter(([k, v]) => present.metadata.labels?.[k] !== v);
    const annotated = present.metadata.annotations?.[RUNTIME_ANNOTATION] !== undefined;
    const addressed = Boolean(present.spec?.podCIDR);
    if (labels.length === 0 && annotated && addressed) return undefined;
    return {
      metadata: { labels: Object.fromEntries(labels), ...(!annotated && { annotations: draft.metadata.annotations }) },
      ...(!addressed && { spec: { podCIDR: draft.spec.podCIDR, podCIDRs: draft.spec.podCIDRs } }),
    };
  }

  #patchStatus(present: Node | undefined): Promise<Node> {
    const { client, clock, runtime, spec, addressing } = this.#options;
    const status = nodeStatus({
      name: spec.name,
      capacity: spec.capacity,
      runtime,
      ip: addressing.ip,
      present: present?.status,
      now: clock.now(),
    });
    const addresses = [{ $patch: 'replace' }, ...(status.addresses ?? [])];
    return client.patch(
      nodes,
      { namespace: '', name: spec.name },
      { type: 'strategic', body: { status: { ...status, addresses } } },
      { subresource: 'status' },
    );
  }

  async #writeStatus(): Promise<void> {
    if (this.#writing || this.#stopped.signal.aborted) return;
    this.#writing = true;
    try {
      await this.#patchStatus(this.#options.nodeObject());
    } catch (error) {
      this.#options.logger.debug('a node status was not written', { node: this.name, error: messageOf(error) });
    } finally {
      this.#writing = false;
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#stopped.signal.aborted) return;
    // spread, so that a thousand nodes do not write at once
    const spread = STATUS_INTERVAL * 0.1 * (this.#options.random() - 0.5);
    this.#timer = this.#options.clock.after(STATUS_INTERVAL + spread, () => void this.#writeStatus());
  }

  /** Events about a node refer to it by name only, as the kubelet's do. */
  #reference(node: Node): { kind: string; apiVersion: string; name: string; uid: string } {
    return { kind: 'Node', apiVersion: 'v1', name: node.metadata.name, uid: node.metadata.name };
  }
}
