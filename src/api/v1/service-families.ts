// The IP families of a Service: what a client leaves open is inferred from what it says (KEP-563, dual-stack services).
import { sameItems } from '../../util/equal.js';
import { invalid as invalidObject } from '../meta/errors.js';
import { at, type FieldError, invalid } from '../meta/field-errors.js';
import { type Family, familyOf } from '../shared/ip.js';
import type { Service, ServiceSpec } from '../types/core-v1.gen.js';
import { NONE, sameFamilies } from './service-shape.js';
import { validateClusterIPs } from './service-validation.js';

const POLICY = at('spec', 'ipFamilyPolicy');

/** The families a cluster gives addresses of, the default one first. */
export type ClusterFamilies = readonly Family[];

/**
 * Sets ipFamilyPolicy and ipFamilies, before addresses are given out. `old` is undefined for a new Service.
 * @throws ApiError Invalid when the wishes contradict each other or the cluster
 */
export function initFamilies(service: Service, old: ServiceSpec | undefined, cluster: ClusterFamilies): void {
  const { spec } = service;
  if (spec.type === 'ExternalName' || keepsDualStackPreference(spec, old)) return;
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (isSelectorlessHeadless(spec) ? 'RequireDualStack' : 'SingleStack');
  refuse(service, validateClusterIPs(spec, old));
  refuse(service, [...(old ? releaseSecondary(spec, old) : []), ...validatePolicy(spec), ...inferFromAddresses(spec, cluster)]);
  const [primary = 'IPv4'] = cluster;
  if (isSelectorlessHeadless(spec)) {
    // its endpoints are somebody else's, so every combination is allowed, also on a cluster of one family
    const families = nonEmpty(spec.ipFamilies) ?? [primary];
    spec.ipFamilies = families.length < 2 && spec.ipFamilyPolicy !== 'SingleStack' ? withOther(families) : families;
    return;
  }
  refuse(service, validateAgainstCluster(spec, cluster));
  const families = nonEmpty(spec.ipFamilies) ?? [primary];
  spec.ipFamilies = spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1 && cluster.length === 2 ? withOther(families) : families;
}

/** A service that prefers two families is not changed by the way when the cluster has got or lost one. */
export function keepsDualStackPreference(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  return (
    old !== undefined &&
    old.type === spec.type &&
    spec.type !== 'ExternalName' &&
    spec.ipFamilyPolicy === 'PreferDualStack' &&
    (old.ipFamilyPolicy === undefined || old.ipFamilyPolicy === 'PreferDualStack') &&
    sameItems(old.clusterIPs, spec.clusterIPs) &&
    sameFamilies(old, spec)
  );
}

function isSelectorlessHeadless({ clusterIP, selector }: ServiceSpec): boolean {
  return clusterIP === NONE && Object.keys(selector ?? {}).length === 0;
}

/** SingleStack alone says that the second address and family go; any other policy must not lose them. */
function releaseSecondary(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const ips = spec.clusterIPs ?? [];
  const families = spec.ipFamilies ?? [];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (sameItems(old.clusterIPs, ips) && ips.length > 1) spec.clusterIPs = ips.slice(0, 1);
    if (sameFamilies(old, spec) && families.length > 1) spec.ipFamilies = families.slice(0, 1);
    return [];
  }
  const errors: FieldError[] = [];
  if (isReduced(old.clusterIPs, ips))
    errors.push(invalid(POLICY, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP"));
  if (isReduced(old.ipFamilies, families))
    errors.push(invalid(POLICY, spec.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family"));
  return errors;
}

function isReduced(old: readonly string[] = [], now: readonly string[]): boolean {
  return now.length > 0 && now.length < old.length;
}

function validatePolicy({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return [];
  const rule = (what: string) =>
    invalid(POLICY, ipFamilyPolicy, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  return [...(clusterIPs.length === 2 ? [rule('cluster IPs')] : []), ...(ipFamilies.length === 2 ? [rule('IP families')] : [])];
}

function inferFromAddresses(spec: ServiceSpec, cluster: ClusterFamilies): FieldError[] {
  const errors: FieldError[] = [];
  const families = [...(spec.ipFamilies ?? [])];
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    if (ip === NONE) break;
    if (i < families.length) continue;
    const family = familyOf(ip);
    if (cluster.includes(family)) families.push(family);
    else errors.push(invalid(at('spec', 'clusterIPs').index(i), spec.clusterIPs, `${family} is not configured on this cluster`));
  }
  if (families.length > 0) spec.ipFamilies = families;
  return errors;
}

function validateAgainstCluster({ ipFamilyPolicy, ipFamilies = [] }: ServiceSpec, cluster: ClusterFamilies): FieldError[] {
  const errors: FieldError[] = [];
  if (ipFamilyPolicy === 'RequireDualStack' && cluster.length < 2)
    errors.push(invalid(POLICY, ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  ipFamilies.forEach((family, i) => {
    if (family === '' || !cluster.includes(family))
      errors.push(invalid(at('spec', 'ipFamilies').index(i), family, 'not configured on this cluster'));
  });
  return errors;
}

type Families = NonNullable<ServiceSpec['ipFamilies']>;

function nonEmpty(families: Families | undefined): Families | undefined {
  return families?.length ? families : undefined;
}

function withOther(families: Families): Families {
  return [...families, families[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
}

function refuse(service: Service, errors: FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Service' }, service.metadata.name, errors);
}
