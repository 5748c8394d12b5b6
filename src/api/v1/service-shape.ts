// What a Service is: predicates over its spec that defaults, allocation and validation share.
import { sameItems } from '../../util/equal.js';
import type { Service, ServiceSpec } from '../types/core-v1.gen.js';

/** The cluster IP of a Service that wants none. */
export const NONE = 'None';

/** Has cluster IPs, be it "None". */
function needsClusterIP({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

/** Has no address of its own by wish: its name leads to the pods. */
export function isHeadless({ clusterIPs }: ServiceSpec): boolean {
  return clusterIPs?.length === 1 && clusterIPs[0] === NONE;
}

/** A type that may have node ports. */
export function mayHaveNodePorts({ type }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

/** Node ports are given out without being asked for. */
export function getsNodePorts(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

/** Load balancers ask each node whether it has pods of the Service. */
export function needsHealthCheckPort(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** Can be reached from outside of the cluster. */
export function isExternallyAccessible(spec: ServiceSpec): boolean {
  return mayHaveNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
}

/** The node ports of the ports, without the one for health checks. */
export function nodePortsOf({ ports = [] }: ServiceSpec): number[] {
  return ports.flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

function sameClusterIPs(a: ServiceSpec, b: ServiceSpec): boolean {
  return (a.clusterIP ?? '') === (b.clusterIP ?? '') && sameItems(a.clusterIPs, b.clusterIPs);
}

/** Whether two Services have the same families in the same order. */
export function sameFamilies(a: ServiceSpec, b: ServiceSpec): boolean {
  return sameItems(a.ipFamilies, b.ipFamilies);
}

/** Fills in what every Service has (SetDefaults_Service). */
export function setDefaults({ spec, status }: Service): void {
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'None') spec.sessionAffinityConfig = undefined;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  spec.type ??= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of status.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

/**
 * Brings the singular and the plural field of cluster IPs into step, as clients that know only the singular one expect.
 * `old` is undefined for a new Service.
 */
export function normalizeClusterIPs(spec: ServiceSpec, old: ServiceSpec | undefined): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old.clusterIP ?? '';
  const after = spec.clusterIP ?? '';
  if (old.clusterIPs?.length && !spec.clusterIPs?.length && before === after) spec.clusterIPs = [...old.clusterIPs];
  if (before === after || !sameItems(old.clusterIPs, spec.clusterIPs)) return;
  spec.clusterIPs = before !== '' && after === '' ? undefined : [after];
}

/** Keeps what was given out before where the new spec does not speak of it, so that a manifest can be sent again. */
export function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIP(old) && needsClusterIP(spec)) {
    spec.clusterIP ||= old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs) spec.clusterIPs = [...old.clusterIPs];
  }
  if (getsNodePorts(old) && getsNodePorts(spec)) {
    const present = new Set(nodePortsOf(spec));
    const used = new Set(nodePortsOf(old).filter((port) => present.has(port)));
    const byName = new Map(old.ports?.map((port) => [port.name ?? '', port.nodePort]));
    for (const port of spec.ports ?? []) {
      const before = byName.get(port.name ?? '');
      if (!port.nodePort && before && !used.has(before)) port.nodePort = before;
    }
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec)) spec.healthCheckNodePort ||= old.healthCheckNodePort;
}

/**
 * When the type changes: clears the fields that the new type does not have, unless the client changed them too (then
 * validation shall refuse them).
 */
export function dropTypeDependent({ spec, status }: Service, { spec: old }: Service): void {
  if (needsClusterIP(old) && !needsClusterIP(spec)) {
    if (sameClusterIPs(old, spec)) spec.clusterIP = spec.clusterIPs = undefined;
    if (sameFamilies(old, spec)) spec.ipFamilies = undefined;
    if (old.ipFamilyPolicy === spec.ipFamilyPolicy) spec.ipFamilyPolicy = undefined;
  }
  if (mayHaveNodePorts(old) && !mayHaveNodePorts(spec)) {
    const before = new Set(nodePortsOf(old));
    if (nodePortsOf(spec).every((port) => before.has(port))) for (const port of spec.ports ?? []) port.nodePort = undefined;
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(spec) && old.healthCheckNodePort === spec.healthCheckNodePort)
    spec.healthCheckNodePort = undefined;
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (old.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) spec.allocateLoadBalancerNodePorts = undefined;
    if (old.loadBalancerClass === spec.loadBalancerClass) spec.loadBalancerClass = undefined;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec) && old.externalTrafficPolicy === spec.externalTrafficPolicy)
    spec.externalTrafficPolicy = undefined;
  if (spec.type !== 'LoadBalancer') status.loadBalancer = {};
}
