// Keeps Services and IPAddresses in step: a cluster IP without its IPAddress gets one, an IPAddress without its Service goes.
// Stores of servers that knew no IPAddresses are brought up to date like that.
import { isApiError } from '../../api/meta/errors.js';
import type { KubeObject, Resource } from '../../api/meta/object.js';
import { ipaddresses, servicecidrs, services } from '../../api/meta/resources.gen.js';
import { parseAddress } from '../../api/shared/ip.js';
import { addressName, addressObject, cidrsServing, FAMILY_LABEL, isManaged } from '../../api/shared/service-ips.js';
import type { Service } from '../../api/types/core-v1.gen.js';
import type { IPAddress } from '../../api/types/networking-v1.gen.js';
import { type ControllerDefinition, type Environment, type Result } from '../runtime/controller.js';

const CONTROLLER = 'ipallocator-repair-controller';
const MAX_RETRIES = 15;
/** How long the write of a Service may take, whose address exists already. */
const CREATION_TIME = 60_000;
/** How long an address that is newer than its Service may belong to a write that is being undone. */
const UNDO_TIME = 5_000;

/** Upstream's repairLoopInterval: what happens to one side does not wake the other. */
const RESYNC = 180_000;

export const clusterIPRepair: ControllerDefinition = {
  name: CONTROLLER,
  create: (environment) => [
    {
      name: `${CONTROLLER} services`,
      maxRetries: MAX_RETRIES,
      for: services,
      resync: RESYNC,
      reconcile: (key) => repairService(environment, key),
    },
    {
      name: `${CONTROLLER} addresses`,
      maxRetries: MAX_RETRIES,
      for: ipaddresses,
      resync: RESYNC,
      reconcile: (key) => removeOrphan(environment, key),
    },
  ],
};

function isOfService(parent: IPAddress['spec']['parentRef']): boolean {
  return !parent.group && parent.resource === 'services';
}

async function repairService(environment: Environment, key: string): Promise<undefined> {
  const service = environment.informers.of(services).store.get(key);
  if (!service || service.spec.type === 'ExternalName') return;
  for (const ip of service.spec.clusterIPs ?? []) if (ip !== 'None') await repairAddress(environment, service, ip);
}

async function repairAddress(environment: Environment, service: Service, ip: string): Promise<void> {
  const { client, recorder } = environment;
  const address = parseAddress(ip);
  if (!address) return;
  const what = `[${address.family}]: ${addressName(ip)}`;
  if (cidrsServing((await client.list(servicecidrs)).items, address).length === 0)
    return recorder.warning(
      service,
      'ClusterIPOutOfRange',
      `Cluster IP ${what} is not within any configured Service CIDR; please recreate service`,
    );
  // the local copy may be late: a Service is written right after its addresses
  const present = await find(environment, ipaddresses, '', addressName(ip));
  if (!present) {
    recorder.warning(service, 'ClusterIPNotAllocated', `Cluster IP ${what} is not allocated; repairing`);
    await client.create(ipaddresses, addressObject(ip, service));
    return;
  }
  const { parentRef: parent } = present.spec;
  const isOwn = isOfService(parent) && parent.namespace === service.metadata.namespace && parent.name === service.metadata.name;
  if (!isOwn) {
    const other = isOfService(parent) ? await find(environment, services, parent.namespace ?? '', parent.name) : undefined;
    if (!other) {
      const { namespace, name } = service.metadata;
      recorder.warning(
        service,
        'ClusterIPNotAllocated',
        `the ClusterIP ${what} for Service ${namespace}/${name} has a wrong reference; repairing`,
      );
      return recreate(environment, present, service);
    }
    if (other.spec.clusterIPs?.includes(present.metadata.name))
      recorder.warning(
        service,
        'ClusterIPAlreadyAllocated',
        `Cluster IP [${address.family}]:${addressName(ip)} was assigned to multiple services; please recreate service`,
      );
  }
  if (!isManaged(present) || present.metadata.labels?.[FAMILY_LABEL] !== address.family) await recreate(environment, present, service);
}

async function recreate({ client }: Environment, { metadata: { name } }: IPAddress, service: Service): Promise<void> {
  await removeIfThere(client, name);
  await client.create(ipaddresses, addressObject(name, service));
}

async function removeIfThere(client: Environment['client'], name: string): Promise<void> {
  try {
    await client.delete(ipaddresses, { namespace: '', name });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

async function find<T extends KubeObject>(
  { client }: Environment,
  resource: Resource<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get(resource, { namespace, name });
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Addresses that others than the server made are theirs. */
async function removeOrphan(environment: Environment, name: string): Promise<Result> {
  const { client, informers, recorder, clock } = environment;
  const address = informers.of(ipaddresses).store.get(name);
  if (!address || !isManaged(address)) return undefined;
  const { parentRef: parent } = address.spec;
  if (!isOfService(parent)) {
    const { group = '', resource, namespace = '', name: owner } = parent;
    recorder.warning(
      address,
      'IPAddressNotAllocated',
      `IPAddress ${name} appears to have been modified, not referencing a Service &ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${owner},}: cleaning up`,
    );
    await removeIfThere(client, name);
    return undefined;
  }
  const namespace = parent.namespace ?? '';
  const owner = parent.name;
  const age = clock.now() - Date.parse(address.metadata.creationTimestamp ?? '');
  const service = await find(environment, services, namespace, owner);
  if (service?.spec.clusterIPs?.includes(name)) return undefined;
  // the Service may be on its way: written after its address, or about to stop being an ExternalName
  if (!service || service.spec.type === 'ExternalName') {
    if (age <= CREATION_TIME) return { after: CREATION_TIME - age + 1 };
  } else if (isNewer(address, service) && age < UNDO_TIME) return { after: UNDO_TIME };
  if (service) {
    recorder.warning(
      address,
      'IPAddressWrongReference',
      `IPAddress: ${name} for Service ${namespace}/${owner} has a wrong reference; cleaning up`,
    );
  } else
    recorder.warning(
      address,
      'IPAddressNotAllocated',
      `IPAddress: ${name} for Service ${namespace}/${owner} appears to have leaked: cleaning up`,
    );
  await removeIfThere(client, name);
  return undefined;
}

function isNewer(a: KubeObject, b: KubeObject): boolean {
  return Date.parse(a.metadata.creationTimestamp ?? '') > Date.parse(b.metadata.creationTimestamp ?? '');
}
