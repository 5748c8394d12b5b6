// What Docker is told to create for a pod's sandbox and containers: pure functions.
import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { milliValue, value } from '../api/meta/quantity.js';
import type { Container, Pod, SecurityContext } from '../api/types/core-v1.gen.js';
import type { ContainerRequest, RuntimeNode } from './runtime.js';

/** Labels on everything kubemu makes, so that a later life finds it again. */
export const LABELS = {
  cluster: 'kubemu.dev/cluster',
  node: 'kubemu.dev/node',
  type: 'kubemu.dev/type',
  uid: 'kubemu.dev/pod-uid',
  name: 'kubemu.dev/pod-name',
  namespace: 'kubemu.dev/pod-namespace',
  container: 'kubemu.dev/container',
  attempt: 'kubemu.dev/attempt',
  /** The image as the pod names it. */
  image: 'kubemu.dev/image',
  /** terminationMessagePolicy. */
  message: 'kubemu.dev/message-policy',
} as const;

const CPU_PERIOD = 100_000;
const MIN_QUOTA = 1_000;
const MIN_SHARES = 2;

/** Whose containers they are. */
export interface Owner {
  readonly clusterId: string;
  readonly pod: Pod;
  readonly node: RuntimeNode;
}

function podLabels({ clusterId, pod, node }: Owner): Record<string, string> {
  const { uid = '', name, namespace = '' } = pod.metadata;
  return { [LABELS.cluster]: clusterId, [LABELS.node]: node.name, [LABELS.uid]: uid, [LABELS.name]: name, [LABELS.namespace]: namespace };
}

function nameOf({ clusterId, pod }: Owner, container: string, attempt: number): string {
  const { uid, name, namespace } = pod.metadata;
  return `kubemu-${clusterId}_${container}_${name}_${namespace}_${uid}_${attempt}`;
}

/** The sandbox: it holds network, host ports, IPC and, where shared, the process namespace of the pod. */
export function sandboxOptions(owner: Owner, image: string, network: string): ContainerCreateOptions {
  const { pod } = owner;
  const { hostNetwork, hostIPC, hostPID, hostAliases, hostname, subdomain } = pod.spec;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const published = hostNetwork ? [] : containers.flatMap((c) => (c.ports ?? []).filter((p) => (p.hostPort ?? 0) > 0));
  const bindings: NonNullable<HostConfig['PortBindings']> = {};
  for (const port of published) {
    const key = `${port.containerPort}/${(port.protocol ?? 'TCP').toLowerCase()}`;
    bindings[key] = [...((bindings[key] as object[] | undefined) ?? []), { HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) }];
  }
  return {
    name: nameOf(owner, 'POD', 0),
    Image: image,
    Labels: { ...podLabels(owner), [LABELS.type]: 'sandbox' },
    ...(!hostNetwork && { Hostname: (hostname ?? pod.metadata.name).slice(0, 63) }),
    ...(!hostNetwork && subdomain && { Domainname: `${subdomain}.${pod.metadata.namespace}.svc.cluster.local` }),
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    HostConfig: {
      NetworkMode: hostNetwork ? 'host' : network,
      IpcMode: hostIPC ? 'host' : 'shareable',
      ...(hostPID && { PidMode: 'host' }),
      PortBindings: bindings,
      ...(hostAliases && !hostNetwork && { ExtraHosts: hostAliases.flatMap((a) => (a.hostnames ?? []).map((h) => `${h}:${a.ip}`)) }),
      ...(pod.spec.securityContext?.sysctls && {
        Sysctls: Object.fromEntries(pod.spec.securityContext.sysctls.map((s) => [s.name, s.value])),
      }),
    },
  };
}

/** One attempt of a container, inside the namespaces of its sandbox. */
export function containerOptions(
  owner: Owner,
  request: ContainerRequest,
  sandboxId: string,
  binds: readonly string[],
): ContainerCreateOptions {
  const { container, attempt, env, command, args } = request;
  return {
    name: nameOf(owner, container.name, attempt),
    Image: request.image.id,
    Labels: {
      ...podLabels(owner),
      [LABELS.type]: 'container',
      [LABELS.container]: container.name,
      [LABELS.attempt]: String(attempt),
      [LABELS.image]: container.image ?? '',
      [LABELS.message]: container.terminationMessagePolicy ?? 'File',
    },
    Env: env.map(({ name, value: text }) => `${name}=${text}`),
    ...(command && { Entrypoint: [...command] }),
    ...(args && { Cmd: [...args] }),
    ...(container.workingDir && { WorkingDir: container.workingDir }),
    ...userOf(owner.pod, container),
    Tty: container.tty ?? false,
    OpenStdin: container.stdin ?? false,
    StdinOnce: container.stdinOnce ?? false,
    ...(container.lifecycle?.stopSignal && { StopSignal: container.lifecycle.stopSignal }),
    HostConfig: {
      NetworkMode: `container:${sandboxId}`,
      IpcMode: `container:${sandboxId}`,
      ...(owner.pod.spec.hostPID ? { PidMode: 'host' } : owner.pod.spec.shareProcessNamespace && { PidMode: `container:${sandboxId}` }),
      Binds: [...binds],
      ...resources(container),
      ...security(owner.pod, container),
    },
  };
}

/** Requests weigh, limits cap (cm/helpers_linux.go MilliCPUToShares, MilliCPUToQuota). */
function resources({ resources: r }: Container): HostConfig {
  const request = r?.requests?.cpu ?? r?.limits?.cpu;
  const shares = request === undefined ? MIN_SHARES : Math.max(MIN_SHARES, Math.floor((milliValue(request) * 1024) / 1000));
  const cpu = r?.limits?.cpu;
  const memory = r?.limits?.memory;
  return {
    CpuShares: shares,
    ...(cpu !== undefined &&
      milliValue(cpu) > 0 && { CpuPeriod: CPU_PERIOD, CpuQuota: Math.max(MIN_QUOTA, Math.floor((milliValue(cpu) * CPU_PERIOD) / 1000)) }),
    ...(memory !== undefined && value(memory) > 0 && { Memory: value(memory), MemorySwap: value(memory) }),
  };
}

function userOf(pod: Pod, { securityContext }: Container): { User?: string } {
  const user = securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser;
  const group = securityContext?.runAsGroup ?? pod.spec.securityContext?.runAsGroup;
  if (user === undefined && group === undefined) return {};
  return { User: group === undefined ? String(user) : `${user ?? 0}:${group}` };
}

function security(pod: Pod, { securityContext }: Container): HostConfig {
  const context: SecurityContext = securityContext ?? {};
  const podContext = pod.spec.securityContext;
  const groups = [...(podContext?.supplementalGroups ?? []), ...(podContext?.fsGroup === undefined ? [] : [podContext.fsGroup])];
  const seccomp = (context.seccompProfile ?? podContext?.seccompProfile)?.type;
  const options = [
    ...(context.allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(seccomp === 'RuntimeDefault' ? [] : ['seccomp=unconfined']),
  ];
  return {
    Privileged: context.privileged ?? false,
    ReadonlyRootfs: context.readOnlyRootFilesystem ?? false,
    CapAdd: context.capabilities?.add ?? [],
    CapDrop: context.capabilities?.drop ?? [],
    ...(groups.length > 0 && { GroupAdd: groups.map(String) }),
    SecurityOpt: options,
  };
}
