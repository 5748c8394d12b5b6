import {
  invalids,
  validateChoice,
  validateDNSLabel,
  validateDNSSubdomain,
  validateOptionalChoice,
  validateQualifiedName,
} from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { validateLabels } from '../meta/metadata.js';
import { isPortName, isPortNumber } from '../meta/names.js';
import { goValue } from '../shared/go-value.js';
import { familyOf, validateCIDR, validateEndpointIP, validateIP } from '../shared/ip.js';
import type { Service, ServicePort, ServiceSpec } from '../types/core-v1.gen.js';
import { isExternallyAccessible, isHeadless, NONE, needsHealthCheckPort } from './service-shape.js';

const SPEC = at('spec');
const CLUSTER_IPS = SPEC.child('clusterIPs');
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
/** What traffic of a Service stays on its node, or goes anywhere. */
export const TRAFFIC_POLICIES: readonly string[] = ['Cluster', 'Local'];
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const DAY = 86400;

/** @returns all that is wrong with a Service; `old` lets in what is there already */
export function validateService({ metadata, spec }: Service, old: Service | undefined): FieldError[] {
  const annotations = metadata.annotations ?? {};
  return [
    ...validateTopology(annotations),
    ...validateType(spec),
    ...validatePorts(spec),
    ...(spec.selector ? validateLabels(spec.selector, SPEC.child('selector')) : []),
    ...validateAffinity(spec),
    ...validateClusterIPs(spec, old?.spec),
    ...validateExternalIPs(spec, old?.spec),
    ...validateNodePorts(spec),
    ...validateLoadBalancer(spec, annotations, old),
    ...validateTrafficPolicies(spec),
  ];
}

function validateTopology(annotations: Readonly<Record<string, string>>): FieldError[] {
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  return [
    invalid(at('metadata', 'annotations').key(TOPOLOGY_MODE), mode, `must match annotations[${TOPOLOGY_HINTS}] when both are specified`),
  ];
}

function validateType(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { type } = spec;
  if (!spec.ports?.length && !isHeadless(spec) && type !== 'ExternalName') errors.push(required(SPEC.child('ports')));
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    errors.push(invalid(CLUSTER_IPS.index(0), NONE, `may not be set to 'None' for ${type} services`));
  if (type === 'ExternalName') errors.push(...validateExternalName(spec));
  return [...errors, ...validateChoice(type, SPEC.child('type'), TYPES)];
}

function validateExternalName({ clusterIPs, ipFamilies, ipFamilyPolicy, externalName = '' }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const reject = (field: string) => errors.push(forbidden(SPEC.child(field), 'may not be set for ExternalName services'));
  if (clusterIPs?.length) reject('clusterIPs');
  if (ipFamilies?.length) reject('ipFamilies');
  if (ipFamilyPolicy !== undefined) reject('ipFamilyPolicy');
  const path = SPEC.child('externalName');
  const name = externalName.replace(/\.$/, '');
  if (name === '') errors.push(required(path));
  else errors.push(...validateDNSSubdomain(name, path));
  return errors;
}

function validatePorts({ ports = [] }: ServiceSpec): FieldError[] {
  const names = new Set<string>();
  const numbers = new Set<string>();
  const errors = ports.flatMap((port, i) => validatePort(port, SPEC.child('ports').index(i), ports.length > 1, names));
  ports.forEach(({ protocol, port }, i) => {
    const identity = `${protocol} ${port}`;
    if (numbers.has(identity)) errors.push(duplicate(SPEC.child('ports').index(i), goValue({ protocol, port }, 'core.ServicePort')));
    numbers.add(identity);
  });
  return errors;
}

function validatePort(port: ServicePort, path: FieldPath, needsName: boolean, names: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  const { name, protocol, targetPort, appProtocol } = port;
  if (name) {
    errors.push(...validateDNSLabel(name, path.child('name')));
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
  } else if (needsName) errors.push(required(path.child('name')));
  errors.push(...invalids(path.child('port'), port.port, isPortNumber(port.port)));
  errors.push(...validateChoice(protocol, path.child('protocol'), PROTOCOLS));
  const target = targetPort ?? 0;
  const problems = typeof target === 'number' ? isPortNumber(target) : isPortName(target);
  errors.push(...problems.map((m) => invalid(path.child('targetPort'), target, m)));
  if (appProtocol !== undefined) errors.push(...validateQualifiedName(appProtocol, path.child('appProtocol')));
  return errors;
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const path = SPEC.child('sessionAffinityConfig');
  const needed = 'when session affinity type is ClientIP';
  switch (sessionAffinity) {
    case undefined:
      return [required(SPEC.child('sessionAffinity'))];
    case 'None':
      return config ? [forbidden(path, 'must not be set when session affinity is None')] : [];
    case 'ClientIP': {
      if (!config) return [required(path, needed)];
      if (!config.clientIP) return [required(path.child('clientIP'), needed)];
      const seconds = config.clientIP.timeoutSeconds;
      const at = path.child('clientIP', 'timeoutSeconds');
      if (seconds === undefined) return [required(at, needed)];
      return seconds > 0 && seconds <= DAY ? [] : [invalid(at, seconds, `must be greater than 0 and less than ${DAY}`)];
    }
    default:
      return [notSupported(SPEC.child('sessionAffinity'), sessionAffinity, ['ClientIP', 'None'])];
  }
}

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy by themselves; asked before addresses are given out, and after. */
export function validateClusterIPs(spec: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs = [] } = spec;
  const errors: FieldError[] = [];
  if (clusterIP !== '' && clusterIPs.length === 0) errors.push(required(CLUSTER_IPS));
  else if (clusterIP !== '' && clusterIPs[0] !== clusterIP)
    errors.push(invalid(CLUSTER_IPS, clusterIPs, 'first value must match `clusterIP`'));
  else if (clusterIP === '' && clusterIPs.length > 0)
    errors.push(invalid(CLUSTER_IPS, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  errors.push(...validateFamilies(spec));
  const wrong = clusterIPs.flatMap((ip, i) => {
    if (i === 0 && ip === NONE)
      return clusterIPs.length > 1 ? [invalid(CLUSTER_IPS, clusterIPs, "'None' must be the first and only value")] : [];
    return validateIP(ip, CLUSTER_IPS.index(i), old?.clusterIPs);
  });
  errors.push(...wrong);
  if (clusterIPs.length > 2) errors.push(invalid(CLUSTER_IPS, clusterIPs, 'may only hold up to 2 values'));
  // the rest would only repeat what is wrong with the addresses
  if (wrong.length > 0) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < 2)
    errors.push(invalid(CLUSTER_IPS, clusterIPs, 'may specify no more than one IP for each IP family'));
  return isHeadless(spec) ? errors : [...errors, ...validateFamiliesMatch(spec)];
}

function validateFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  ipFamilies.forEach((family, i) => {
    const path = SPEC.child('ipFamilies').index(i);
    if (family !== 'IPv4' && family !== 'IPv6') errors.push(notSupported(path, family, ['IPv4', 'IPv6']));
    if (seen.has(family)) errors.push(duplicate(path, family));
    seen.add(family);
  });
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  return [...errors, ...validateOptionalChoice(ipFamilyPolicy, SPEC.child('ipFamilyPolicy'), policies)];
}

function validateFamiliesMatch({ clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  return clusterIPs.flatMap((ip, i) => {
    const family = ipFamilies[i];
    if ((family !== 'IPv4' && family !== 'IPv6') || familyOf(ip) === family) return [];
    return [invalid(CLUSTER_IPS.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``)];
  });
}

function validateExternalIPs({ externalIPs = [] }: ServiceSpec, old: ServiceSpec | undefined): FieldError[] {
  return externalIPs.flatMap((ip, i) => {
    const path = SPEC.child('externalIPs').index(i);
    const errors = validateIP(ip, path, old?.externalIPs);
    return errors.length > 0 ? errors : validateEndpointIP(ip, path);
  });
}

function validateNodePorts({ type, ports = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  ports.forEach(({ protocol, nodePort }, i) => {
    if (!nodePort) return;
    const path = SPEC.child('ports').index(i).child('nodePort');
    if (type === 'ClusterIP') errors.push(forbidden(path, "may not be used when `type` is 'ClusterIP'"));
    const identity = `${protocol} ${nodePort}`;
    if (seen.has(identity)) errors.push(duplicate(path, nodePort));
    seen.add(identity);
  });
  return errors;
}

const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";

function validateLoadBalancer(spec: ServiceSpec, annotations: Readonly<Record<string, string>>, old: Service | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const isLoadBalancer = spec.type === 'LoadBalancer';
  const annotation = annotations[SOURCE_RANGES];
  if (spec.loadBalancerSourceRanges?.length) {
    // the capital letter is upstream's
    const path = SPEC.child('LoadBalancerSourceRanges');
    if (!isLoadBalancer) errors.push(forbidden(path, ONLY_LOAD_BALANCER));
    const existing = old?.spec.loadBalancerSourceRanges?.map((cidr) => cidr.trim());
    spec.loadBalancerSourceRanges.forEach((cidr, i) => errors.push(...validateCIDR(cidr.trim(), path.index(i), existing)));
  } else if (annotation !== undefined) {
    const path = at('metadata', 'annotations').key(SOURCE_RANGES);
    if (!isLoadBalancer) errors.push(forbidden(path, ONLY_LOAD_BALANCER));
    if (old?.metadata.annotations?.[SOURCE_RANGES] !== annotation && annotation.trim() !== '')
      for (const cidr of annotation.split(',')) errors.push(...validateCIDR(cidr.trim(), path));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer)
    errors.push(forbidden(SPEC.child('allocateLoadBalancerNodePorts'), ONLY_LOAD_BALANCER));
  if (spec.allocateLoadBalancerNodePorts === undefined && isLoadBalancer) errors.push(required(at('allocateLoadBalancerNodePorts')));
  return [...errors, ...validateLoadBalancerClass(spec)];
}

/** @returns what is wrong with the class of a load balancer, which only load balancers have */
export function validateLoadBalancerClass({ type, loadBalancerClass }: ServiceSpec): FieldError[] {
  const path = SPEC.child('loadBalancerClass');
  if (loadBalancerClass === undefined) return [];
  return type === 'LoadBalancer' ? validateQualifiedName(loadBalancerClass, path) : [forbidden(path, ONLY_LOAD_BALANCER)];
}

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, healthCheckNodePort: port, trafficDistribution } = spec;
  const externalPath = SPEC.child('externalTrafficPolicy');
  if (!isExternallyAccessible(spec)) {
    if (external) errors.push(invalid(externalPath, external, 'may only be set for externally-accessible services'));
  } else if (!external) errors.push(required(externalPath));
  else if (!TRAFFIC_POLICIES.includes(external)) errors.push(notSupported(externalPath, external, TRAFFIC_POLICIES));
  const portPath = SPEC.child('healthCheckNodePort');
  if (!needsHealthCheckPort(spec)) {
    if (port) errors.push(invalid(portPath, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  } else if (!port) errors.push(required(portPath));
  else errors.push(...invalids(portPath, port, isPortNumber(port)));
  const internalPath = SPEC.child('internalTrafficPolicy');
  if (internal === undefined) {
    if (['NodePort', 'LoadBalancer', 'ClusterIP'].includes(spec.type ?? '')) errors.push(required(internalPath));
  } else if (!TRAFFIC_POLICIES.includes(internal)) errors.push(notSupported(internalPath, internal, TRAFFIC_POLICIES));
  const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
  return [...errors, ...validateOptionalChoice(trafficDistribution, SPEC.child('trafficDistribution'), distributions)];
}
