import { define } from '../definition.js';
import { invalids, validateChoice, validateDNSLabel, validateOptionalChoice, validateQualifiedName } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, invalid, required, tooMany } from '../meta/field-errors.js';
import { semanticEqual, validateImmutable, validateLabels } from '../meta/metadata.js';
import { isDNS1123Label, isDNS1123Subdomain, isLabelValue, nameIsDNSSubdomain } from '../meta/names.js';
import { HOSTNAME_LABEL, SLICE_MANAGED_BY_LABEL } from '../meta/well-known.js';
import { age, formatList } from '../shared/format.js';
import { familyOf, validateCanonicalIP, validateEndpointIP, validateIP, warningsForIP } from '../shared/ip.js';
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '../types/discovery-v1.gen.js';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX = { addresses: 100, endpoints: 1000, hints: 8, ports: 20000, topology: 16 } as const;
/** They write canonical addresses. */
const CONTROLLERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

export default define<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
  ownMetadataChecks: { change: false },
  generation: true,
  specChanged: () => false,
  defaults: ({ ports }) => {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepare: (slice, old) => {
    // upstream counts changes of what is dropped too
    if (old && hasChanged(slice, old)) slice.metadata.generation = (old.metadata.generation ?? 0) + 1;
    dropTopology(slice, old);
  },
  validate: (slice) => [...validateHead(slice), ...validateEndpoints(slice)],
  validateUpdate: (slice, old) => {
    const errors = validateEndpoints(slice);
    // what older versions let in may stay
    const tolerated = errors.length > 0 && semanticEqual(slice.endpoints, old.endpoints) ? [] : errors;
    return [...validateHead(slice), ...tolerated, ...validateImmutable(slice.addressType, old.addressType, at('addressType'))];
  },
  warnings: (slice, old) => [
    ...(slice.addressType === 'FQDN' && !old ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...addressWarnings(slice),
  ],
  row: (slice, { now }) => [
    slice.metadata.name,
    slice.addressType,
    formatList((slice.ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)))),
    formatList((slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    age(slice, now),
  ],
});

function hasChanged({ metadata, ...content }: EndpointSlice, { metadata: oldMetadata, ...oldContent }: EndpointSlice): boolean {
  return !semanticEqual(content, oldContent) || !semanticEqual(metadata.labels, oldMetadata.labels);
}

/**
 * deprecatedTopology cannot be written through this version. The name of a node that was there before is kept in the field
 * that replaced it, so that partial updates do not lose it.
 */
function dropTopology(slice: EndpointSlice, old: EndpointSlice | undefined): void {
  if (old && semanticEqual(slice.endpoints, old.endpoints)) return;
  const known = new Set((old?.endpoints ?? []).flatMap(({ deprecatedTopology }) => deprecatedTopology?.[HOSTNAME_LABEL] ?? []));
  for (const endpoint of slice.endpoints ?? []) {
    const node = endpoint.deprecatedTopology?.[HOSTNAME_LABEL];
    if (endpoint.nodeName === undefined && node !== undefined && known.has(node) && nameIsDNSSubdomain(node, false).length === 0)
      endpoint.nodeName = node;
    endpoint.deprecatedTopology = undefined;
  }
}

function validateHead({ addressType, ports }: EndpointSlice): FieldError[] {
  return [...validateChoice(addressType, at('addressType'), ADDRESS_TYPES), ...validatePorts(ports ?? [], at('ports'))];
}

function validatePorts(ports: readonly EndpointPort[], path: FieldPath): FieldError[] {
  if (ports.length > MAX.ports) return [tooMany(path, ports.length, MAX.ports)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, i) => {
    const child = path.index(i);
    const errors = name === '' ? [] : validateDNSLabel(name, child.child('name'));
    if (names.has(name)) errors.push(duplicate(child.child('name'), name));
    names.add(name);
    errors.push(...validateOptionalChoice(protocol, child.child('protocol'), PROTOCOLS));
    if (appProtocol !== undefined) errors.push(...validateQualifiedName(appProtocol, child.child('appProtocol')));
    return errors;
  });
}

function validateEndpoints({ endpoints: list, addressType }: EndpointSlice): FieldError[] {
  const endpoints = list ?? [];
  const path = at('endpoints');
  if (endpoints.length > MAX.endpoints) return [tooMany(path, endpoints.length, MAX.endpoints)];
  return endpoints.flatMap((endpoint, i) => validateEndpoint(endpoint, path.index(i), addressType));
}

function validateEndpoint(endpoint: Endpoint, path: FieldPath, type: EndpointSlice['addressType']): FieldError[] {
  const { nodeName, hostname, hints } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const topology = endpoint.deprecatedTopology ?? {};
  const errors: FieldError[] = [];
  const addressPath = path.child('addresses');
  if (addresses.length === 0) errors.push(required(addressPath, 'must contain at least 1 address'));
  else if (addresses.length > MAX.addresses) errors.push(tooMany(addressPath, addresses.length, MAX.addresses));
  addresses.forEach((address, i) => errors.push(...validateAddress(address, addressPath, type, i)));
  if (nodeName !== undefined) errors.push(...invalids(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)));
  const topologyPath = path.child('deprecatedTopology');
  const size = Object.keys(topology).length;
  if (size > MAX.topology) errors.push(tooMany(topologyPath, size, MAX.topology));
  errors.push(...validateLabels(topology, topologyPath));
  if (hostname !== undefined) errors.push(...validateDNSLabel(hostname, path.child('hostname')));
  if (hints) errors.push(...validateHints(hints, path.child('hints')));
  return errors;
}

function validateAddress(address: string, path: FieldPath, type: EndpointSlice['addressType'], i: number): FieldError[] {
  const own = path.index(i);
  if (type === 'FQDN') return validateDomainName(address, own);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const errors = type === 'IPv4' ? validateIP(address, own) : validateCanonicalIP(address, own);
  if (errors.length > 0) return errors;
  if (familyOf(address) !== type) errors.push(invalid(path, address, `must be an ${type} address`));
  return [...errors, ...validateEndpointIP(address, own)];
}

function validateDomainName(text: string, path: FieldPath): FieldError[] {
  if (text === '') return [required(path)];
  const name = text.replace(/\.$/, '');
  const problems = isDNS1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  const bad = labels.find((label) => isDNS1123Label(label).length > 0);
  return bad === undefined ? [] : [invalid(path, bad, isDNS1123Label(bad).join(','))];
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: FieldPath): FieldError[] {
  const check = (field: 'forZones' | 'forNodes', list: readonly { name: string }[], rule: (name: string) => string[]): FieldError[] => {
    if (list.length > MAX.hints) return [tooMany(path.child(field), list.length, MAX.hints)];
    const seen = new Set<string>();
    return list.flatMap(({ name }, i) => {
      const child = path.child(field).index(i).child('name');
      const repeated = seen.has(name) ? [duplicate(child, name)] : [];
      seen.add(name);
      return [...repeated, ...invalids(child, name, rule(name))];
    });
  };
  const zones = check('forZones', forZones, isLabelValue);
  return forZones.length > MAX.hints ? zones : [...zones, ...check('forNodes', forNodes, (name) => nameIsDNSSubdomain(name, false))];
}

function addressWarnings({ metadata, endpoints, addressType }: EndpointSlice): string[] {
  if (addressType === 'FQDN' || CONTROLLERS.includes(metadata.labels?.[SLICE_MANAGED_BY_LABEL] ?? '')) return [];
  return (endpoints ?? []).flatMap(({ addresses }, i) =>
    (addresses ?? []).flatMap((address, j) => warningsForIP(at('endpoints').index(i).child('addresses').index(j), address)),
  );
}
