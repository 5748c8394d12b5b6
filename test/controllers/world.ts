// A registry in memory, a client, and controllers on a virtual clock: everything but HTTP, scheduler and nodes.
import deployments from '../../src/api/apps-v1/deployments.js';
import replicasets from '../../src/api/apps-v1/replicasets.js';
import leases from '../../src/api/coordination-v1/leases.js';
import type { Definition } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import endpointslices from '../../src/api/discovery-v1/endpointslices.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import poddisruptionbudgets from '../../src/api/policy-v1/poddisruptionbudgets.js';
import clusterroles from '../../src/api/rbac-v1/clusterroles.js';
import flowschemas from '../../src/api/flowcontrol-v1/flowschemas.js';
import prioritylevelconfigurations from '../../src/api/flowcontrol-v1/prioritylevelconfigurations.js';
import ipaddresses from '../../src/api/networking-v1/ipaddresses.js';
import servicecidrs from '../../src/api/networking-v1/servicecidrs.js';
import configmaps from '../../src/api/v1/configmaps.js';
import endpoints from '../../src/api/v1/endpoints.js';
import events from '../../src/api/v1/events.js';
import namespaces from '../../src/api/v1/namespaces.js';
import nodes from '../../src/api/v1/nodes.js';
import persistentvolumeclaims from '../../src/api/v1/persistentvolumeclaims.js';
import persistentvolumes from '../../src/api/v1/persistentvolumes.js';
import pods from '../../src/api/v1/pods.js';
import replicationcontrollers from '../../src/api/v1/replicationcontrollers.js';
import resourcequotas from '../../src/api/v1/resourcequotas.js';
import secrets from '../../src/api/v1/secrets.js';
import serviceaccounts from '../../src/api/v1/serviceaccounts.js';
import services from '../../src/api/v1/services.js';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import volumeattributesclasses from '../../src/api/storage-v1/volumeattributesclasses.js';
import { Informers } from '../../src/client/informers.js';
import type { LocalClient } from '../../src/client/local.js';
import type { SecretTokenNames } from '../../src/controllers/runtime/controller.js';
import { startControllers } from '../../src/controllers/index.js';
import { startServerLoops, type Upkeep } from '../../src/controllers/server/index.js';
import { timestamp, VirtualClock } from '../../src/util/clock.js';
import { createLogger, type Logger, silentLogger } from '../../src/util/log.js';
import { type MemoryRegistry, openRegistry } from '../helpers/memory-registry.js';

/** What controllers work with. */
const KINDS = [
  clusterroles,
  configmaps,
  deployments,
  endpoints,
  endpointslices,
  events,
  flowschemas,
  ipaddresses,
  leases,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  poddisruptionbudgets,
  pods,
  prioritylevelconfigurations,
  replicasets,
  replicationcontrollers,
  resourcequotas,
  secrets,
  serviceaccounts,
  servicecidrs,
  services,
  volumeattributesclasses,
];

/** Real milliseconds a state may take; virtual time is advanced by the tests. */
const PATIENCE = 5_000;

export class World {
  readonly clock: VirtualClock;
  readonly client: LocalClient;
  readonly informers: Informers;
  /** What the controllers have logged as errors. */
  readonly errors: string[] = [];
  readonly #stops: (() => Promise<void> | void)[] = [];
  #startLoops: ((upkeep: readonly Upkeep[]) => { stop(): Promise<void> }) | undefined;

  private constructor({ client, close }: MemoryRegistry, clock: VirtualClock) {
    this.clock = clock;
    this.client = client;
    this.#stops.push(close);
    this.informers = new Informers({
      client: this.client,
      clock: this.clock,
      random: Math.random,
      logger: process.env['KUBEMU_TEST_LOG'] ? createLogger(2) : silentLogger,
    });
    this.#stops.push(() => this.informers.stop());
  }

  /** @param enabled as --controllers */
  static async start(enabled: readonly string[] = ['*']): Promise<World> {
    const definitions = new Definitions();
    // a definition of pods is one of objects, to whoever only asks for what all have
    for (const kind of KINDS) definitions.add(kind as unknown as Definition);
    const clock = new VirtualClock();
    const registry = await openRegistry(definitions, clock);
    const world = new World(registry, clock);
    const { serviceClusterIPRanges } = registry.settings;
    const options = {
      client: world.client,
      informers: world.informers,
      clock: world.clock,
      random: Math.random,
      logger: listener(process.env['KUBEMU_TEST_LOG'] ? createLogger(2) : silentLogger, world.errors),
      settings: {
        rootCA: 'THE CA',
        serviceClusterIPRanges,
        secretToken: async ({ namespace, secret, account, uid }: SecretTokenNames) => [namespace, secret, account, uid].join(' '),
        resources: () => definitions.all().filter((d) => d.verbs.includes('list') && d.verbs.includes('delete')),
        onResourcesChange: (listener: () => void) => void definitions.onChange(listener),
      },
    };
    // without it no pod is let in
    const controllers = startControllers({ ...options, enabled: [...enabled, 'serviceaccount'] });
    world.#stops.push(() => controllers.stop());
    world.#startLoops = (upkeep) => startServerLoops({ ...options, upkeep });
    await world.eventually(() => world.get(serviceaccounts, 'default'));
    return world;
  }

  /** Starts the server's own loops. */
  startServerLoops(upkeep: readonly Upkeep[] = []): void {
    const loops = this.#startLoops?.(upkeep);
    this.#stops.push(async () => loops?.stop());
  }

  /** Stands in for scheduler and nodes: starts pods, makes those ready for which `isReady` holds, and lets go of deleted ones. */
  runPods(isReady: (pod: Pod) => boolean = () => true): void {
    const act = (pod: Pod) => {
      const work = pod.metadata.deletionTimestamp === undefined ? this.#startPod(pod, isReady(pod)) : this.#removePod(pod);
      // a pod may change or go meanwhile: then there is another event
      work.catch(() => undefined);
    };
    this.informers.of<Pod>(pods).addHandler({ add: act, update: (_, pod) => act(pod) });
  }

  async #startPod(pod: Pod, ready: boolean): Promise<void> {
    if (pod.status.phase === 'Running') return;
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestamp(this.clock.now()) }];
    await this.client.update<Pod>(pods, { ...pod, status: { ...pod.status, phase: 'Running', conditions } }, { subresource: 'status' });
  }

  async #removePod({ metadata: { namespace = '', name } }: Pod): Promise<void> {
    await this.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  }

  async stop(): Promise<void> {
    for (let end = this.#stops.pop(); end; end = this.#stops.pop()) await end();
  }

  /** Waits, in virtual time standing still, until `check` no longer throws. @returns what it returns */
  async eventually<T>(check: () => T | Promise<T>): Promise<T> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > end) throw error;
        await this.clock.advance(1);
        await turn();
      }
    }
  }

  /** Lets everything that can happen without the passing of time happen. */
  async settle(): Promise<void> {
    for (let i = 0; i < 50; i++) await turn();
  }

  get<T extends KubeObject>(resource: Resource<T>, name: string, namespace = 'default'): Promise<T> {
    return this.client.get(resource, { namespace: resource.namespaced ? namespace : '', name });
  }

  async list<T extends KubeObject>(resource: Resource<T>, namespace = 'default'): Promise<T[]> {
    return (await this.client.list(resource, resource.namespaced ? { namespace } : {})).items;
  }
}

/** A logger that also notes the errors. */
function listener(logger: Logger, errors: string[]): Logger {
  return {
    ...logger,
    error(message, fields) {
      errors.push(message);
      logger.error(message, fields);
    },
    with: (fields) => listener(logger.with(fields), errors),
  };
}

/** Lets everything else that is waiting run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
