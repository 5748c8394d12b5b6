// A registry in memory with the kinds that scheduling and running pods need, on a virtual clock; scheduler and nodes as a
// test wants them.
import type { Definition } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import { configmaps, events, namespaces, pods, serviceaccounts } from '../../src/api/meta/resources.gen.js';
import type { Container, Event, Pod } from '../../src/api/types/core-v1.gen.js';
import { Informers } from '../../src/client/informers.js';
import type { LocalClient } from '../../src/client/local.js';
import { type NodeHost, type NodeSpec, type Runtime, simulatedRuntime, startNodeHost } from '../../src/nodeagent/index.js';
import { startScheduler } from '../../src/scheduler/index.js';
import { type Clock, VirtualClock } from '../../src/util/clock.js';
import { type Logger, silentLogger } from '../../src/util/log.js';
import { type MemoryRegistry, openRegistry } from '../helpers/memory-registry.js';

const KINDS = [
  'v1/pods',
  'v1/nodes',
  'v1/events',
  'v1/configmaps',
  'v1/secrets',
  'v1/services',
  'v1/namespaces',
  'v1/serviceaccounts',
  'v1/replicationcontrollers',
  'apps-v1/replicasets',
  'apps-v1/statefulsets',
  'coordination-v1/leases',
  'networking-v1/ipaddresses',
  'networking-v1/servicecidrs',
];

/** Real milliseconds a state may take. */
const PATIENCE = 8_000;

export interface WorldOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export class World {
  readonly clock: Clock;
  readonly client: LocalClient;
  readonly informers: Informers;
  readonly logger: Logger;
  readonly #stops: (() => Promise<void> | void)[] = [];

  private constructor({ client, close }: MemoryRegistry, clock: Clock, logger: Logger) {
    this.clock = clock;
    this.logger = logger;
    this.client = client;
    this.#stops.push(close);
    this.informers = this.newInformers();
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const definitions = new Definitions();
    for (const kind of KINDS) definitions.add(((await import(`../../src/api/${kind}.js`)) as { default: Definition }).default);
    const clock = options.clock ?? new VirtualClock();
    const registry = await openRegistry(definitions, clock, ['TaintNodesByCondition']);
    const world = new World(registry, clock, options.logger ?? silentLogger);
    await world.client.create(namespaces, { metadata: { name: 'kube-node-lease' } });
    await world.client.create(serviceaccounts, { metadata: { name: 'default', namespace: 'default' } });
    await world.client.create(configmaps, { metadata: { name: 'kube-root-ca.crt', namespace: 'default' }, data: { 'ca.crt': 'THE CA' } });
    return world;
  }

  newInformers(): Informers {
    const informers = new Informers({ client: this.client, clock: this.clock, random: Math.random, logger: this.logger });
    this.#stops.push(() => informers.stop());
    return informers;
  }

  startScheduler(): void {
    const { client, informers, clock, logger } = this;
    const scheduler = startScheduler({ client, informers, clock, random: Math.random, logger });
    this.#stops.push(() => scheduler.stop());
  }

  /** @param nodes their names or specs */
  async startNodes(
    nodes: readonly (string | NodeSpec)[],
    runtime: Runtime = simulatedRuntime({ clock: this.clock, random: Math.random }),
    informers = this.informers,
  ): Promise<NodeHost> {
    const { client, clock, logger } = this;
    const specs = nodes.map((n) => (typeof n === 'string' ? { name: n } : n));
    const host = await startNodeHost({ client, informers, clock, random: Math.random, logger, nodes: specs, runtime });
    this.#stops.push(() => host.stop());
    return host;
  }

  async stop(): Promise<void> {
    for (let end = this.#stops.pop(); end; end = this.#stops.pop()) await end();
  }

  /** Moves a virtual clock; waits on a real one. */
  async advance(ms: number): Promise<void> {
    if (this.clock instanceof VirtualClock) {
      await this.clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    } else await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    for (let i = 0; i < 40; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Waits, with time all but standing still, until `check` no longer throws. @returns what it returns */
  async eventually<T>(check: () => T | Promise<T>, patience = PATIENCE): Promise<T> {
    const end = Date.now() + patience;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > end) throw error;
        await this.advance(this.clock instanceof VirtualClock ? 1 : 20);
      }
    }
  }

  get<T extends KubeObject>(resource: Resource<T>, name: string): Promise<T> {
    return this.client.get(resource, { namespace: resource.namespaced ? 'default' : '', name });
  }

  pod(name: string): Promise<Pod> {
    return this.get(pods, name);
  }

  /** Reason and message of the events about an object, in the order of their making. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.client.list<Event>(events, { namespace: 'default' });
    const own = items.filter((e) => e.involvedObject.name === name);
    return own.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map((e) => `${e.type} ${e.reason}: ${e.message}`);
  }

  /** A pod with one container, made as asked. */
  createPod(
    name: string,
    {
      annotations,
      container,
      spec,
      labels,
    }: {
      annotations?: Record<string, string>;
      container?: Partial<Container>;
      spec?: Partial<Pod['spec']>;
      labels?: Record<string, string>;
    } = {},
  ): Promise<Pod> {
    const metadata = { name, namespace: 'default', ...(annotations && { annotations }), ...(labels && { labels }) };
    return this.client.create<Pod>(pods, {
      metadata,
      spec: { containers: [{ name: 'main', image: 'example.com/app:1', ...container }], ...spec },
    });
  }
}
