// The checks of the Pod Security Standards, in the versions they have had.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
import { APPARMOR_ANNOTATION, SECCOMP_CONTAINER_ANNOTATION, SECCOMP_POD_ANNOTATION } from '../../api/meta/well-known.js';
import type { Container, PodSpec } from '../../api/types/core-v1.gen.js';
import { runAsNonRoot, runAsUser, seccompRestricted } from './restricted.js';
import { bad, badContainers, containersOf, list, none, type Pod, plural, quote, type Result, setters, unique } from './findings.js';

/** A check as it was from a minor version on; undefined: nothing is wrong. */
export type Rule = (pod: Pod) => Result;

/** One rule of the standards, in the forms it has had. */
export interface Check {
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** Oldest first. */
  readonly versions: readonly { readonly since: number; readonly rule: Rule }[];
  /** The baseline check that this one takes the place of. */
  readonly overrides?: string;
}

/** Rules for processes that are no roots of the node: their user namespace keeps them apart. */
const unlessUserNamespace =
  (rule: Rule): Rule =>
  (pod) =>
    pod.spec.hostUsers === false ? none : rule(pod);

/** What Windows does not have. */
const unlessWindows =
  (rule: Rule): Rule =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? none : rule(pod);

const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
);
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const SYSCTLS_27 = [...SYSCTLS, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_29 = [
  ...SYSCTLS_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SYSCTLS_32 = [...SYSCTLS_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];
const FREE_VOLUMES = new Set('configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '));

/** In the order of reports: baseline before restricted, each by id. */
export const CHECKS: readonly Check[] = [
  { id: 'appArmorProfile', level: 'baseline', versions: [{ since: 0, rule: appArmor }] },
  { id: 'capabilities_baseline', level: 'baseline', versions: [{ since: 0, rule: capabilities }] },
  { id: 'hostNamespaces', level: 'baseline', versions: [{ since: 0, rule: hostNamespaces }] },
  { id: 'hostPathVolumes', level: 'baseline', versions: [{ since: 0, rule: hostPaths }] },
  { id: 'hostPorts', level: 'baseline', versions: [{ since: 0, rule: hostPorts }] },
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', versions: [{ since: 34, rule: hostProbes }] },
  { id: 'privileged', level: 'baseline', versions: [{ since: 0, rule: privileged }] },
  {
    id: 'procMount',
    level: 'baseline',
    versions: [
      { since: 0, rule: procMount },
      { since: 35, rule: unlessUserNamespace(procMount) },
    ],
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      { since: 0, rule: (pod) => seLinux(pod, SELINUX_TYPES) },
      { since: 31, rule: (pod) => seLinux(pod, [...SELINUX_TYPES, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [
      { since: 0, rule: seccompAnnotations },
      { since: 19, rule: (pod) => seccompRestricted(pod, false) },
    ],
  },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: [
      { since: 0, rule: (pod) => sysctls(pod, SYSCTLS) },
      { since: 27, rule: (pod) => sysctls(pod, SYSCTLS_27) },
      { since: 29, rule: (pod) => sysctls(pod, SYSCTLS_29) },
      { since: 32, rule: (pod) => sysctls(pod, SYSCTLS_32) },
    ],
  },
  { id: 'windowsHostProcess', level: 'baseline', versions: [{ since: 0, rule: hostProcess }] },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      { since: 8, rule: privilegeEscalation },
      { since: 25, rule: unlessWindows(privilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    overrides: 'capabilities_baseline',
    versions: [
      { since: 22, rule: droppedCapabilities },
      { since: 25, rule: unlessWindows(droppedCapabilities) },
    ],
  },
  { id: 'procMount_restricted', level: 'restricted', overrides: 'procMount', versions: [{ since: 35, rule: procMount }] },
  { id: 'restrictedVolumes', level: 'restricted', overrides: 'hostPathVolumes', versions: [{ since: 0, rule: volumeTypes }] },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      { since: 0, rule: runAsNonRoot },
      { since: 35, rule: unlessUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      { since: 23, rule: runAsUser },
      { since: 35, rule: unlessUserNamespace(runAsUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    overrides: 'seccompProfile_baseline',
    versions: [
      { since: 19, rule: (pod) => seccompRestricted(pod, true) },
      { since: 25, rule: unlessWindows((pod) => seccompRestricted(pod, true)) },
    ],
  },
];

function appArmor({ metadata, spec }: Pod): Result {
  const allowed = (type: string) => type === 'RuntimeDefault' || type === 'Localhost';
  const values: string[] = [];
  const isBad = (profile: { type: string } | undefined) => {
    if (!profile || allowed(profile.type)) return false;
    values.push(profile.type);
    return true;
  };
  const pod = isBad(spec.securityContext?.appArmorProfile);
  const containers = badContainers(spec, (c) => isBad(c.securityContext?.appArmorProfile));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && !/^($|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = setters(pod, containers);
  if (annotations.length > 0) who.push(plural('annotation', annotations));
  const shown = [...unique(values), ...annotations];
  return bad(
    who,
    plural('forbidden AppArmor profile', shown),
    `${who.join(' and ')} must not set AppArmor profile type to ${quote(shown)}`,
  );
}

function capabilities({ spec }: Pod): Result {
  const added: string[] = [];
  const containers = badContainers(spec, (c) =>
    collect(added, c.securityContext?.capabilities?.add, (name) => !DEFAULT_CAPABILITIES.has(name)),
  );
  return bad(
    containers,
    'non-default capabilities',
    `${list('container', containers)} must not include ${quote(unique(added))} in securityContext.capabilities.add`,
  );
}

/** Adds the items that are wrong to `found`. @returns whether there are any */
function collect(found: string[], items: readonly string[] | undefined, wrong: (item: string) => boolean): boolean {
  const those = (items ?? []).filter(wrong);
  found.push(...those);
  return those.length > 0;
}

function droppedCapabilities({ spec }: Pod): Result {
  const added: string[] = [];
  const keeping = badContainers(spec, (c) => !c.securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = badContainers(spec, (c) => collect(added, c.securityContext?.capabilities?.add, (name) => name !== 'NET_BIND_SERVICE'));
  const details = [
    ...(keeping.length > 0 ? [`${list('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${list('container', adding)} must not include ${quote(unique(added))} in securityContext.capabilities.add`]
      : []),
  ];
  return bad(details, 'unrestricted capabilities', details.join('; '));
}

function hostNamespaces({ spec }: Pod): Result {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name]).map((name) => `${name}=true`);
  return bad(used, 'host namespaces', used.join(', '));
}

function hostPaths({ spec }: Pod): Result {
  const names = (spec.volumes ?? []).filter((v) => v.hostPath).map((v) => v.name);
  return bad(names, 'hostPath volumes', list('volume', names));
}

function hostPorts({ spec }: Pod): Result {
  const ports: string[] = [];
  const used = (c: Container) => (c.ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const containers = badContainers(spec, (c) => collect(ports, used(c), () => true));
  const shown = unique(ports);
  return bad(
    containers,
    'hostPort',
    `${list('container', containers)} ${containers.length === 1 ? 'uses' : 'use'} ${plural('hostPort', shown)} ${shown.join(', ')}`,
  );
}

function hostProbes({ spec }: Pod): Result {
  const hosts: string[] = [];
  const containers = badContainers(spec, ({ livenessProbe, readinessProbe, startupProbe, lifecycle }) => {
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
    const named = handlers.flatMap((h) => [h?.httpGet?.host, h?.tcpSocket?.host]).filter((host) => host !== undefined && host !== '');
    return collect(hosts, named as string[], () => true);
  }).sort();
  const shown = unique(hosts);
  return bad(
    containers,
    'probe or lifecycle host',
    `${list('container', containers)} ${containers.length === 1 ? 'uses' : 'use'} ${list('probe or lifecycle host', shown)}`,
  );
}

function privileged({ spec }: Pod): Result {
  const containers = badContainers(spec, (c) => c.securityContext?.privileged === true);
  return bad(containers, 'privileged', `${list('container', containers)} must not set securityContext.privileged=true`);
}

function privilegeEscalation({ spec }: Pod): Result {
  const containers = badContainers(spec, (c) => c.securityContext?.allowPrivilegeEscalation !== false);
  return bad(
    containers,
    'allowPrivilegeEscalation != false',
    `${list('container', containers)} must set securityContext.allowPrivilegeEscalation=false`,
  );
}

function procMount({ spec }: Pod): Result {
  const types: string[] = [];
  const containers = badContainers(spec, ({ securityContext }) =>
    collect(types, securityContext?.procMount === undefined ? [] : [securityContext.procMount], (type) => type !== 'Default'),
  );
  return bad(containers, 'procMount', `${list('container', containers)} must not set securityContext.procMount to ${quote(unique(types))}`);
}

function seLinux({ spec }: Pod, allowed: readonly string[]): Result {
  const types: string[] = [];
  let user = false;
  let role = false;
  const isBad = (options: NonNullable<PodSpec['securityContext']>['seLinuxOptions']) => {
    const wrongType = collect(types, [options?.type ?? ''], (type) => !allowed.includes(type));
    user ||= !!options?.user;
    role ||= !!options?.role;
    return wrongType || !!options?.user || !!options?.role;
  };
  const pod = isBad(spec.securityContext?.seLinuxOptions);
  const who = setters(
    pod,
    badContainers(spec, (c) => isBad(c.securityContext?.seLinuxOptions)),
  );
  const shown = unique(types);
  const what = [
    ...(shown.length > 0 ? [list('type', shown)] : []),
    ...(user ? ['user may not be set'] : []),
    ...(role ? ['role may not be set'] : []),
  ];
  return bad(who, 'seLinuxOptions', `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`);
}

/** Before 1.19 seccomp profiles were set by annotations. */
function seccompAnnotations({ metadata, spec }: Pod): Result {
  const keys = [SECCOMP_POD_ANNOTATION, ...containersOf(spec).map((c) => SECCOMP_CONTAINER_ANNOTATION + c.name)];
  const wrong = keys.flatMap((key) => {
    const value = metadata.annotations?.[key];
    return value === undefined || /^(runtime\/default$|docker\/default$|localhost\/)/.test(value)
      ? []
      : [`${key}=${JSON.stringify(value)}`];
  });
  const shown = unique(wrong);
  return bad(shown, 'seccompProfile', `forbidden ${plural('annotation', shown)} ${shown.join(', ')}`);
}

function sysctls({ spec }: Pod, allowed: readonly string[]): Result {
  const names = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((name) => !allowed.includes(name));
  return bad(names, 'forbidden sysctls', names.join(', '));
}

function hostProcess({ spec }: Pod): Result {
  const pod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const who = setters(
    pod,
    badContainers(spec, (c) => c.securityContext?.windowsOptions?.hostProcess === true),
  );
  return bad(who, 'hostProcess', `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`);
}

function volumeTypes({ spec }: Pod): Result {
  const types: string[] = [];
  const names: string[] = [];
  for (const volume of spec.volumes ?? []) {
    const type = Object.keys(volume).find((key) => key !== 'name' && volume[key as keyof typeof volume] !== undefined) ?? 'unknown';
    if (FREE_VOLUMES.has(type)) continue;
    names.push(volume.name);
    types.push(type);
  }
  const shown = unique(types);
  return bad(
    names,
    'restricted volume types',
    `${list('volume', names)} ${names.length === 1 ? 'uses' : 'use'} ${list('restricted volume type', shown)}`,
  );
}
