import { define } from '../definition.js';
import { invalids, validateDNSSubdomain } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, notSupported, required } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import {
  isDNS1123Subdomain,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDNS1123Subdomain,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
} from '../meta/names.js';
import { INGRESS_CLASS_ANNOTATION } from '../meta/well-known.js';
import { age } from '../shared/format.js';
import { parseAddress, validateIP } from '../shared/ip.js';
import { loadBalancerWarnings } from '../shared/load-balancer.js';
import type { TypedLocalObjectReference } from '../types/core-v1.gen.js';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressTLS,
} from '../types/networking-v1.gen.js';

const SPEC = at('spec');
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDINGS = ['/..', '/.'];
const MAX_HOSTS = 3;

export default define<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'ingresses',
  shownAs: 'ingress',
  generation: true,
  validate: (ingress) => [...validate(ingress), ...validateClassAnnotation(ingress)],
  validateUpdate: (ingress, old) => validate(ingress, old),
  subresources: { status: { validate: validateStatus, warnings: loadBalancerWarnings } },
  warnings: ({ metadata, spec }, old) => {
    const annotated = metadata.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined && spec.ingressClassName === undefined;
    return !old && annotated ? [`annotation "${INGRESS_CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`] : [];
  },
  row: (ingress, { now }) => {
    const { metadata, spec, status } = ingress;
    const addresses = new Set((status.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []));
    return [
      metadata.name,
      spec.ingressClassName ?? '<none>',
      formatHosts(spec.rules ?? []),
      [...addresses].sort().join(','),
      spec.tls?.length ? '80, 443' : '80',
      age(ingress, now),
    ];
  },
});

function formatHosts(rules: readonly IngressRule[]): string {
  const hosts = rules.flatMap(({ host }) => host || []).slice(0, MAX_HOSTS);
  if (hosts.length === 0) return '*';
  const rest = rules.length - MAX_HOSTS;
  return hosts.length === MAX_HOSTS && rest > 0 ? `${hosts.join(',')} + ${rest} more...` : hosts.join(',');
}

function validateClassAnnotation({ metadata, spec }: Ingress): FieldError[] {
  const annotation = metadata.annotations?.[INGRESS_CLASS_ANNOTATION];
  if (annotation === undefined || spec.ingressClassName === undefined || annotation === spec.ingressClassName) return [];
  return [invalid(at('annotations', INGRESS_CLASS_ANNOTATION), annotation, 'must match `ingressClassName` when both are specified')];
}

/** `old`: what older versions let in may stay. */
function validate({ spec }: Ingress, old?: Ingress): FieldError[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName: name } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && !defaultBackend)
    errors.push(invalid(SPEC, asGiven(spec, 'rules'), 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, SPEC.child('defaultBackend')));
  const wildcards = old?.spec.rules?.some((rule) => rule.host?.includes('*') && validatePaths(rule, SPEC).length > 0) ?? false;
  rules.forEach((rule, i) => errors.push(...validateRule(rule, SPEC.child('rules').index(i), wildcards)));
  const anySecret = old?.spec.tls?.some(({ secretName }) => secretName && nameIsDNSSubdomain(secretName, false).length > 0) ?? false;
  tls.forEach((entry, i) => errors.push(...validateTLS(entry, SPEC.child('tls').index(i), anySecret)));
  if (name !== undefined) errors.push(...validateDNSSubdomain(name, SPEC.child('ingressClassName')));
  return errors;
}

function validateTLS({ hosts = [], secretName }: IngressTLS, path: FieldPath, anySecret: boolean): FieldError[] {
  const errors = hosts.flatMap((host, i) => invalids(path.child('hosts').index(i), host, validateHostName(host)));
  if (secretName && !anySecret) errors.push(...invalids(path.child('secretName'), secretName, nameIsDNSSubdomain(secretName, false)));
  return errors;
}

function validateHostName(host: string): string[] {
  return host.includes('*') ? isWildcardDNS1123Subdomain(host) : isDNS1123Subdomain(host);
}

function validateRule(rule: IngressRule, path: FieldPath, anyWildcard: boolean): FieldError[] {
  const { host } = rule;
  const errors: FieldError[] = [];
  if (host) {
    if (parseAddress(host)) errors.push(invalid(path.child('host'), host, 'must be a DNS name, not an IP address'));
    errors.push(...invalids(path.child('host'), host, validateHostName(host)));
  }
  return host?.includes('*') && anyWildcard ? errors : [...errors, ...validatePaths(rule, path)];
}

function validatePaths({ http }: IngressRule, path: FieldPath): FieldError[] {
  if (!http) return [];
  const paths = path.child('http', 'paths');
  if (!http.paths?.length) return [required(paths)];
  return http.paths.flatMap((p, i) => validatePath(p, paths.index(i)));
}

function validatePath({ path: text = '', pathType, backend }: HTTPIngressPath, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const own = path.child('path');
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      if (!text.startsWith('/')) errors.push(invalid(own, text, 'must be an absolute path'));
      for (const bad of BAD_SEQUENCES) if (text.includes(bad)) errors.push(invalid(own, text, `must not contain '${bad}'`));
      for (const bad of BAD_ENDINGS) if (text.endsWith(bad)) errors.push(invalid(own, text, `cannot end with '${bad}'`));
      break;
    case 'ImplementationSpecific':
      if (text !== '' && !text.startsWith('/')) errors.push(invalid(own, text, 'must be an absolute path'));
      break;
    default:
      if ((pathType ?? undefined) === undefined) return [required(path.child('pathType'), 'pathType must be specified')];
      errors.push(notSupported(path.child('pathType'), pathType, PATH_TYPES));
  }
  return [...errors, ...validateBackend(backend ?? {}, path.child('backend'))];
}

function validateBackend({ service, resource }: IngressBackend, path: FieldPath): FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return validateReference(resource, path.child('resource'));
  return service ? validateService(service, path) : [invalid(path, '', 'resource or service backend is required')];
}

function validateService({ name, port = {} }: IngressServiceBackend, path: FieldPath): FieldError[] {
  const child = path.child('service');
  const errors = name ? invalids(child.child('name'), name, nameIsDNSLabel(name, false)) : [required(child.child('name'))];
  const { name: portName, number } = port;
  if (portName && number) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (portName) errors.push(...invalids(child.child('port', 'name'), portName, isPortName(portName)));
  else if (number) errors.push(...invalids(child.child('port', 'number'), number, isPortNumber(number)));
  else errors.push(required(path, 'port name or number is required'));
  return errors;
}

function validateReference({ apiGroup, kind, name }: TypedLocalObjectReference, path: FieldPath): FieldError[] {
  const text = (field: string, value: string) =>
    value ? invalids(path.child(field), value, isPathSegmentName(value)) : [required(path.child(field))];
  const group = typeof apiGroup === 'string' ? validateDNSSubdomain(apiGroup, path.child('apiGroup')) : [];
  return [...group, ...text('kind', kind), ...text('name', name)];
}

function validateStatus({ status }: Ingress, old: Ingress): FieldError[] {
  const existing = (old.status.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || []);
  return (status.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, i) => {
    const path = at('status', 'loadBalancer', 'ingress').index(i);
    const errors = ip ? validateIP(ip, path.child('ip'), existing) : [];
    if (!hostname) return errors;
    errors.push(...validateDNSSubdomain(hostname, path.child('hostname')));
    if (parseAddress(hostname)) errors.push(invalid(path.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
