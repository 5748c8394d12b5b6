// What may change in a Service, its status and the warnings about it.
import { validateDNSSubdomain } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { parseAddress, validateIP, warningsForCIDR, warningsForIP } from '../shared/ip.js';
import type { LoadBalancerIngress, Service, ServiceSpec } from '../types/core-v1.gen.js';
import { isHeadless, NONE, needsHealthCheckPort } from './service-shape.js';
import { validateLoadBalancerClass } from './service-validation.js';

const SPEC = at('spec');
const ONCE = 'may not change once set';

/** @returns what may not be changed about a Service that exists */
export function validateServiceChange({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors = [...validateClusterIPChange(spec, old), ...validateFamilyChange(spec, old)];
  if (old.type === 'LoadBalancer' && spec.type === 'LoadBalancer' && old.loadBalancerClass !== spec.loadBalancerClass)
    errors.push(invalid(SPEC.child('loadBalancerClass'), spec.loadBalancerClass, ONCE));
  // upstream checks it here and again with the whole Service, and reports it twice
  errors.push(...validateLoadBalancerClass(spec));
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec) && old.healthCheckNodePort !== spec.healthCheckNodePort)
    errors.push(forbidden(SPEC.child('healthCheckNodePort'), 'field is immutable'));
  return errors;
}

/** A second address may come and go; the first one stays, but for changes from and to ExternalName. */
function validateClusterIPChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || (isHeadless(spec) && isHeadless(old))) return [];
  const now = spec.clusterIPs ?? [];
  const before = old.clusterIPs ?? [];
  const path = SPEC.child('clusterIPs');
  const errors: FieldError[] = [];
  if (now.length === before.length) before.forEach((ip, i) => ip !== now[i] && errors.push(invalid(path.index(i), now, ONCE)));
  else if (before.length > now.length) {
    if (now.length === 0) errors.push(invalid(path.index(0), now, 'primary clusterIP can not be unset'));
    else if (now[0] !== before[0]) errors.push(invalid(path.index(0), now, ONCE));
    if (now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack')
      errors.push(
        invalid(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP"),
      );
  } else if (before.length > 0 && now[0] !== before[0]) errors.push(invalid(path.index(0), now, ONCE));
  return errors;
}

function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || isHeadless(spec) || isHeadless(old)) return [];
  const now = spec.ipFamilies ?? [];
  const before = old.ipFamilies ?? [];
  const first = SPEC.child('ipFamilies').index(0);
  const errors: FieldError[] = [];
  if (now.length === before.length) {
    before.forEach((family, i) => family !== now[i] && errors.push(invalid(first, now, ONCE)));
    return errors;
  }
  if (before.length > now.length && !spec.clusterIPs?.length) errors.push(invalid(first, now, 'primary ipFamily can not be unset'));
  // upstream shows the addresses here
  if (before.length > 0 && now.length > 0 && now[0] !== before[0]) errors.push(invalid(first, spec.clusterIPs ?? null, ONCE));
  if (before.length > now.length && now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack')
    errors.push(
      invalid(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary ipFamily"),
    );
  return errors;
}

/** @returns all that is wrong with a load balancer's status */
export function validateLoadBalancerStatus({ spec, status }: Service, old: Service): FieldError[] {
  const path = at('status', 'loadBalancer', 'ingress');
  const ingress = status.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  const existing = (old.status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  return ingress.flatMap((point, i) => validateIngressPoint(point, path.index(i), existing));
}

function validateIngressPoint({ ip, ipMode, hostname }: LoadBalancerIngress, path: FieldPath, existing: readonly string[]): FieldError[] {
  const errors = ip ? validateIP(ip, path.child('ip'), existing) : [];
  const modes = ['Proxy', 'VIP'];
  const modePath = path.child('ipMode');
  if (ipMode === undefined) {
    if (ip) errors.push(required(modePath, 'must be specified when `ip` is set'));
  } else if (!ip) errors.push(forbidden(modePath, 'may not be specified when `ip` is not set'));
  else if (!modes.includes(ipMode)) errors.push(notSupported(modePath, ipMode, modes));
  if (!hostname) return errors;
  errors.push(...validateDNSSubdomain(hostname, path.child('hostname')));
  if (parseAddress(hostname)) errors.push(invalid(path.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
  return errors;
}

/** Texts about fields that are deprecated, ignored or oddly written. */
export function serviceWarnings({ metadata, spec }: Service): string[] {
  const texts: string[] = [];
  const hints = 'service.kubernetes.io/topology-aware-hints';
  if (Object.hasOwn(metadata.annotations ?? {}, hints))
    texts.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  if (spec.clusterIP && spec.clusterIP !== NONE)
    spec.clusterIPs?.forEach((ip, i) => texts.push(...warningsForIP(SPEC.child('clusterIPs').index(i), ip)));
  const externalIPs = spec.externalIPs ?? [];
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === NONE;
  if (headless) {
    if (spec.loadBalancerIP) texts.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) texts.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') texts.push('spec.SessionAffinity is ignored for headless services');
  }
  externalIPs.forEach((ip, i) => texts.push(...warningsForIP(SPEC.child('externalIPs').index(i), ip)));
  if (externalIPs.length > 0 && !headless && spec.type !== 'ExternalName')
    texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec.loadBalancerIP) texts.push(...warningsForIP(SPEC.child('loadBalancerIP'), spec.loadBalancerIP));
  spec.loadBalancerSourceRanges?.forEach((cidr, i) =>
    texts.push(...warningsForCIDR(SPEC.child('loadBalancerSourceRanges').index(i), cidr)),
  );
  if (spec.type === 'ExternalName' && externalIPs.length > 0) texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (spec.type !== 'ExternalName' && spec.externalName) texts.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') texts.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return texts;
}
