// What a node's agent (or anyone else) may write into the status of a pod.
import { at, duplicate, type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../../meta/field-errors.js';
import { validateImmutable } from '../../meta/metadata.js';
import { byteLength, isUserID } from '../../meta/names.js';
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodExtendedResourceClaimStatus,
  PodSpec,
  PodStatus,
} from '../../types/core-v1.gen.js';
import { familyOf, validateIP } from '../ip.js';
import { validateAnnotationsUpdate } from './annotations.js';
import { invalids, validateChoice, validateDNSLabel, validateDNSSubdomain, validateQualifiedName } from '../../meta/checks.js';

const STATUS = at('status');

/** @returns all that is wrong with a change of a pod's status */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const { status, spec } = pod;
  return [
    ...validateAnnotationsUpdate(pod, old, at('metadata', 'annotations')),
    ...validateConditions(status.conditions ?? [], STATUS.child('conditions')),
    ...validateNomination(pod, old),
    ...validateGeneration(status.observedGeneration, STATUS),
    ...validateImmutable(status.qosClass ?? '', old.status.qosClass ?? '', STATUS.child('qosClass')),
    ...validateTransitions(status, old.status, old.spec),
    ...validateClaimStatuses(status, spec),
    ...validateAddresses('podIPs', status.podIPs, old.status.podIPs),
    ...validateHostIPs(status, old.status),
    ...LISTS.flatMap((list) => validateUsers(status[list] ?? [], STATUS.child(list), spec.os?.name ?? 'linux')),
    ...validateResourceHealth(status.containerStatuses ?? [], STATUS.child('containerStatuses'), spec.containers),
    ...validateResourceHealth(status.initContainerStatuses ?? [], STATUS.child('initContainerStatuses'), spec.initContainers ?? []),
    ...refuseResourceHealth(status.ephemeralContainerStatuses ?? [], STATUS.child('ephemeralContainerStatuses')),
  ];
}

const LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
const SYSTEM_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];

function validateConditions(conditions: readonly PodCondition[], path: FieldPath): FieldError[] {
  return conditions.flatMap(({ type, observedGeneration }, i) => [
    ...validateGeneration(observedGeneration, path.index(i)),
    ...(SYSTEM_CONDITIONS.includes(type) ? [] : validateQualifiedName(type, path.index(i).child('Type'))),
  ]);
}

function validateGeneration(generation = 0, path: FieldPath): FieldError[] {
  return generation < 0 ? [invalid(path.child('observedGeneration'), generation, 'must be a non-negative integer')] : [];
}

function validateNomination(pod: Pod, old: Pod): FieldError[] {
  const name = pod.status.nominatedNodeName;
  if (!name || name === old.status.nominatedNodeName) return [];
  const path = STATUS.child('nominatedNodeName');
  const errors = validateDNSSubdomain(name, path);
  if (old.spec.nodeName) errors.push(forbidden(path, 'may not be set on pods that are already bound to a node'));
  return errors;
}

/** A container that has ended stays ended, unless its pod or its own rules restart it. */
function validateTransitions(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  // a rule of one container may restart all of them
  const anyMayRestart = all.some((c) => c.restartPolicyRules?.some((r) => r.action === 'RestartAllContainers'));
  return LISTS.flatMap((list) => {
    const ephemeral = list === 'ephemeralContainerStatuses';
    if (anyMayRestart && !ephemeral) return [];
    const containers = ephemeral ? [] : list === 'containerStatuses' ? spec.containers : (spec.initContainers ?? []);
    return (old[list] ?? []).flatMap((before, i) => {
      const ended = before.state?.terminated;
      const now = status[list]?.find((s) => s.name === before.name);
      if (!ended || !now || now.state?.terminated) return [];
      const container = containers.find((c) => c.name === before.name);
      if (container && shouldRestart(container, spec, ended.exitCode)) return [];
      return [forbidden(STATUS.child(list).index(i).child('state'), 'may not be transitioned to non-terminated state')];
    });
  });
}

/** Whether a container that ended with `exitCode` is started again. */
export function shouldRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const rule = container.restartPolicyRules?.find(({ exitCodes }) => {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    return exitCodes !== undefined && (exitCodes.operator === 'In') === listed;
  });
  if (container.restartPolicy !== undefined && rule) return true;
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

function validateClaimStatuses(status: PodStatus, spec: PodSpec): FieldError[] {
  const names = new Set<string>();
  const errors = (status.resourceClaimStatuses ?? []).flatMap(({ name, resourceClaimName }, i) => {
    const path = STATUS.child('resourceClaimStatuses').index(i);
    const own: FieldError[] = [];
    if (!spec.resourceClaims?.some((c) => c.name === name))
      own.push(invalid(path.child('name'), name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (names.has(name)) own.push(duplicate(path.child('name'), name));
    names.add(name);
    return resourceClaimName === undefined ? own : [...own, ...validateDNSSubdomain(resourceClaimName, path.child('resourceClaimName'))];
  });
  const extended = status.extendedResourceClaimStatus;
  return extended ? [...errors, ...validateExtended(extended, STATUS.child('extendedResourceClaimStatus'), spec)] : errors;
}

function validateExtended(status: PodExtendedResourceClaimStatus, path: FieldPath, spec: PodSpec): FieldError[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const mappings = status.requestMappings ?? [];
  const errors: FieldError[] = [];
  if (mappings.length === 0) errors.push(required(path.child('requestMappings'), 'at least one request mapping is required'));
  const seen = new Set<string>();
  for (const [i, mapping] of mappings.entries()) {
    const { containerName, resourceName, requestName } = mapping;
    const where = path.child('requestMappings').index(i);
    const container = containers.find((c) => c.name === containerName);
    if (!container)
      errors.push(
        invalid(
          where.child('containerName'),
          containerName,
          'must match the name of an entry in spec.initContainers.name or spec.containers.name',
        ),
      );
    else if (container.resources?.requests?.[resourceName] === undefined) {
      const text =
        'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
      errors.push(invalid(where.child('resourceName'), resourceName, text));
    }
    errors.push(...validateDNSLabel(requestName, path.child('requestName')));
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key))
      for (const field of ['containerName', 'resourceName', 'requestName'] as const)
        errors.push(duplicate(where.child(field), mapping[field]));
    seen.add(key);
  }
  const name = status.resourceClaimName;
  return [...errors, ...(name ? validateDNSSubdomain(name, path.child('resourceClaimName')) : [required(path.child('resourceClaimName'))])];
}

type Addresses = readonly { readonly ip: string }[] | undefined;

/** One address of each family at most; what an older object has is let through. */
function validateAddresses(field: 'podIPs' | 'hostIPs', addresses: Addresses, old: Addresses): FieldError[] {
  const path = STATUS.child(field);
  const ips = (addresses ?? []).map((a) => a.ip);
  const known = (old ?? []).map((a) => a.ip);
  const errors = ips.flatMap((ip, i) => validateIP(ip, path.index(i), known));
  if (ips.length > 2 || (ips.length === 2 && new Set(ips.map(familyOf)).size < 2))
    errors.push(
      invalid(
        path,
        (addresses ?? []).map(({ ip }) => ({ IP: ip })),
        'may specify no more than one IP for each IP family',
      ),
    );
  return errors;
}

function validateHostIPs(status: PodStatus, old: PodStatus): FieldError[] {
  const first = status.hostIPs?.[0]?.ip;
  const differs = first !== undefined && first !== (status.hostIP ?? '');
  const own = differs ? [invalid(STATUS.child('hostIPs').index(0).child('ip'), first, 'must be equal to `hostIP`')] : [];
  return [...own, ...validateAddresses('hostIPs', status.hostIPs, old.hostIPs)];
}

function validateUsers(statuses: readonly ContainerStatus[], path: FieldPath, os: string): FieldError[] {
  return statuses.flatMap(({ user }, i) => {
    const where = path.index(i).child('user', 'linux');
    if (!user?.linux) return [];
    if (os === 'windows') return [forbidden(where, 'cannot be set for a windows pod')];
    const { uid, gid, supplementalGroups = [] } = user.linux;
    return [
      ...invalids(where.child('uid'), uid, isUserID(uid)),
      ...invalids(where.child('gid'), gid, isUserID(gid)),
      ...supplementalGroups.flatMap((id, j) => invalids(where.child('supplementalGroups').index(j), id, isUserID(id))),
    ];
  });
}

const HEALTH = ['Healthy', 'Unhealthy', 'Unknown'];
const MAX_HEALTH_MESSAGE = 1024;

/** Health of devices (KEP-4680): of resources that the container asks for. */
function validateResourceHealth(statuses: readonly ContainerStatus[], path: FieldPath, containers: readonly Container[]): FieldError[] {
  return statuses.flatMap((status, i) => {
    const container = containers.find((c) => c.name === status.name);
    return (status.allocatedResourcesStatus ?? []).flatMap(({ name, resources = [] }, j) => {
      const where = path.index(i).child('allocatedResourcesStatus').index(j);
      const errors = container ? validateAllocated(name, container, where.child('name')) : [];
      const ids = new Set<string>();
      for (const [k, { health, message, resourceID }] of resources.entries()) {
        const at = where.child('resources').index(k);
        errors.push(...validateChoice(health, at.child('health'), HEALTH, 'unsupported'));
        if (message === '') errors.push(required(at.child('message'), 'must be non-empty if specified'));
        else if (message !== undefined && byteLength(message) > MAX_HEALTH_MESSAGE)
          errors.push(tooLong(at.child('message'), MAX_HEALTH_MESSAGE));
        if (ids.has(resourceID)) errors.push(duplicate(at.child('resourceID'), resourceID));
        ids.add(resourceID);
      }
      return errors;
    });
  });
}

function validateAllocated(name: string, { resources }: Container, path: FieldPath): FieldError[] {
  if (!name.startsWith('claim:'))
    return resources?.requests?.[name] === undefined ? [invalid(path, name, "must match one of the container's resource requests")] : [];
  const names = (resources?.claims ?? []).map((c) => `claim:${c.name}${c.request ? `/${c.request}` : ''}`);
  if (names.includes(name)) return [];
  const text =
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  return [invalid(path, name, text)];
}

function refuseResourceHealth(statuses: readonly ContainerStatus[], path: FieldPath): FieldError[] {
  return statuses.flatMap(({ allocatedResourcesStatus }, i) =>
    allocatedResourcesStatus?.length
      ? [forbidden(path.index(i).child('allocatedResourcesStatus'), 'must not be specified in container status')]
      : [],
  );
}
