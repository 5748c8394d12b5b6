// The only place that joins the parts: options in; address, client and stop out. Command line, tests and embedders use
// nothing else. What a lower layer needs of a higher one is handed over here.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdmission } from './admission/index.js';
import type { Authorizer } from './api/context.js';
import { Definitions } from './api/definitions.js';
import { KINDS } from './api/kinds.gen.js';
import { serviceUnavailable } from './api/meta/errors.js';
import { events, secrets } from './api/meta/resources.gen.js';
import type { Secret } from './api/types/core-v1.gen.js';
import { bootstrap, type BootstrapOptions, keepConfigMaps, keepFlowControl, keepNamespaces, keepService } from './bootstrap/index.js';
import type { Client } from './client/client.js';
import { Informers } from './client/informers.js';
import { LocalClient } from './client/local.js';
import { enabledControllers, startControllers } from './controllers/index.js';
import { startServerLoops } from './controllers/server/index.js';
import { claimDataDirectory } from './data-directory.js';
import { Discovery } from './handlers/discovery.js';
import { resourceHandler } from './handlers/index.js';
import { OpenApi } from './handlers/openapi.js';
import { type NodeStreams, Server } from './handlers/server.js';
import type { NodeHost } from './nodeagent/index.js';
import { type ClusterOptions, resolveOptions, type Settings, serviceAddresses } from './options.js';
import { startExpiry } from './registry/expiry.js';
import { Extensions } from './extensions/index.js';
import { Registry } from './registry/registry.js';
import { assertSilent, assertStopped } from './running.js';
import { startScheduler } from './scheduler/index.js';
import { authorizerFor } from './server/authorization/index.js';
import { Health } from './server/health.js';
import { serverUrl } from './server/kubeconfig.js';
import { type Listener, listen } from './server/listener.js';
import { Metrics, type ResourceCount } from './server/metrics.js';
import { serverPaths } from './server/paths.js';
import { openPki, type Pki } from './server/pki.js';
import { createTokens, type Tokens } from './server/tokens/index.js';
import { versionInfo } from './server/version.js';
import { startCompactor } from './storage/compactor.js';
import { openLevel } from './storage/level.js';
import { measured } from './storage/measured.js';
import { openMemory } from './storage/memory.js';
import { type Storage, StorageError } from './storage/storage.js';
import type { Logger } from './util/log.js';
import { UserError } from './util/user-error.js';
import { Feed } from './watch/feed.js';

/** A running cluster. */
export interface Cluster {
  /** Path of the admin kubeconfig. */
  readonly kubeconfig: string;
  /** https://127.0.0.1:6443 */
  readonly url: string;
  /** In process: no HTTP, all rights. */
  readonly client: Client;
  /** What runs the pods; undefined: the cluster has no nodes of its own. */
  readonly nodes: NodeHost | undefined;
  readonly settings: Settings;
  /** Ends everything in the reverse order of the start. Acknowledged writes are on disk. May be called again. */
  stop(): Promise<void>;
}

/** What requests in flight get when the cluster stops. */
const GRACE_MS = 5_000;
/** Who the server is in managedFields. */
const SERVER = 'kube-apiserver';
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts a cluster. Two of them in one process do not meet.
 * @throws UserError for what the user can mend: a wrong option, a port in use, a directory that cannot be written
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const settings = resolveOptions(options);
  enabledControllers(settings.controllers);
  const stops: Stops = [];
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= endAll(stops));
  try {
    const homeless = settings.memory && options.dataDir === undefined;
    return await start(homeless ? { ...settings, dataDir: await temporaryDirectory(stops) } : settings, stops, stop);
  } catch (e) {
    await stop().catch((error) => settings.logger.error('what had been started could not be ended', { error }));
    throw e;
  }
}

/** A directory for keys and kubeconfig of a cluster that keeps nothing. @param stops as of `start` */
async function temporaryDirectory(stops: Stops): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubemu-'));
  stops.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Ends the parts in the reverse order of their start; one that fails keeps none of the others. @throws what the first threw */
async function endAll(stops: Stops): Promise<void> {
  const failures: unknown[] = [];
  for (let end = stops.pop(); end; end = stops.pop()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

type Stops = (() => Promise<void> | void)[];

/** What there is before anybody can ask for it. */
interface Core {
  readonly access: Pki;
  readonly storage: Storage;
  readonly definitions: Definitions;
  readonly registry: Registry;
  readonly feed: Feed;
  readonly authorizer: Authorizer;
  readonly client: LocalClient;
  readonly tokens: Tokens;
  readonly metrics: Metrics;
}

/** Opens storage and registry, with the custom resources that are defined. @param stops as of `start` */
async function openCore(settings: Settings, stops: Stops): Promise<Core> {
  const { clock, random, logger } = settings;
  const definitions = new Definitions(KINDS);
  // what it reads of the registry it reads when it is asked
  const metrics = new Metrics({
    version: versionInfo(),
    objectCounts: () => objectCounts(registry),
    isServed: ({ group, version, resource }) => definitions.find(group, version, resource) !== undefined,
  });
  const admission = await createAdmission({
    podSecurity: metrics.podSecurity,
    notReadyTolerationSeconds: settings.notReadyTolerationSeconds,
    unreachableTolerationSeconds: settings.unreachableTolerationSeconds,
    enable: settings.enableAdmissionPlugins,
    disable: settings.disableAdmissionPlugins,
    configFile: settings.admissionControlConfigFile,
  });
  await claimDataDirectory(settings.dataDir);
  // a store of its own is locked as it opens
  await (settings.memory ? assertStopped(settings.dataDir) : assertSilent(settings.dataDir));
  const opening = openStorage(settings);
  // registered before it is open: when another part fails meanwhile, the store must not stay locked
  stops.push(async () => (await opening.catch(() => undefined))?.close());
  const [access, storage] = await Promise.all([openPki({ ...settings, serviceAddresses: serviceAddresses(settings) }), opening]);
  const registry = new Registry({ definitions, storage: measured(storage, metrics.storageRequest), admission });
  const feed = new Feed({ storage, logger });
  stops.push(() => feed.stop());
  const authorizer = authorizerFor(settings.authorizationMode, registry);
  const client = new LocalClient(registry, SERVER);
  const tokens = createTokens({
    fixed: access.tokens,
    signingKey: () => access.serviceAccountKey(),
    bootstrap: settings.enableBootstrapTokenAuth,
    clock,
    reader: registry,
    label: labelSecret(client, logger),
  });
  registry.services = {
    clock,
    random,
    reader: registry,
    writer: registry,
    own: client,
    authorizer,
    tokens: tokens.authenticator,
    tokenIssuer: tokens.issuer,
    resourceOf: (kind) => definitions.byKind(kind),
    settings,
  };
  await registry.open(feed);
  const extensions = new Extensions({ registry, clock, logger });
  stops.push(() => extensions.stop());
  await extensions.start();
  return { access, storage, definitions, registry, feed, authorizer, client, tokens, metrics };
}

/** @param stops gets what ends each part, in the order of the start */
async function start(settings: Settings, stops: Stops, stop: () => Promise<void>): Promise<Cluster> {
  const { clock, logger } = settings;
  const core = await openCore(settings, stops);
  const { access, storage, definitions, registry, feed, client, tokens } = core;
  const streams: { host?: NodeHost } = {};
  const progress = { bootstrapped: false };
  const health = healthOf(storage, logger, progress);
  const listener = await serve({ ...core, settings, health, streams });
  stops.push(
    () => listener.close(GRACE_MS),
    () => health.stop(),
  );
  const basics: BootstrapOptions = {
    client,
    definitions,
    serviceClusterIPRanges: settings.serviceClusterIPRanges,
    serviceIP: serviceAddresses(settings)[0] as string,
    port: listener.port,
    bindAddress: settings.bindAddress,
    clock,
    clientCA: access.clientCAs.map((pem) => `${pem.trimEnd()}\n`).join(''),
  };
  await bootstrap(basics);
  progress.bootstrapped = true;
  if (storage.floor() === 0) {
    // the history of a cluster begins when its first objects are there: nobody can have seen it before
    await storage.compact(storage.revision());
    feed.trim();
  }
  stops.push(startCompactor({ storage, clock, logger }));
  if (settings.eventTTL > 0) stops.push(startExpiry({ store: registry.store(events), storage, ttl: settings.eventTTL, clock, logger }));
  const url = serverUrl(settings.bindAddress, listener.port);
  const kubeconfig = await access.writeKubeconfig(listener.port);
  const nodes = await startComponents({ settings, basics, rootCA: access.caCert, secretToken: tokens.secretToken, stops });
  if (nodes) streams.host = nodes;
  return { kubeconfig, url, client, nodes, settings, stop };
}

/** Notes in the server's own name what it has seen of a Secret's token; the request that showed the token goes on in any case. */
function labelSecret(client: Client, logger: Logger): (secret: Secret, labels: Readonly<Record<string, string>>) => Promise<void> {
  return async ({ metadata: { namespace = '', name, uid } }, labels) => {
    try {
      await client.patch(secrets, { namespace, name }, { type: 'merge', body: { metadata: { uid, labels } } });
    } catch (error) {
      logger.error('a secret could not be labelled', { namespace, name, error });
    }
  };
}

/** What upstream calls the parts of the bootstrap, in its order. */
const BOOTSTRAP_HOOKS = [
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-legacy-token-tracking-controller',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'kube-apiserver-autoregistration',
];

/** Ready are those whose store answers and who have made the objects every cluster has. */
function healthOf(storage: Storage, logger: Logger, progress: { readonly bootstrapped: boolean }): Health {
  const health = new Health(logger);
  const finished = () => {
    if (!progress.bootstrapped) throw new Error('not finished');
  };
  health.add(
    { name: 'etcd', check: () => storage.check() },
    { name: 'etcd-readiness', endpoints: ['readyz'], check: () => storage.check() },
    ...BOOTSTRAP_HOOKS.map((name) => ({ name: `poststarthook/${name}`, check: finished })),
  );
  return health;
}

/** How many objects of each resource there are. */
function objectCounts(registry: Registry): ResourceCount[] {
  return registry.stores().map(({ definition: { group, resource }, cache }) => ({ group, resource, count: cache.statistics().items }));
}

interface Front extends Core {
  readonly settings: Settings;
  readonly health: Health;
  readonly streams: { readonly host?: NodeHost };
}

/** The API server's side that clients see. */
async function serve({ settings, registry, authorizer, access, tokens, health, streams, metrics }: Front): Promise<Listener> {
  const { clock, logger } = settings;
  const { definitions } = registry;
  const nodes: NodeStreams = {
    async logs(pod, options, signal) {
      if (!streams.host) throw serviceUnavailable(`there is no agent of node ${JSON.stringify(pod.node)} to read the log from`);
      return streams.host.logs(pod, { ...options, signal });
    },
  };
  const address: { port?: number } = {};
  const serverAddress = () => `${settings.bindAddress}:${address.port}`;
  const issuer = tokens.discovery(serverAddress);
  const discovery = new Discovery({
    definitions,
    serverAddress,
    otherPaths: ['/metrics', '/version', '/openapi/v2', '/openapi/v3', '/openapi/v3/', ...issuer.keys(), ...health.paths()],
  });
  const openapi = new OpenApi({ definitions, clock, otherPaths: ['/version', ...issuer.keys()] });
  const resources = resourceHandler(new Server({ registry, clock, nodes, watchSent: metrics.watchSent }), (request) =>
    request.info.path.startsWith('/openapi/') ? openapi.handle(request) : discovery.handle(request),
  );
  const listener = await listen({
    bindAddress: settings.bindAddress,
    port: settings.securePort,
    key: access.serving.key,
    cert: access.serving.cert,
    clientCAs: access.clientCAs,
    tokens: tokens.authenticator,
    anonymousAuth: settings.anonymousAuth,
    authorizer,
    handler: serverPaths({ health, metrics, version: versionInfo(), issuer }, resources),
    metrics,
    logger,
    newId: randomUUID,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  });
  address.port = listener.port;
  return listener;
}

interface Starting {
  readonly settings: Settings;
  readonly basics: BootstrapOptions;
  readonly rootCA: string;
  readonly secretToken: Tokens['secretToken'];
  readonly stops: (() => Promise<void> | void)[];
}

/** The server's own loops, controllers, scheduler and nodes: they know the client only and could run elsewhere. */
async function startComponents({ settings, basics, rootCA, secretToken, stops }: Starting): Promise<NodeHost | undefined> {
  const { clock, random, logger, components } = settings;
  const { client, definitions, serviceClusterIPRanges } = basics;
  const informers = new Informers({ client, clock, random, logger });
  stops.push(() => informers.stop());
  const parts = { informers, clock, random, logger };
  const resources = () => definitions.all().filter((d) => d.verbs.includes('list') && d.verbs.includes('delete'));
  const onResourcesChange = (listener: () => void): void => void stops.push(definitions.onChange(listener));
  const controlling = { ...parts, client, settings: { rootCA, serviceClusterIPRanges, secretToken, resources, onResourcesChange } };
  const upkeep = [
    { name: 'bootstrap-controller', interval: 10_000, run: () => keepService(basics) },
    { name: 'system-namespaces-controller', interval: 60_000, run: () => keepNamespaces(basics) },
    { name: 'cluster-authentication-trust-controller', interval: 60_000, run: () => keepConfigMaps(basics) },
    { name: 'priority-and-fairness-config-producer', interval: 60_000, run: () => keepFlowControl(basics) },
  ];
  const loops = startServerLoops({ ...controlling, upkeep });
  stops.push(() => loops.stop());
  if (components.controllers) {
    const controllers = startControllers({ ...controlling, enabled: settings.controllers });
    stops.push(() => controllers.stop());
  }
  if (components.scheduler) {
    const scheduler = startScheduler({ ...parts, client });
    stops.push(() => scheduler.stop());
  }
  if (!components.nodes) return undefined;
  // its container runtimes are heavy: a server without nodes does without them
  const { clusterIdOf, openRuntimes, startNodeHost } = await import('./nodeagent/index.js');
  const runtimes = await openRuntimes({ ...settings, clusterId: clusterIdOf(rootCA) });
  const nodes = Array.from({ length: settings.nodes }, (_, i) => ({ name: `node-${i + 1}` }));
  const host = await startNodeHost({ ...parts, ...runtimes, client, nodes, capacity: { ...settings.nodeCapacity } });
  stops.push(() => host.stop());
  return host;
}

async function openStorage(settings: Settings): Promise<Storage> {
  if (settings.memory) return openMemory();
  try {
    return await openLevel({ directory: join(settings.dataDir, 'store'), fsync: settings.fsync, logger: settings.logger });
  } catch (error) {
    // locked, foreign, not writable
    if (error instanceof StorageError) throw new UserError(error.message, 'failure', { cause: error });
    throw error;
  }
}
