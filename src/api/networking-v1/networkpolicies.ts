import { define } from '../definition.js';
import { invalids, validateOptionalChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { hasInvalidValues, validateLabelSelector } from '../meta/label-selector.js';
import { strictlyEqual } from '../meta/metadata.js';
import { isPortName, isPortNumber } from '../meta/names.js';
import { age, formatLabelSelector } from '../shared/format.js';
import { parsePrefix, prefixContains, validateCIDR, warningsForCIDR } from '../shared/ip.js';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../types/networking-v1.gen.js';

const SPEC = at('spec');
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const TYPES = ['Ingress', 'Egress'];

/** What the object that is changed makes acceptable. */
interface Options {
  readonly allowInvalidValues: boolean;
  readonly existing: readonly string[];
}

export default define<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'networkpolicies',
  ownMetadataChecks: { whole: false },
  generation: true,
  specChanged: ({ spec }, old) => !strictlyEqual(spec, old.spec),
  defaults: ({ spec }) => {
    for (const { ports } of rulesOf(spec)) for (const port of ports ?? []) port.protocol ??= 'TCP';
    if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: (policy) => validate(policy, { allowInvalidValues: false, existing: [] }),
  validateUpdate: (policy, old) => {
    const existing = blocksOf(old).flatMap(({ block }) => [block.cidr, ...(block.except ?? [])]);
    return validate(policy, { allowInvalidValues: hasInvalidValues(old.spec.podSelector), existing });
  },
  warnings: (policy) =>
    blocksOf(policy).flatMap(({ block, path }) => [
      ...warningsForCIDR(path.child('cidr'), block.cidr),
      ...(block.except ?? []).flatMap((cidr, i) => warningsForCIDR(path.child('except').index(i), cidr)),
    ]),
  row: (policy, { now }) => [policy.metadata.name, formatLabelSelector(policy.spec.podSelector), age(policy, now)],
});

interface Rule {
  readonly path: FieldPath;
  readonly ports: NetworkPolicyPort[] | undefined;
  readonly peers: readonly NetworkPolicyPeer[];
  readonly peersPath: FieldPath;
}

/** Both directions in one form. */
function rulesOf({ ingress = [], egress = [] }: NetworkPolicySpec): Rule[] {
  const rule = (
    direction: string,
    peers: 'from' | 'to',
    i: number,
    ports: NetworkPolicyPort[] | undefined,
    list: NetworkPolicyPeer[] = [],
  ): Rule => {
    const path = SPEC.child(direction).index(i);
    return { path, ports, peers: list, peersPath: path.child(peers) };
  };
  return [
    ...ingress.map(({ ports, from }, i) => rule('ingress', 'from', i, ports, from)),
    ...egress.map(({ ports, to }, i) => rule('egress', 'to', i, ports, to)),
  ];
}

function blocksOf({ spec }: NetworkPolicy): { block: IPBlock; path: FieldPath }[] {
  return rulesOf(spec).flatMap(({ peers, peersPath }) =>
    peers.flatMap(({ ipBlock }, i) => (ipBlock ? [{ block: ipBlock, path: peersPath.index(i).child('ipBlock') }] : [])),
  );
}

function validate({ spec }: NetworkPolicy, options: Options): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector, SPEC.child('podSelector'), options);
  for (const { path, ports = [], peers, peersPath } of rulesOf(spec)) {
    ports.forEach((port, i) => errors.push(...validatePort(port, path.child('ports').index(i))));
    peers.forEach((peer, i) => errors.push(...validatePeer(peer, peersPath.index(i), options)));
  }
  const types = spec.policyTypes ?? [];
  const path = SPEC.child('policyTypes');
  if (types.length > TYPES.length) return [...errors, invalid(path, types, 'may not specify more than two policyTypes')];
  types.forEach((type, i) => {
    if (!TYPES.includes(type)) errors.push(notSupported(path.index(i), type, TYPES));
  });
  return errors;
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: FieldPath): FieldError[] {
  const errors = validateOptionalChoice(protocol, path.child('protocol'), PROTOCOLS);
  const end = path.child('endPort');
  if (port === undefined) {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof port === 'number') {
    errors.push(...invalids(path.child('port'), port, isPortNumber(port)));
    if (endPort === undefined) return errors;
    // upstream shows the port
    if (endPort < port) errors.push(invalid(end, port, 'must be greater than or equal to `port`'));
    errors.push(...invalids(end, endPort, isPortNumber(endPort)));
  } else {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
    errors.push(...invalids(path.child('port'), port, isPortName(port)));
  }
  return errors;
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: FieldPath, options: Options): FieldError[] {
  const errors = [
    ...validateLabelSelector(podSelector, path.child('podSelector'), options),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), options),
  ];
  if (ipBlock) errors.push(...validateBlock(ipBlock, path.child('ipBlock'), options));
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(path, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  return errors;
}

function validateBlock({ cidr, except = [] }: IPBlock, path: FieldPath, { existing }: Options): FieldError[] {
  if (!cidr) return [required(path.child('cidr'))];
  const errors = validateCIDR(cidr, path.child('cidr'), existing);
  const whole = parsePrefix(cidr);
  if (!whole) return errors;
  except.forEach((text, i) => {
    const own = path.child('except').index(i);
    errors.push(...validateCIDR(text, own, existing));
    const part = parsePrefix(text);
    if (part && (!prefixContains(whole, { ...part, value: part.base }) || whole.length >= part.length))
      errors.push(invalid(own, text, 'must be a strict subset of `cidr`'));
  });
  return errors;
}
