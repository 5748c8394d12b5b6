// All nodes of a process: they share the pod watch, the timer wheel, the lease renewals and the runtime. The host adds nodes
// on request and adopts Node objects that name one of its runtimes; it stops and revives them as their annotation says.
import type { Readable } from 'node:stream';
import { ApiError, serviceUnavailable } from '../api/meta/errors.js';
import { nodes, pods } from '../api/meta/resources.gen.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import { BY_NODE, podNode } from '../client/indexes.js';
import type { Informers } from '../client/informers.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { NodeAgent } from './agent.js';
import { Addressing } from './addressing.js';
import { containerLogs, type PodLogOptions } from './container-logs.js';
import { LeaseRenewer } from './leases.js';
import { AGENT_ANNOTATION, type NodeSpec, RUNTIME_ANNOTATION } from './node-object.js';
import type { Runtime } from './runtime.js';
import { Sources } from './sources.js';
import { TimerWheel } from './timer-wheel.js';

/** The nodes of a process and what they share. */
export interface NodeHostOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Nodes that are to be there from the start. */
  readonly nodes: readonly NodeSpec[];
  /** What nodes run on when nobody says otherwise. */
  readonly runtime: Runtime;
  /** Further runtimes for nodes that name them. */
  readonly runtimes?: readonly Runtime[];
  /** What simulated nodes offer that do not say it themselves: quantities. */
  readonly capacity?: Readonly<Record<string, string>>;
}

/** Which pod, and the node that it is bound to. */
export interface PodOnNode {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

/** The nodes of this process. */
export interface NodeHost {
  /** The name of what nodes run on when nobody says otherwise. */
  readonly runtime: string;
  /** Adds a node. Resolves once it is registered and ready to run pods. */
  addNode(spec: NodeSpec, runtime?: Runtime): Promise<void>;
  /** Fails a node like a power failure, until it is started: the annotation of its Node says so from now on. @throws ApiError NotFound */
  stopNode(name: string): Promise<void>;
  /** Revives a failed node. @throws ApiError NotFound */
  startNode(name: string): Promise<void>;
  nodes(): { readonly name: string; readonly runtime: string; readonly running: boolean }[];
  /**
   * @returns undefined when nobody answers on the pod's node: its agent is stopped
   * @throws ApiError ServiceUnavailable for a node of another host; NotFound for a pod its agent does not know, BadRequest for a
   *     container without a log, as the API server makes them of a kubelet's answer
   */
  logs(pod: PodOnNode, options: PodLogOptions): Promise<Readable | undefined>;
  /** Stops all agents; with a runtime of its own, what runs goes on running. */
  stop(): Promise<void>;
}

interface Hosted {
  readonly spec: NodeSpec;
  readonly runtime: Runtime;
  agent: NodeAgent | undefined;
  /** The end of the agent before it. */
  stopping?: Promise<void>;
}

/** Who the agents are in managedFields and user agents. */
const MANAGER = 'kubelet';

/** Starts the host and its first nodes. They write as kubelets. Resolves once these are registered. */
export async function startNodeHost(options: NodeHostOptions): Promise<NodeHost> {
  const host = new RunningNodeHost({ ...options, client: options.client.as(MANAGER) });
  await host.start();
  return host;
}

class RunningNodeHost implements NodeHost {
  readonly #options: NodeHostOptions;
  readonly #clock: TimerWheel;
  readonly #leases: LeaseRenewer;
  readonly #sources: Sources;
  readonly #addressing: Addressing;
  readonly #hosted = new Map<string, Hosted>();
  readonly #runtimes: ReadonlyMap<string, Runtime>;
  readonly #ends: (() => void)[] = [];
  #stopped = false;

  constructor(options: NodeHostOptions) {
    this.#options = options;
    this.#clock = new TimerWheel(options.clock);
    this.#leases = new LeaseRenewer({ ...options, clock: this.#clock });
    this.#sources = new Sources(options.client, options.informers);
    this.#runtimes = new Map([options.runtime, ...(options.runtimes ?? [])].map((r) => [r.name, r]));
    options.informers.of(pods).addIndex(BY_NODE, podNode);
    this.#addressing = new Addressing(() => options.informers.of(nodes).store.list());
  }

  get runtime(): string {
    return this.#options.runtime.name;
  }

  async start(): Promise<void> {
    const { informers, nodes: specs } = this.#options;
    for (const runtime of this.#runtimes.values()) {
      runtime.onChange((uid, container) => this.#eachAgent((agent) => agent.containerChanged(uid, container)));
      runtime.onSandboxEnd((uid, id) => this.#eachAgent((agent) => agent.sandboxEnded(uid, id)));
    }
    await Promise.all([informers.of(nodes).synced, informers.of(pods).synced]);
    await Promise.all(specs.map((spec) => this.addNode(spec)));
    this.#ends.push(
      informers.of(pods).addHandler({
        add: (pod) => this.#agentOf(pod)?.podChanged(pod),
        update: (_, pod) => this.#agentOf(pod)?.podChanged(pod),
        delete: (pod) => this.#agentOf(pod)?.podDeleted(pod),
      }),
      informers.of(nodes).addHandler({
        add: (node) => this.#follow(node),
        update: (_, node) => this.#follow(node),
        delete: (node) => this.#forget(node.metadata.name),
      }),
      this.#sources.onChange((namespace, name) => this.#eachAgent((agent) => agent.sourceChanged(namespace, name))),
    );
  }

  async addNode(spec: NodeSpec, runtime: Runtime = this.#options.runtime): Promise<void> {
    const known = this.#options.informers.of(nodes).store.get(spec.name);
    const own = this.#runtimes.get(known?.metadata.annotations?.[RUNTIME_ANNOTATION] ?? '') ?? runtime;
    // a real runtime knows what its machine has
    const capacity = own.name === 'simulated' ? { ...this.#options.capacity, ...spec.capacity } : spec.capacity;
    const hosted: Hosted = { spec: { ...spec, ...(capacity && { capacity }) }, runtime: own, agent: undefined };
    this.#hosted.set(spec.name, hosted);
    if (known?.metadata.annotations?.[AGENT_ANNOTATION] === 'stopped') return;
    await this.#run(hosted);
  }

  async stopNode(name: string): Promise<void> {
    await this.#want(name, 'stopped');
    await this.#halt(name);
  }

  async startNode(name: string): Promise<void> {
    await this.#want(name, null);
    await this.#revive(name);
  }

  /** The Node says what is wanted of its agent: whatever changes it later must not undo that, nor a restart. */
  async #want(name: string, state: 'stopped' | null): Promise<void> {
    const body = { metadata: { annotations: { [AGENT_ANNOTATION]: state } } };
    await this.#options.client.patch(nodes, { namespace: '', name }, { type: 'merge', body });
  }

  async #halt(name: string): Promise<void> {
    const hosted = this.#hosted.get(name);
    const agent = hosted?.agent;
    if (!hosted || !agent) return;
    hosted.agent = undefined;
    hosted.stopping = agent.stop();
    await hosted.stopping;
  }

  async #revive(name: string): Promise<void> {
    const hosted = this.#hosted.get(name);
    if (hosted && !hosted.agent) await this.#run(hosted);
  }

  nodes(): { name: string; runtime: string; running: boolean }[] {
    return [...this.#hosted.values()].map(({ spec, runtime, agent }) => ({
      name: spec.name,
      runtime: runtime.name,
      running: agent !== undefined,
    }));
  }

  async logs({ namespace, name, node }: PodOnNode, options: PodLogOptions): Promise<Readable | undefined> {
    const hosted = this.#hosted.get(node);
    if (!hosted) throw serviceUnavailable(`there is no agent of node ${JSON.stringify(node)} to read the log from`);
    if (!hosted.agent) return undefined;
    const pod = this.#options.informers.of(pods).store.get(`${namespace}/${name}`);
    const worker = hosted.agent.worker(pod?.metadata.uid ?? '');
    if (!worker) throw noSuchLog(name);
    return containerLogs(worker.record, options, hosted.runtime, this.#options.clock);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) end();
    this.#leases.stop();
    await Promise.all([...this.#hosted.values()].flatMap(({ agent }) => agent?.stop() ?? []));
    this.#hosted.clear();
    this.#clock.stop();
    for (const runtime of this.#runtimes.values()) await runtime.close();
  }

  async #run(hosted: Hosted): Promise<void> {
    const { client, informers, random, logger } = this.#options;
    const { spec, runtime } = hosted;
    const { name } = spec;
    const agent = new NodeAgent({
      client,
      random,
      logger,
      runtime,
      spec,
      clock: this.#clock,
      sources: this.#sources,
      leases: this.#leases,
      addressing: this.#addressing.of(spec, runtime),
      pods: () => informers.of(pods).store.byIndex(BY_NODE, name),
      nodeObject: () => informers.of(nodes).store.get(name),
    });
    hosted.agent = agent;
    await hosted.stopping;
    if (hosted.agent === agent) await agent.start();
  }

  #agentOf(pod: Pod): NodeAgent | undefined {
    return pod.spec.nodeName ? this.#hosted.get(pod.spec.nodeName)?.agent : undefined;
  }

  #eachAgent(fn: (agent: NodeAgent) => void): void {
    for (const { agent } of this.#hosted.values()) if (agent) fn(agent);
  }

  /** Does what the annotations of a Node say. */
  #follow(node: Node): void {
    const { name, annotations } = node.metadata;
    const hosted = this.#hosted.get(name);
    const stopped = annotations?.[AGENT_ANNOTATION] === 'stopped';
    if (!hosted) {
      const runtime = this.#runtimes.get(annotations?.[RUNTIME_ANNOTATION] ?? '');
      if (runtime) this.#report(name, this.addNode(specOf(node), runtime));
    } else if (stopped && hosted.agent) this.#report(name, this.#halt(name));
    else if (!stopped && !hosted.agent) this.#report(name, this.#revive(name));
    else hosted.agent?.nodeChanged(node);
  }

  /** The Node object has been deleted: the machine is taken away with all that runs on it. */
  #forget(name: string): void {
    const hosted = this.#hosted.get(name);
    if (!hosted || this.#stopped) return;
    this.#hosted.delete(name);
    const addressing = this.#addressing.of(hosted.spec, hosted.runtime);
    this.#addressing.release(name);
    const removed = Promise.resolve(hosted.agent?.stop()).then(() => hosted.runtime.removeOthers({ name, ...addressing }, new Set()));
    this.#report(name, removed);
  }

  #report(node: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.logger.error('a node could not be brought to its wanted state', { node, error }));
  }
}

/** What the API server makes of a kubelet's 404. */
function noSuchLog(pod: string): ApiError {
  return new ApiError({
    code: 404,
    reason: 'NotFound',
    message: `the server could not find the requested resource ( pods/log ${pod})`,
    details: { name: pod, kind: 'pods/log' },
  });
}

/** A node somebody has created to be adopted: what it says of itself counts. */
function specOf(node: Node): NodeSpec {
  const { capacity } = node.status ?? {};
  return { name: node.metadata.name, ...(capacity && { capacity }) };
}
