// Ends the containers of a pod (kuberuntime killContainersWithSyncResult): preStop hooks first, within the grace period; main
// containers together, sidecars after them in the reverse order of their start.
import { type Clock, sleep } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { runHook } from './hooks.js';
import type { PodEvents } from './pod-events.js';
import { type ContainerRecord, isRunning, type PodRecord } from './records.js';
import type { Runtime } from './runtime.js';
import { podText } from './text.js';

/** What is needed to end containers. */
export interface KillContext {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly events: PodEvents;
}

/** What is needed to end a whole pod. */
export interface StopContext extends KillContext {
  /** The API object is gone: nobody can say any more how long to wait. */
  readonly vanished: boolean;
}

/** The kubelet never kills without at least this much time. */
const MIN_GRACE = 1;

/** @param now when the end begins, unless the API object says since when it is under way */
export async function stopPod(record: PodRecord, context: StopContext, now: number): Promise<void> {
  const deadline = deadlineOf(record, context, now);
  const running = record.containers.filter(isRunning);
  const stop = (container: ContainerRecord) =>
    killContainer(record, container, { deadline, message: `Stopping container ${container.spec.name}` }, context);
  await Promise.all(running.filter((c) => c.kind !== 'sidecar').map(stop));
  for (const sidecar of running.filter((c) => c.kind === 'sidecar').reverse()) await stop(sidecar);
}

/** The sandbox is dead: ends what still runs in it, so that all can begin anew in another one (kuberuntime computePodActions). */
export async function leaveSandbox(record: PodRecord, context: KillContext): Promise<void> {
  const { runtime, clock, events } = context;
  events.pod(record.pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  await stopPod(record, { ...context, vanished: false }, clock.now());
  await runtime.stopSandbox(record.pod);
  record.sandbox = undefined;
  record.ip = undefined;
}

/** The grace period has become shorter while the containers are being stopped. Never rejects. */
export async function hurryPod({ pod, containers }: PodRecord, { runtime, logger }: { runtime: Runtime; logger: Logger }): Promise<void> {
  const grace = Math.max(MIN_GRACE, Number(pod.metadata.deletionGracePeriodSeconds ?? 0));
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
  return now + Math.max(Number(deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30), MIN_GRACE) * 1_000;
}

/** Ends one container, its preStop hook first. Resolves once it has ended, as the record says then. */
export async function killContainer(
  record: PodRecord,
  container: ContainerRecord,
  { deadline, message }: { readonly deadline: number; readonly message: string },
  context: KillContext,
): Promise<void> {
  const { runtime, clock, events } = context;
  const { current, spec } = container;
  if (!current) return;
  events.container(record.pod, container, 'Normal', 'Killing', message);
  const hook = spec.lifecycle?.preStop;
  if (hook) {
    const ran = runHook(hook, record, container, context).catch(() =>
      events.container(record.pod, container, 'Warning', 'FailedPreStopHook', 'PreStopHook failed'),
    );
    await Promise.race([ran, sleep(clock, deadline - clock.now())]);
  }
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
