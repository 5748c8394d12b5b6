// The rules of a pod's spec, of pods and of the templates of pods (k8s.io/kubernetes/pkg/apis/core/validation). Start here;
// the parts are in the files beside this one.
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  NAMELESS,
  notFound,
  notSupported,
  required,
  tooLong,
} from '../../meta/field-errors.js';
import { validateLabels } from '../../meta/metadata.js';
import { byteLength, isDNS1123SubdomainWithUnderscore, isInRange } from '../../meta/names.js';
import type { ObjectMeta } from '../../meta/object.js';
import type { HostAlias, PodDNSConfig, PodResourceClaim, PodSpec } from '../../types/core-v1.gen.js';
import { goValue } from '../go-value.js';
import { validateIP } from '../ip.js';
import { validateAffinity } from './affinity.js';
import { invalids, validateChoice, validateDNSLabel, validateDNSSubdomain, validateQualifiedName } from '../../meta/checks.js';
import { MIRROR_ANNOTATION } from '../../meta/well-known.js';
import { validateAllContainers } from './containers.js';
import { validateContainerResources, validatePodLevelResources } from './resource-rules.js';
import { validateSchedulingGates, validateSpread, validateTolerations } from './scheduling.js';
import { validatePodSecurityContext } from './security.js';
import { placedContainers } from './visit.js';
import { validateVolumes } from './volumes.js';
import { validateForOS, validateHostProcess } from './windows.js';

/** What the rules depend on beside the spec. */
export interface SpecScope {
  /** Of the pod; templates have none. */
  readonly metadata?: ObjectMeta | undefined;
  readonly allowPrivileged: boolean;
}

const MAX_INT32 = 2147483647;

/** @returns all that is wrong with a spec */
export function validatePodSpec(spec: PodSpec, path: FieldPath, { metadata, allowPrivileged }: SpecScope): FieldError[] {
  const isPod = metadata !== undefined;
  const { volumes, errors: volumeErrors } = validateVolumes(spec.volumes ?? [], path.child('volumes'), { isPod, podName: metadata?.name });
  const claims = new Set((spec.resourceClaims ?? []).map((c) => c.name).filter(Boolean));
  return [
    ...(spec.terminationGracePeriodSeconds === undefined ? [required(path.child('terminationGracePeriodSeconds'))] : []),
    ...volumeErrors,
    ...validateResourceClaims(spec.resourceClaims ?? [], path.child('resourceClaims'), metadata),
    ...validateAllContainers({ spec, volumes, claims, allowPrivileged }, path),
    ...validatePodLevelResources(spec, path.child('resources'), claims),
    ...validateHostNetworkPorts(spec, path.child('containers'), isPod),
    ...validateChoice(spec.restartPolicy, path.child('restartPolicy'), ['Always', 'OnFailure', 'Never']),
    ...validateChoice(spec.dnsPolicy, path.child('dnsPolicy'), ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...validateLabels(spec.nodeSelector, path.child('nodeSelector')),
    ...validatePodSecurityContext(spec, path.child('securityContext')),
    ...validateAffinity(spec.affinity, path.child('affinity')),
    ...validateDNSConfig(spec, path.child('dnsConfig')),
    ...(spec.readinessGates ?? []).flatMap((g, i) =>
      validateQualifiedName(g.conditionType, path.child('readinessGates').index(i).child('conditionType')),
    ),
    ...validateSchedulingGates(spec.schedulingGates ?? [], path.child('schedulingGates')),
    ...validateSpread(spec.topologySpreadConstraints ?? [], path.child('topologySpreadConstraints')),
    ...validateHostProcess(spec, path, allowPrivileged),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateTolerations(spec.tolerations ?? [], path.child('tolerations')),
    ...validateHostAliases(spec.hostAliases ?? [], path.child('hostAliases')),
    ...validateContainerResources({ limits: spec.overhead }, path.child('overhead'), new Set()),
    ...validateOS(spec, path),
    ...validateFileKeyVolumes(spec, path),
  ];
}

function validateNames(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors = validateHostnameOverride(spec, path.child('hostnameOverride'));
  for (const field of ['serviceAccountName', 'nodeName', 'priorityClassName'] as const)
    if (spec[field]) errors.push(...validateDNSSubdomain(spec[field], path.child(field)));
  if (spec.runtimeClassName !== undefined) errors.push(...validateDNSSubdomain(spec.runtimeClassName, path.child('runtimeClassName')));
  for (const field of ['hostname', 'subdomain'] as const) if (spec[field]) errors.push(...validateDNSLabel(spec[field], path.child(field)));
  const seconds = spec.activeDeadlineSeconds;
  if (seconds !== undefined) errors.push(...invalids(path.child('activeDeadlineSeconds'), seconds, isInRange(seconds, 1, MAX_INT32)));
  if (spec.preemptionPolicy !== undefined)
    errors.push(...validateChoice(spec.preemptionPolicy, path.child('preemptionPolicy'), ['PreemptLowerPriority', 'Never']));
  return errors;
}

function validateHostnameOverride(spec: PodSpec, path: FieldPath): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) errors.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbidden(path, 'may not be specified when hostNetwork is true'));
  if (byteLength(name) > 64) errors.push(tooLong(path, 64));
  return [...errors, ...validateDNSSubdomain(name, path)];
}

function validateResourceClaims(claims: readonly PodResourceClaim[], path: FieldPath, metadata: ObjectMeta | undefined): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap((claim, i) => {
    const at = path.index(i);
    if (metadata?.annotations?.[MIRROR_ANNOTATION] !== undefined)
      return [forbidden(NAMELESS, 'static pods do not support resource claims')];
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(at.child('name')));
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else errors.push(...validateDNSLabel(name, at.child('name')));
    names.add(name);
    const shown = goValue(claim, 'core.PodResourceClaim');
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
      errors.push(invalid(at, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
      errors.push(invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
      const value = claim[field];
      if (value !== undefined) errors.push(...validateDNSSubdomain(value, at.child(field)));
    }
    return errors;
  });
}

function validateHostNetworkPorts(spec: PodSpec, path: FieldPath, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  return (spec.containers ?? []).flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ hostPort = 0, containerPort }, j) => {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) return [];
      const at = path.index(i).child('ports').index(j).child('hostPort');
      return [invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

function validateDNSConfig({ dnsPolicy, dnsConfig }: PodSpec, path: FieldPath): FieldError[] {
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (!dnsConfig.nameservers?.length)
      return [required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  return dnsConfig ? validateDNSParts(dnsConfig, path) : [];
}

function validateDNSParts({ nameservers = [], searches = [], options = [] }: PodDNSConfig, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (nameservers.length > 3) errors.push(invalid(path.child('nameservers'), nameservers, 'must not have more than 3 nameservers'));
  for (const [i, server] of nameservers.entries()) errors.push(...validateIP(server, path.child('nameservers').index(i)));
  const at = path.child('searches');
  if (searches.length > 32) errors.push(invalid(at, searches, 'must not have more than 32 search paths'));
  if (byteLength(searches.join(' ')) > 2048)
    errors.push(invalid(at, searches, 'must not have more than 2048 characters (including spaces) in the search list'));
  for (const [i, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.replace(/\.$/, '');
    errors.push(...invalids(at.index(i), name, isDNS1123SubdomainWithUnderscore(name)));
  }
  for (const [i, { name }] of options.entries()) if (!name) errors.push(required(path.child('options').index(i), 'must not be empty'));
  return errors;
}

function validateHostAliases(aliases: readonly HostAlias[], path: FieldPath): FieldError[] {
  return aliases.flatMap(({ ip, hostnames = [] }, i) => [
    ...validateIP(ip, path.index(i).child('ip')),
    ...hostnames.flatMap((name, j) => validateDNSSubdomain(name, path.index(i).child('hostnames').index(j))),
  ]);
}

/** User namespaces (KEP-127) leave the host's other namespaces alone. */
function validateHostUsers(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const because = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbidden(path.child('hostNetwork'), because));
  if (spec.hostPID) errors.push(forbidden(path.child('HostPID'), because));
  if (spec.hostIPC) errors.push(forbidden(path.child('HostIPC'), because));
  for (const { container, path: at } of placedContainers(spec, path))
    if (container.volumeDevices?.length) errors.push(forbidden(at.child('volumeDevices'), because));
  return errors;
}

function validateOS(spec: PodSpec, path: FieldPath): FieldError[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(path.child('os', 'name'))];
  if (name !== 'linux' && name !== 'windows') return [notSupported(path.child('os'), name, ['linux', 'windows'])];
  return validateForOS(spec, path);
}

/** Variables read from a file (KEP-3721) need an emptyDir that an init container fills. */
function validateFileKeyVolumes(spec: PodSpec, path: FieldPath): FieldError[] {
  return placedContainers(spec, path).flatMap(({ container, path: at }) =>
    (container.env ?? []).flatMap(({ valueFrom }, i) => {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) return [];
      const where = at.child('env').index(i).child('valueFrom', 'fileKeyRef', 'volumeName');
      const volume = spec.volumes?.find((v) => v.name === name);
      if (!volume) return [notFound(where, name)];
      return volume.emptyDir ? [] : [invalid(where, name, 'referenced volume must be of type emptyDir')];
    }),
  );
}
