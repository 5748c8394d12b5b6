// What is to be done next about the containers of a pod: a pure function of what the agent knows. The rules are those of
// kuberuntime's computePodActions: init containers one after the other, each sidecar once it has started lets the next one
// go, then all main containers at once; ended containers run again as the restart policy says, after their back-off.
import { anyMainStarted, type ContainerRecord, isInitialized, isRunning, type PodRecord, shouldRestart } from './records.js';

/** What is to be done next about the containers of a pod. */
export interface Plan {
  readonly start: readonly ContainerRecord[];
  /** These wait for their back-off. */
  readonly backoff: readonly ContainerRecord[];
  /** Look again after so many milliseconds. */
  readonly again: number | undefined;
  /** No container will ever run again: the pod has ended. */
  readonly over: boolean;
}

/** @param now milliseconds since the epoch */
export function plan(record: PodRecord, now: number): Plan {
  const start: ContainerRecord[] = [];
  const backoff: ContainerRecord[] = [];
  let again: number | undefined;
  const wait = (ms: number) => (again = again === undefined ? ms : Math.min(again, ms));
  const consider = (container: ContainerRecord) => {
    const punished = backoffOf(container, now);
    const delay = Math.max(punished, container.retryAt - now, 0);
    if (delay === 0) start.push(container);
    else wait(delay);
    if (punished > 0) backoff.push(container);
  };
  if (isOver(record)) return { start, backoff, again, over: true };
  for (const container of record.containers) {
    if (container.kind === 'main') continue;
    if (anyMainStarted(record.containers)) {
      // initialization is over: only sidecars live on
      if (container.kind === 'sidecar' && !isRunning(container)) consider(container);
      continue;
    }
    if (isInitialized(container)) continue;
    if (!isRunning(container)) consider(container);
    return { start, backoff, again, over: false };
  }
  for (const container of record.containers) if (container.kind === 'main' && mustRun(record, container)) consider(container);
  return { start, backoff, again, over: false };
}

function mustRun(record: PodRecord, container: ContainerRecord): boolean {
  if (isRunning(container)) return false;
  const ended = container.current;
  return ended === undefined || shouldRestart(record.pod, container, ended.exitCode ?? 0);
}

function backoffOf({ current, crash, pull, pullFailure }: ContainerRecord, now: number): number {
  const afterCrash = current?.state === 'exited' && current.finishedAt !== undefined ? crash.remaining(current.finishedAt, now) : 0;
  const afterPull = pullFailure ? pull.remaining(pullFailure.at, now) : 0;
  return Math.max(afterCrash, afterPull);
}

/** Every main container has ended for good, or an init container has failed for good. */
function isOver({ pod, containers }: PodRecord): boolean {
  const ended = (c: ContainerRecord) => c.current?.state === 'exited' && !shouldRestart(pod, c, c.current.exitCode ?? 0);
  const failedInit = containers.some((c) => c.kind === 'init' && ended(c) && c.current?.exitCode !== 0);
  return failedInit || containers.every((c) => c.kind !== 'main' || ended(c));
}
