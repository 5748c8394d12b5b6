// Security contexts of containers and pods.
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../meta/field-errors.js';
import { byteLength, isUserID } from '../../meta/names.js';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext, Sysctl } from '../../types/core-v1.gen.js';
import { goValue } from '../go-value.js';
import { invalids, validateChoice, validateDescendingPath } from '../../meta/checks.js';
import { validateWindowsOptions } from './windows.js';

/** What a container's security depends on beyond the container. */
export interface SecurityScope {
  readonly hostUsers: boolean;
  readonly allowPrivileged: boolean;
}

/** @returns all that is wrong with a container's security context */
export function validateSecurityContext(context: SecurityContext | undefined, path: FieldPath, scope: SecurityScope): FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  if (context.privileged && !scope.allowPrivileged) errors.push(forbidden(path.child('privileged'), 'disallowed by cluster policy'));
  errors.push(...validateIDs(context, path, ['runAsUser', 'runAsGroup']));
  const { procMount } = context;
  if (procMount !== undefined) {
    errors.push(...validateChoice(procMount, path.child('procMount'), ['Default', 'Unmasked'], 'unsupported'));
    if (scope.hostUsers && procMount === 'Unmasked')
      errors.push(invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child('seccompProfile')));
  if (context.allowPrivilegeEscalation === false) {
    const refuse = (what: string) =>
      invalid(path, goValue(context, 'core.SecurityContext'), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
    if (context.privileged) errors.push(refuse('`privileged` to true'));
    for (const capability of context.capabilities?.add ?? [])
      if (capability === 'CAP_SYS_ADMIN') errors.push(refuse('`capabilities.Add` CAP_SYS_ADMIN'));
  }
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')));
  return [...errors, ...validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'))];
}

/** @returns all that is wrong with the security context of a pod */
export function validatePodSecurityContext(spec: PodSpec, path: FieldPath): FieldError[] {
  const context = spec.securityContext;
  if (!context) return [];
  const errors = validateIDs(context, path, ['fsGroup', 'runAsUser', 'runAsGroup']);
  for (const [i, id] of (context.supplementalGroups ?? []).entries())
    errors.push(...invalids(path.child('supplementalGroups').index(i), id, isUserID(id)));
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  errors.push(...validateSysctls(context.sysctls ?? [], path.child('sysctls'), spec));
  const { fsGroupChangePolicy, supplementalGroupsPolicy, seLinuxChangePolicy } = context;
  if (fsGroupChangePolicy !== undefined)
    errors.push(...validateChoice(fsGroupChangePolicy, path.child('fsGroupChangePolicy'), ['Always', 'OnRootMismatch'], 'unsupported'));
  errors.push(...validateSeccompProfile(context.seccompProfile, path.child('seccompProfile')));
  errors.push(...validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')));
  errors.push(...validateAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile')));
  if (supplementalGroupsPolicy !== undefined)
    errors.push(...validateChoice(supplementalGroupsPolicy, path.child('supplementalGroupsPolicy'), ['Merge', 'Strict'], 'unsupported'));
  // MountOption waits for a feature that v1.36 has switched off
  if (seLinuxChangePolicy !== undefined)
    errors.push(...validateChoice(seLinuxChangePolicy, path.child('seLinuxChangePolicy'), ['Recursive'], 'unsupported'));
  return errors;
}

function validateIDs<K extends string>(
  context: { readonly [F in K]?: number | undefined },
  path: FieldPath,
  fields: readonly K[],
): FieldError[] {
  return fields.flatMap((field) => {
    const id: number | undefined = context[field];
    return id === undefined ? [] : invalids(path.child(field), id, isUserID(id));
  });
}

const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL_PATTERN = new RegExp(SYSCTL);
const IPC_SYSCTL = /^(?:kernel\.sem$|kernel\.shm|kernel\.msg|fs\.mqueue\.)/;

function validateSysctls(sysctls: readonly Sysctl[], path: FieldPath, spec: PodSpec): FieldError[] {
  const names = new Set<string>();
  return sysctls.flatMap(({ name }, i) => {
    const at = path.index(i).child('name');
    const errors: FieldError[] = [];
    if (!name) errors.push(required(at));
    else if (byteLength(name) > 253 || !SYSCTL_PATTERN.test(name))
      errors.push(invalid(at, name, `must have at most 253 characters and match regex ${SYSCTL}`));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    const dotted = dottedSysctl(name);
    if (spec.hostNetwork && dotted.startsWith('net.')) errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC && IPC_SYSCTL.test(dotted)) errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    return errors;
  });
}

/** `net/ipv4/conf` is the same as `net.ipv4.conf`; whichever separator comes first is the separator. */
function dottedSysctl(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name;
}

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccompProfile(profile: SeccompProfile | undefined, path: FieldPath): FieldError[] {
  if (!profile) return [];
  const errors: FieldError[] = [];
  const at = path.child('localhostProfile');
  if (!profile.type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(profile.type)) errors.push(notSupported(path.child('type'), profile.type, PROFILE_TYPES));
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
    else errors.push(...validateDescendingPath(profile.localhostProfile, at));
  } else if (profile.localhostProfile !== undefined)
    errors.push(invalid(at, goValue(profile, 'core.SeccompProfile'), 'can only be set when seccomp type is Localhost'));
  return errors;
}

/** @returns all that is wrong with an AppArmor profile, in a field or made from an annotation */
export function validateAppArmorProfile(profile: AppArmorProfile | undefined, path: FieldPath): FieldError[] {
  if (!profile) return [];
  const at = path.child('localhostProfile');
  const name = profile.localhostProfile;
  if (!profile.type) return [required(path.child('type'), 'type is required when appArmorProfile is set')];
  if (!PROFILE_TYPES.includes(profile.type)) return [notSupported(path.child('type'), profile.type, PROFILE_TYPES)];
  if (profile.type !== 'Localhost') return name === undefined ? [] : [invalid(at, name, 'can only be set when AppArmor type is Localhost')];
  if (name === undefined) return [required(at, 'must be set when AppArmor type is Localhost')];
  const errors: FieldError[] = [];
  if (name.trim() !== name) errors.push(invalid(at, name, 'must not be padded with whitespace'));
  else if (name === '') errors.push(required(at, 'must be set when AppArmor type is Localhost'));
  if (byteLength(name) > 4095) errors.push(tooLong(at, 4095));
  return errors;
}
