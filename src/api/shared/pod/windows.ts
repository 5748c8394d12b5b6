// What only Windows pods may have, and what they may not.
import { type FieldError, type FieldPath, forbidden, invalid } from '../../meta/field-errors.js';
import { byteLength } from '../../meta/names.js';
import type { PodSpec, WindowsSecurityContextOptions } from '../../types/core-v1.gen.js';
import { invalids, validateDNSSubdomain } from '../../meta/checks.js';
import { placedContainers } from './visit.js';

/** @returns what is wrong with the options of a pod or a container on Windows */
export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: FieldPath): FieldError[] {
  if (!options) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined) errors.push(...validateDNSSubdomain(name, path.child('gmsaCredentialSpecName')));
  if (spec === '') errors.push(invalid(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec cannot be an empty string'));
  else if (spec !== undefined && byteLength(spec) > 64 * 1024)
    errors.push(invalid(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  if (user !== undefined) errors.push(...invalids(path.child('runAsUserName'), user, userNameErrors(user)));
  return errors;
}

const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_DOMAIN = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** `user` or `DOMAIN\user`. */
function userNameErrors(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const errors: string[] = [];
  if (byteLength(domain ?? '') >= 256) errors.push("runAsUserName's Domain length must be under 256 characters");
  if (domain !== undefined && !NET_BIOS.test(domain) && !DNS_DOMAIN.test(domain))
    errors.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') errors.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > 104) errors.push("runAsUserName's User length must not be longer than 104 characters");
  if (/^[. ]+$/.test(user)) errors.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) errors.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return errors;
}

/** Host process containers come all together, on the host's network. */
export function validateHostProcess(spec: PodSpec, path: FieldPath, allowPrivileged: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const podWide = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = placedContainers(spec, path);
  let count = 0;
  for (const { container, path: at } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podWide !== undefined && own !== undefined && podWide !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${podWide}`;
      errors.push(invalid(at.child('securityContext', 'windowsOptions', 'hostProcess'), own, text));
    }
    if (own ?? podWide) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length)
    errors.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'));
  if (!spec.hostNetwork)
    errors.push(invalid(path.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'));
  if (!allowPrivileged) errors.push(forbidden(path, 'hostProcess containers are disallowed by cluster policy'));
  return errors;
}

const NOT_IN_WINDOWS = 'cannot be set for a windows pod';

const POD_LINUX_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;

const CONTAINER_LINUX_FIELDS = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** A pod that says which system it is for may not ask for what the other one has. */
export function validateForOS(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.os?.name === 'linux') return validateForLinux(spec, path);
  const errors: FieldError[] = [];
  const context = spec.securityContext;
  for (const field of POD_LINUX_FIELDS)
    if (context?.[field] !== undefined) errors.push(forbidden(path.child('securityContext', field), NOT_IN_WINDOWS));
  for (const field of ['hostUsers', 'shareProcessNamespace'] as const)
    if (spec[field] !== undefined) errors.push(forbidden(path.child(field), NOT_IN_WINDOWS));
  for (const field of ['hostPID', 'hostIPC'] as const) if (spec[field]) errors.push(forbidden(path.child(field), NOT_IN_WINDOWS));
  for (const { container, path: at } of placedContainers(spec, path))
    for (const field of CONTAINER_LINUX_FIELDS)
      if (container.securityContext?.[field] !== undefined) errors.push(forbidden(at.child('securityContext', field), NOT_IN_WINDOWS));
  return errors;
}

function validateForLinux(spec: PodSpec, path: FieldPath): FieldError[] {
  const places = [{ container: spec, path }, ...placedContainers(spec, path)];
  return places
    .filter(({ container }) => container.securityContext?.windowsOptions !== undefined)
    .map(({ path: at }) => forbidden(at.child('securityContext', 'windowsOptions'), 'windows options cannot be set for a linux pod'));
}
