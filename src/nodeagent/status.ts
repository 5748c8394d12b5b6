// What the kubelet says of a pod: status.phase, conditions and container statuses, worked out of what the agent knows
// (pkg/kubelet/status/generate.go, kubelet_pods.go getPhase and convertToAPIContainerStatuses).
import type { ContainerState, ContainerStatus, EphemeralContainer, Pod, PodCondition, PodStatus } from '../api/types/core-v1.gen.js';
import { timestamp } from '../util/clock.js';
import { equal } from '../util/equal.js';
import { anyMainStarted, type ContainerRecord, isRunning, type PodRecord, shouldRestart } from './records.js';
import type { RuntimeContainer } from './runtime.js';

type Phase = NonNullable<PodStatus['phase']>;

/** @param hostIP the node's address @param now milliseconds since the epoch: when conditions change that change */
export function podStatus(record: PodRecord, hostIP: string, now: number): PodStatus {
  const { pod, ip } = record;
  const phase = phaseOf(record);
  const init = record.containers.filter((c) => c.kind !== 'main').map((c) => containerStatus(record, c));
  const main = record.containers.filter((c) => c.kind === 'main').map((c) => containerStatus(record, c));
  return {
    phase,
    ...(record.verdict?.phase === phase && { reason: record.verdict.reason, message: record.verdict.message }),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(ip && { podIP: ip, podIPs: [{ ip }] }),
    startTime: timestamp(record.startTime),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    conditions: conditions(record, phase, [...init, ...main], now),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: main,
    ...(pod.spec.ephemeralContainers?.length && { ephemeralContainerStatuses: pod.spec.ephemeralContainers.map(refusedStatus) }),
  };
}

/** What is said of an ephemeral container, in its status (`kubectl debug` shows it) and in an event. */
export const NO_EPHEMERAL = 'kubemu does not run ephemeral containers';

function refusedStatus({ name, image = '' }: EphemeralContainer): ContainerStatus {
  const state = { waiting: { reason: 'NotImplemented', message: NO_EPHEMERAL } };
  return { name, image, imageID: '', state, lastState: {}, ready: false, restartCount: 0 };
}

/** What of `next` differs from the pod's present status, as a strategic merge patch of status; undefined: nothing. */
export function statusPatch(present: PodStatus, next: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(next)) {
    if (field === 'conditions' || equal(present[field as keyof PodStatus], value)) continue;
    // the addresses are a list that patches merge by address: an old one would stay
    patch[field] = field === 'podIPs' ? [{ $patch: 'replace' }, ...(value as unknown[])] : value;
  }
  const changed = (next.conditions ?? []).flatMap(
    (c) =>
      conditionPatch(
        present.conditions?.find((p) => p.type === c.type),
        c,
      ) ?? [],
  );
  if (changed.length > 0) patch.conditions = changed;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

const CONDITION_FIELDS = ['status', 'reason', 'message', 'observedGeneration', 'lastTransitionTime'] as const;

function conditionPatch(present: PodCondition | undefined, next: PodCondition): Record<string, unknown> | undefined {
  if (present && CONDITION_FIELDS.every((f) => (present[f] ?? '') === (next[f] ?? ''))) return undefined;
  // null takes away what an earlier state of the condition said
  return { lastProbeTime: null, ...(present?.reason && { reason: null }), ...(present?.message && { message: null }), ...next };
}

function terminated(c: RuntimeContainer): NonNullable<ContainerState['terminated']> {
  return {
    containerID: c.id,
    exitCode: c.exitCode ?? 0,
    ...(c.signal && { signal: c.signal }),
    ...(c.reason && { reason: c.reason }),
    ...(c.message && { message: c.message }),
    startedAt: timestamp(c.startedAt),
    finishedAt: timestamp(c.finishedAt ?? c.startedAt),
  };
}

function stateOf(record: PodRecord, container: ContainerRecord): { state: ContainerState; lastState: ContainerState } {
  const { current, previous, waiting } = container;
  const last = (c: RuntimeContainer | undefined): ContainerState => (c ? { terminated: terminated(c) } : {});
  if (current?.state === 'running' && container.starting)
    return { state: { waiting: { reason: 'ContainerCreating' } }, lastState: last(previous) };
  if (current?.state === 'running') return { state: { running: { startedAt: timestamp(current.startedAt) } }, lastState: last(previous) };
  const final = current && !shouldRestart(record.pod, container, current.exitCode ?? 0);
  if (waiting && !final && !record.terminating && !record.verdict) return { state: { waiting }, lastState: last(current ?? previous) };
  if (current) return { state: { terminated: terminated(current) }, lastState: last(previous) };
  const initializing = record.containers.some((c) => c.kind !== 'main');
  return { state: { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } }, lastState: last(previous) };
}

function containerStatus(record: PodRecord, container: ContainerRecord): ContainerStatus {
  const { spec, current, kind } = container;
  const { state, lastState } = stateOf(record, container);
  const running = isRunning(container) && !container.starting;
  const completed = current?.state === 'exited' && current.exitCode === 0;
  const mounts = spec.volumeMounts ?? [];
  return {
    name: spec.name,
    state,
    lastState,
    ready: kind === 'init' ? completed : running && container.started && container.ready && current?.ready !== false,
    restartCount: container.restartCount,
    image: current?.image ?? spec.image ?? '',
    imageID: current?.imageID ?? '',
    ...(current && { containerID: current.id }),
    started: running && container.started,
    ...(running && { resources: spec.resources ?? {} }),
    ...(mounts.length > 0 && {
      volumeMounts: mounts.map((m) => ({
        name: m.name,
        mountPath: m.mountPath,
        ...(m.readOnly && { readOnly: true, recursiveReadOnly: 'Disabled' }),
      })),
    }),
  };
}

function exitCode(c: ContainerRecord): number | undefined {
  return c.current?.state === 'exited' ? (c.current.exitCode ?? 0) : undefined;
}

function phaseOf(record: PodRecord): Phase {
  const { pod, containers } = record;
  // nobody may take a pod for ended while something of it runs
  if (record.verdict && !containers.some(isRunning)) return record.verdict.phase;
  const inits = containers.filter((c) => c.kind === 'init');
  const mains = containers.filter((c) => c.kind === 'main');
  const sidecars = containers.filter((c) => c.kind === 'sidecar');
  const gone = (c: ContainerRecord) => exitCode(c) !== undefined && !shouldRestart(pod, c, exitCode(c) ?? 0);
  if (inits.some((c) => gone(c) && exitCode(c) !== 0)) return 'Failed';
  const initialized = anyMainStarted(containers);
  if (inits.some((c) => exitCode(c) === undefined && !initialized)) return 'Pending';
  if (sidecars.some((c) => !(isRunning(c) && c.started) && exitCode(c) === undefined) && !initialized) return 'Pending';
  if (mains.some((c) => (c.current === undefined || c.starting) && c.previous === undefined)) return 'Pending';
  if ([...mains, ...sidecars].some(isRunning) && !record.terminating) return 'Running';
  if (mains.some(isRunning)) return 'Running';
  if (!record.terminating && mains.some((c) => !gone(c))) return 'Running';
  return mains.every((c) => exitCode(c) === 0) ? 'Succeeded' : 'Failed';
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

const YES: Verdict = { status: 'True' };

function conditions(record: PodRecord, phase: Phase, statuses: readonly ContainerStatus[], now: number): PodCondition[] {
  const { pod } = record;
  const ready = containersReady(record, phase, statuses);
  const wanted: [string, Verdict][] = [
    ['PodReadyToStartContainers', record.sandbox ? YES : { status: 'False' }],
    ['Initialized', initialized(record, phase, statuses)],
    ['Ready', ready.status === 'True' ? gates(pod) : ready],
    ['ContainersReady', ready],
    ['PodScheduled', YES],
  ];
  return wanted.map(([type, verdict]) => {
    const old = pod.status?.conditions?.find((c) => c.type === type);
    const since = old?.status === verdict.status && old.lastTransitionTime ? old.lastTransitionTime : timestamp(now);
    const observedGeneration = pod.metadata.generation;
    return {
      type,
      ...(observedGeneration !== undefined && { observedGeneration }),
      status: verdict.status,
      lastTransitionTime: since,
      ...(verdict.reason && { reason: verdict.reason }),
      ...(verdict.message && { message: verdict.message }),
    };
  });
}

function list(names: readonly string[]): string {
  return `[${names.join(' ')}]`;
}

function containersReady({ containers }: PodRecord, phase: Phase, statuses: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = containers
    .filter((c) => c.kind !== 'init' && !statuses.find((s) => s.name === c.spec.name)?.ready)
    .map((c) => c.spec.name);
  if (unready.length === 0) return YES;
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${list(unready)}` };
}

function gates(pod: Pod): Verdict {
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find((c) => c.type === conditionType);
    if (!found) return `corresponding condition of pod readiness gate ${JSON.stringify(conditionType)} does not exist.`;
    return found.status === 'True'
      ? []
      : `the status of pod readiness gate ${JSON.stringify(conditionType)} is not "True", but ${found.status}`;
  });
  return messages.length === 0 ? YES : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function initialized({ containers }: PodRecord, phase: Phase, statuses: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (anyMainStarted(containers)) return YES;
  const incomplete = containers
    .filter((c) => c.kind !== 'main')
    .filter((c) => {
      const status = statuses.find((s) => s.name === c.spec.name);
      return !(c.kind === 'sidecar' ? status?.started : status?.ready);
    })
    .map((c) => c.spec.name);
  if (incomplete.length === 0) return YES;
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${list(incomplete)}` };
}
