// Addresses of Services as objects: ServiceCIDRs say which there are, an IPAddress says that one is taken (KEP-1880).
import type { Draft, KubeObject } from '../meta/object.js';
import type { IPAddress, ServiceCIDR } from '../types/networking-v1.gen.js';
import { type Address, addressText, lastOf, type Prefix, parseAddress, parsePrefix, prefixContains } from './ip.js';

/** Label of an IPAddress: `IPv4` or `IPv6`. */
export const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
/** Label of an IPAddress: who made it, and may remove it. */
const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
/** The manager of the addresses of Services. */
const ALLOCATOR = 'ipallocator.k8s.io';

/** The first and last address that can be given out: not the network's own, nor the broadcast address of IPv4. */
export function usableRange(range: Prefix): [bigint, bigint] {
  return [range.base + 1n, range.family === 'IPv4' ? lastOf(range) - 1n : lastOf(range)];
}

/** The networks of a ServiceCIDR. */
export function prefixesOf({ spec }: ServiceCIDR): Prefix[] {
  return (spec.cidrs ?? []).flatMap((cidr) => parsePrefix(cidr) ?? []);
}

/** Whether a network can give out an address. */
export function canServe(range: Prefix, address: Address): boolean {
  const [first, last] = usableRange(range);
  return prefixContains(range, address) && address.value >= first && address.value <= last;
}

/** Those of the ServiceCIDRs that can give out an address. */
export function cidrsServing(cidrs: readonly ServiceCIDR[], address: Address): ServiceCIDR[] {
  return cidrs.filter((cidr) => prefixesOf(cidr).some((range) => canServe(range, address)));
}

/** Whether addresses may be taken from a ServiceCIDR. Without a controller that says so it counts as ready. */
export function isReady({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  return condition === undefined || condition.status === 'True';
}

/** The name of the IPAddress of an address in any spelling: the canonical one. */
export function addressName(ip: string): string {
  const address = parseAddress(ip);
  return address ? addressText(address.family, address.value) : ip;
}

/** The object that says that a Service has an address. */
export function addressObject(ip: string, { metadata: { namespace, name } }: KubeObject): Draft<IPAddress> {
  const family = parseAddress(ip)?.family ?? 'IPv4';
  return {
    metadata: { name: addressName(ip), labels: { [FAMILY_LABEL]: family, [MANAGED_BY_LABEL]: ALLOCATOR } },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

/** Whether an IPAddress was made for a Service by the server. */
export function isManaged({ metadata }: IPAddress): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === ALLOCATOR;
}
