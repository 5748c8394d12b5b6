import { define } from '../definition.js';
import { invalids, validateChoice, validateDNSLabel, validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, required } from '../meta/field-errors.js';
import { semanticEqual } from '../meta/metadata.js';
import { isPortNumber, nameIsDNSSubdomain } from '../meta/names.js';
import { hostPort } from '../../util/host-port.js';
import { ENDPOINTS_MANAGED_BY_LABEL } from '../meta/well-known.js';
import { age } from '../shared/format.js';
import { validateEndpointIP, validateIP, warningsForIP } from '../shared/ip.js';
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from '../types/core-v1.gen.js';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const MAX_SHOWN = 3;

export default define<Endpoints>({
  group: '',
  version: 'v1',
  resource: 'endpoints',
  shownAs: 'services/endpoints',
  createOnUpdate: true,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  defaults: ({ subsets }) => {
    for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate: (endpoints) => validateSubsets(endpoints),
  // what older versions let in may stay
  validateUpdate: (endpoints, old) => {
    const errors = validateSubsets(endpoints);
    return errors.length > 0 && semanticEqual(endpoints.subsets, old.subsets) ? [] : errors;
  },
  warnings,
  row: (endpoints, { now }) => [endpoints.metadata.name, formatSubsets(endpoints.subsets ?? []), age(endpoints, now)],
});

function validateSubsets({ subsets = [] }: Endpoints): FieldError[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const path = at('subsets').index(i);
    const errors: FieldError[] = [];
    if (addresses.length + notReadyAddresses.length === 0) errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    addresses.forEach((a, j) => errors.push(...validateAddress(a, path.child('addresses').index(j))));
    notReadyAddresses.forEach((a, j) => errors.push(...validateAddress(a, path.child('notReadyAddresses').index(j))));
    ports.forEach((p, j) => errors.push(...validatePort(p, path.child('ports').index(j), ports.length > 1)));
    return errors;
  });
}

function validateAddress({ ip, hostname, nodeName }: EndpointAddress, path: FieldPath): FieldError[] {
  const errors = validateIP(ip, path.child('ip'));
  if (hostname) errors.push(...validateDNSLabel(hostname, path.child('hostname')));
  if (nodeName !== undefined) errors.push(...invalids(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)));
  return [...errors, ...validateEndpointIP(ip, path.child('ip'))];
}

function validatePort({ name, port, protocol, appProtocol }: EndpointPort, path: FieldPath, needsName: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (name) errors.push(...validateDNSLabel(name, path.child('name')));
  else if (needsName) errors.push(required(path.child('name')));
  errors.push(...invalids(path.child('port'), port, isPortNumber(port)));
  errors.push(...validateChoice(protocol, path.child('protocol'), PROTOCOLS));
  if (appProtocol !== undefined) errors.push(...validateQualifiedName(appProtocol, path.child('appProtocol')));
  return errors;
}

function warnings({ metadata, subsets = [] }: Endpoints): string[] {
  // the controller writes canonical addresses
  if (metadata.labels?.[ENDPOINTS_MANAGED_BY_LABEL] === 'endpoint-controller') return [];
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, i) => {
    const path = at('subsets').index(i);
    return [
      ...addresses.flatMap(({ ip }, j) => warningsForIP(path.child('addresses').index(j).child('ip'), ip)),
      ...notReadyAddresses.flatMap(({ ip }, j) => warningsForIP(path.child('notReadyAddresses').index(j).child('ip'), ip)),
    ];
  });
}

/** `10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...`; the addresses alone where there are no ports. */
function formatSubsets(subsets: readonly EndpointSubset[]): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  if (subsets.length === 0) return '<none>';
  const shown = all.slice(0, MAX_SHOWN).join(',');
  return all.length > MAX_SHOWN ? `${shown} + ${all.length - MAX_SHOWN} more...` : shown;
}
