// Ends the containers of a pod (kuberuntime killContainersWithSyncResult): preStop hooks first, within the grace period; main
// containers together, sidecars after them in the reverse order of their start.
import type { LifecycleHandler } from '../api/types/core-v1.gen.js';
import { type Clock, sleep } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { PodEvents } from './pod-events.js';
import { type ContainerRecord, isRunning, type PodRecord } from './records.js';
import type { Runtime } from './runtime.js';
import { httpGet } from './network-probes.js';
import { portNumber } from './prober.js';
import { podText } from './text.js';

export interface StopContext {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly events: PodEvents;
  /** The API object is gone: nobody can say any more how long to wait. */
  readonly vanished: boolean;
}

/** The kubelet never kills without at least this much time. */
const MIN_GRACE = 1;

/** @param now when the end begins, unless the API object says since when it is under way */
export async function stopPod(record: PodRecord, context: StopContext, now: number): Promise<void> {
  const deadline = deadlineOf(record, context, now);
  const running = record.containers.filter(isRunning);
  const stop = (container: ContainerRecord) => stopContainer(record, container, deadline, context);
  await Promise.all(running.filter((c) => c.kind !== 'sidecar').map(stop));
  for (const sidecar of running.filter((c) => c.kind === 'sidecar').reverse()) await stop(sidecar);
}

/** The grace period has become shorter while the containers are being stopped. Never rejects. */
export async function hurryPod({ pod, containers }: PodRecord, { runtime, logger }: { runtime: Runtime; logger: Logger }): Promise<void> {
  const grace = Math.max(MIN_GRACE, pod.metadata.deletionGracePeriodSeconds ?? 0);
  try {
    await Promise.all(containers.flatMap((c) => (isRunning(c) && c.current ? runtime.stopContainer(pod, c.current.id, grace) : [])));
  } catch (error) {
    logger.error('containers could not be stopped sooner', { pod: podText(pod), error });
  }
}

function deadlineOf({ pod }: PodRecord, { vanished }: StopContext, now: number): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  // deletionTimestamp is the moment at which the grace period is over
  if (deletionTimestamp && !vanished && deletionGracePeriodSeconds !== undefined)
    return Math.max(Date.parse(deletionTimestamp), now + MIN_GRACE * 1_000);
  return now + Math.max(deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30, MIN_GRACE) * 1_000;
}

async function stopContainer(record: PodRecord, container: ContainerRecord, deadline: number, context: StopContext): Promise<void> {
  const { runtime, clock, events } = context;
  const { current, spec } = container;
  if (!current) return;
  events.container(record.pod, container, 'Normal', 'Killing', `Stopping container ${spec.name}`);
  const hook = spec.lifecycle?.preStop;
  if (hook) await Promise.race([preStop(hook, record, container, context), sleep(clock, deadline - clock.now())]);
  const seconds = Math.max(MIN_GRACE, Math.ceil((deadline - clock.now()) / 1_000));
  const ended = await runtime.stopContainer(record.pod, current.id, seconds);
  container.current = ended ?? {
    ...current,
    state: 'exited',
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    finishedAt: clock.now(),
  };
}

async function preStop(
  hook: LifecycleHandler,
  record: PodRecord,
  container: ContainerRecord,
  { runtime, clock, events }: StopContext,
): Promise<void> {
  const { pod, sandbox } = record;
  const id = container.current?.id ?? '';
  try {
    if (hook.sleep) await sleep(clock, hook.sleep.seconds * 1_000);
    if (hook.exec) {
      const { exitCode, output } = await runtime.exec(pod, id, hook.exec.command ?? [], 0);
      if (exitCode !== 0) throw new Error(output);
    }
    if (hook.httpGet && runtime.mounts) await httpGet(hook.httpGet, sandbox?.ip ?? '', (port) => portNumber(container.spec, port), 30_000);
  } catch {
    events.container(pod, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
  }
}
