// What a Service is given beside its own fields: families, cluster IPs, node ports.
import type { Allocation, Context, Services } from '../context.js';
import { isApiError } from '../meta/errors.js';
import { endpoints } from '../meta/resources.gen.js';
import { parsePrefix } from '../shared/ip.js';
import type { Service } from '../types/core-v1.gen.js';
import { ClusterIPs, giveBack } from './service-addresses.js';
import { initFamilies } from './service-families.js';
import { NodePorts } from './service-ports.js';
import { isHeadless, keepAllocated, normalizeClusterIPs } from './service-shape.js';

/**
 * Gives a new or changed Service its families, cluster IPs and node ports (the `begin` hook).
 * @throws ApiError Invalid when a wanted value cannot be had, InternalError when a range is used up
 */
export async function allocate(service: Service, old: Service | undefined, context: Context): Promise<Allocation | undefined> {
  const { spec } = service;
  if (old) keepAllocated(spec, old.spec);
  normalizeClusterIPs(spec, old?.spec);
  initFamilies(service, old?.spec, familiesOf(context.services));
  const ips = new ClusterIPs(service, context);
  const ports = new NodePorts(service, context);
  const allocation: Allocation = {
    async commit() {
      ports.commit();
      await ips.commit();
    },
    async rollback() {
      ports.rollback();
      await ips.rollback();
    },
  };
  try {
    await ips.allocate(old?.spec);
    ports.allocate(old?.spec);
    return allocation;
  } catch (e) {
    await allocation.rollback();
    throw e;
  }
}

/** Gives back what a deleted Service had, and removes its Endpoints (the `afterDelete` hook). */
export async function release(service: Service, services: Services): Promise<void> {
  const { metadata, spec } = service;
  try {
    await services.own.delete(endpoints, { namespace: metadata.namespace ?? '', name: metadata.name });
  } catch (e) {
    if (!isApiError(e, 'NotFound')) throw e;
  }
  if (spec.type !== 'ExternalName' && !isHeadless(spec)) await giveBack(spec.clusterIPs ?? [], services);
}

function familiesOf({ settings }: Services) {
  return settings.serviceClusterIPRanges.flatMap((cidr) => parsePrefix(cidr)?.family ?? []);
}
