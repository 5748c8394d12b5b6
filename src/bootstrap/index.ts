// The objects that a cluster has from its first moment on: namespaces, the service kubernetes, priority classes …
import { networkInterfaces } from 'node:os';
import type { Definitions } from '../api/definitions.js';
import { fact } from '../api/facts.js';
import * as errors from '../api/meta/errors.js';
import {
  apiservices,
  clusterrolebindings,
  clusterroles,
  configmaps,
  endpoints,
  endpointslices,
  flowschemas,
  namespaces,
  prioritylevelconfigurations,
  rolebindings,
  roles,
  servicecidrs,
  services,
} from '../api/meta/resources.gen.js';
import type { KubeObject, Resource } from '../api/meta/object.js';
import { AUTO_MANAGED_LABEL } from '../api/meta/well-known.js';
import { dayOf, TOKEN_TRACKING } from '../api/shared/legacy-tokens.js';
import type { ServiceCIDR } from '../api/types/networking-v1.gen.js';
import type { EndpointSlice } from '../api/types/discovery-v1.gen.js';
import type { ConfigMap, Endpoints, Service } from '../api/types/core-v1.gen.js';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../api/types/rbac-v1.gen.js';
import type { Client } from '../client/client.js';
import type { Clock } from '../util/clock.js';
import { equal } from '../util/equal.js';
import { AUTHENTICATION, mendedAuthentication, mendedTracking } from './config-maps.js';
import { mendedBinding, mendedRole } from './rbac.js';

/** What a new cluster is told of itself. */
export interface BootstrapOptions {
  readonly client: Client;
  readonly definitions: Definitions;
  /** --service-cluster-ip-range */
  readonly serviceClusterIPRanges: readonly string[];
  /** First address of the first range: that of the service kubernetes. */
  readonly serviceIP: string;
  readonly port: number;
  readonly bindAddress: string;
  /** PEM of the authority that signs client certificates. */
  readonly clientCA: string;
  readonly clock: Clock;
}

/** Kept by controllers or by the server itself, or about a server other than this one. */
const NOT_OURS = new Set(['/apis/coordination.k8s.io/v1/leases', '/apis/networking.k8s.io/v1/ipaddresses']);

/** Others need them: objects their namespaces, Services the ranges of their addresses. */
const FIRST = [pathOf(namespaces), pathOf(servicecidrs)];
/** What clients reach the server by inside the cluster. */
const SERVICE = [pathOf(services), pathOf(endpoints), pathOf(endpointslices)];

const FLOW_CONTROL = [pathOf(prioritylevelconfigurations), pathOf(flowschemas)];
/** Who makes them. */
const FLOW_CONTROL_MANAGER = 'api-priority-and-fairness-config-producer-v1';
/** `true`: the server keeps the spec as it suggests it. */
const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';

/** What an object that is there should be; itself: it is right; undefined: it must be made anew. Kinds that are not here stay as they are. */
type Mender = (present: KubeObject, wanted: KubeObject, options: BootstrapOptions) => KubeObject | undefined;

const keepSpec =
  (isKept: (present: KubeObject) => boolean): Mender =>
  (present, wanted) =>
    isKept(present) ? Object.assign({}, present, { spec: specOf(wanted) }) : present;

const MENDERS: Readonly<Record<string, Mender>> = {
  // the server may have another address or port than last time
  [pathOf(endpoints)]: (present, wanted) => {
    const labels = { ...present.metadata.labels, ...wanted.metadata.labels };
    return Object.assign({}, present, { metadata: { ...present.metadata, labels }, subsets: (wanted as Endpoints).subsets });
  },
  [pathOf(endpointslices)]: (_, wanted) => wanted,
  [pathOf(prioritylevelconfigurations)]: keepSpec(isAutoUpdated),
  [pathOf(flowschemas)]: keepSpec(isAutoUpdated),
  [pathOf(apiservices)]: keepSpec(({ metadata }) => ['true', 'onstart'].includes(metadata.labels?.[AUTO_MANAGED_LABEL] ?? '')),
  [pathOf(clusterroles)]: (present, wanted) => mendedRole(present as ClusterRole, wanted as ClusterRole),
  [pathOf(roles)]: (present, wanted) => mendedRole(present as Role, wanted as Role),
  [pathOf(clusterrolebindings)]: (present, wanted) => mendedBinding(present as ClusterRoleBinding, wanted as ClusterRoleBinding),
  [pathOf(rolebindings)]: (present, wanted) => mendedBinding(present as RoleBinding, wanted as RoleBinding),
  [pathOf(configmaps)]: (present, wanted, { clock }) =>
    present.metadata.name === AUTHENTICATION
      ? mendedAuthentication(present as ConfigMap, wanted as ConfigMap, clock.now())
      : mendedTracking(present as ConfigMap, wanted as ConfigMap),
};

function isAutoUpdated({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'true';
}

/** How others may come between. */
const RACES = ['AlreadyExists', 'Conflict', 'NotFound'];
const ATTEMPTS = 3;

/** Creates what is missing, and puts right what is there (see MENDERS). */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const paths = Object.keys(bootstrapObjects()).filter((path) => !NOT_OURS.has(path));
  // the rest at once, so that it shares a few fsyncs
  await ensureAll(options, FIRST);
  await ensureAll(
    options,
    paths.filter((path) => !FIRST.includes(path)),
  );
}

/** Creates the namespaces of the system again that have been deleted. */
export async function keepNamespaces(options: BootstrapOptions): Promise<void> {
  await ensureAll(options, [pathOf(namespaces)]);
}

/** Creates the service kubernetes again when it has been deleted, and puts its endpoints right. */
export async function keepService(options: BootstrapOptions): Promise<void> {
  await ensureAll(options, SERVICE);
}

/** Creates the FlowSchemas and priority levels of the server again, and undoes changes of those it keeps up to date. */
export async function keepFlowControl(options: BootstrapOptions): Promise<void> {
  await ensureAll(options, FLOW_CONTROL);
}

/** Creates the config maps that the server keeps for others again, and puts them right. */
export async function keepConfigMaps(options: BootstrapOptions): Promise<void> {
  await ensureAll(options, [pathOf(configmaps)]);
}

async function ensureAll(options: BootstrapOptions, paths: readonly string[]): Promise<void> {
  const objects = bootstrapObjects();
  const ensurePath = (path: string) => {
    const definition = options.definitions.all().find((d) => pathOf(d) === path);
    return definition
      ? (objects[path] ?? []).map((object) => ensure(options, definition, adapted(path, structuredClone(object), options)))
      : [];
  };
  await Promise.all(paths.flatMap(ensurePath));
}

function bootstrapObjects(): Record<string, KubeObject[]> {
  return fact<Record<string, KubeObject[]>>('bootstrap-objects');
}

/** Clients are served already, and may write the same objects. */
async function ensure(options: BootstrapOptions, resource: Resource, object: KubeObject): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      return await ensureOnce(options, resource, object);
    } catch (error) {
      const isRace = RACES.some((reason) => errors.isApiError(error, reason));
      if (!isRace || attempt === ATTEMPTS) throw error;
    }
}

async function ensureOnce(options: BootstrapOptions, resource: Resource, object: KubeObject): Promise<void> {
  const isFlowControl = FLOW_CONTROL.includes(pathOf(resource));
  const client = isFlowControl ? options.client.as(FLOW_CONTROL_MANAGER) : options.client;
  // cluster-scoped ones have no namespace
  const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  // asked first: a create of what is there may fail for another reason, as a service does whose address is taken (by itself)
  const present = await client.get(resource, key).catch((e: unknown) => {
    if (errors.isApiError(e, 'NotFound')) return undefined;
    throw e;
  });
  if (!present) return void (await client.create(resource, object));
  const mend = MENDERS[pathOf(resource)];
  if (!mend) return;
  const mended = mend(present, object, options);
  if (!mended) {
    await client.delete(resource, key, { preconditions: { uid: present.metadata.uid } });
    await client.create(resource, object);
  } else if (!equal(mended, present)) await client.update(resource, mended);
}

function specOf(object: KubeObject): unknown {
  return (object as KubeObject & { spec?: unknown }).spec;
}

function adapted(path: string, object: KubeObject, options: BootstrapOptions): KubeObject {
  const { name } = object.metadata;
  if (path === pathOf(servicecidrs)) (object as ServiceCIDR).spec = { cidrs: [...options.serviceClusterIPRanges] };
  if (name === 'kubernetes' && path === pathOf(services)) {
    const { spec } = object as Service;
    spec.clusterIP = options.serviceIP;
    spec.clusterIPs = [options.serviceIP];
    spec.ipFamilies = [options.serviceIP.includes(':') ? 'IPv6' : 'IPv4'];
    for (const p of spec.ports ?? []) p.targetPort = options.port;
  }
  if (name === 'kubernetes' && path === pathOf(endpoints))
    for (const subset of (object as Endpoints).subsets ?? []) {
      subset.addresses = [{ ip: advertised(options.bindAddress) }];
      for (const p of subset.ports ?? []) p.port = options.port;
    }
  if (name === 'kubernetes' && path === pathOf(endpointslices)) {
    const slice = object as EndpointSlice;
    for (const endpoint of slice.endpoints ?? []) endpoint.addresses = [advertised(options.bindAddress)];
    for (const p of slice.ports ?? []) p.port = options.port;
  }
  if (path === pathOf(configmaps)) {
    const { data = {} } = object as ConfigMap;
    if (name === AUTHENTICATION) data['client-ca-file'] = options.clientCA;
    if (name === TOKEN_TRACKING) data['since'] = dayOf(options.clock.now());
  }
  return object;
}

/** The address under which pods can reach the server; endpoints may not be loopback addresses. */
function advertised(bindAddress: string): string {
  if (!/^(127\.|0\.0\.0\.0$|::1?$)/.test(bindAddress)) return bindAddress;
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find((a) => a.family === 'IPv4' && !a.internal);
  // a machine without a network: an address for documentation (RFC 5737), which nobody can reach either
  return own?.address ?? '192.0.2.1';
}

function pathOf({ group, version, resource }: { group: string; version: string; resource: string }): string {
  return group === '' ? `/api/${version}/${resource}` : `/apis/${group}/${version}/${resource}`;
}
