import type { Container, Pod } from '../api/types/core-v1.gen.js';
import { Backoff } from './backoff.js';
import type { RuntimeContainer, RuntimePod, Sandbox } from './runtime.js';

/** A sidecar is an init container that goes on running (restartPolicy: Always). */
export type ContainerKind = 'init' | 'sidecar' | 'main';

/** CrashLoopBackOff and ImagePullBackOff: 10 s, doubled up to 5 minutes, forgotten after 10 quiet minutes. */
const FIRST_BACKOFF = 10_000;
const LAST_BACKOFF = 300_000;

/** What the agent knows of one container of a pod. */
export interface ContainerRecord {
  readonly kind: ContainerKind;
  spec: Container;
  /** The latest attempt. */
  current: RuntimeContainer | undefined;
  /** The attempt before it, always ended. */
  previous: RuntimeContainer | undefined;
  restartCount: number;
  /** Why it does not run, where that is more than "its turn has not come". */
  waiting: { readonly reason: string; readonly message?: string } | undefined;
  /** Its postStart hook is under way: it runs, but is not shown as running yet. */
  starting: boolean;
  /** What the startup probe says; true without one, once it runs. */
  started: boolean;
  /** What the readiness probe says. */
  ready: boolean;
  readonly crash: Backoff;
  readonly pull: Backoff;
  pullFailure: { readonly at: number; readonly message: string } | undefined;
  /** Could not be made for another reason: not before this moment again. */
  retryAt: number;
}

/** What the agent knows of a pod beside its API object. */
export interface PodRecord {
  pod: Pod;
  sandbox: Sandbox | undefined;
  /** The address it has, or had. */
  ip: string | undefined;
  /** Init containers first, in the order of the spec. */
  readonly containers: readonly ContainerRecord[];
  startTime: number;
  /** Set once the pod's end has been decided: its phase, reason and message. */
  verdict: { readonly phase: 'Failed' | 'Succeeded'; readonly reason?: string; readonly message?: string } | undefined;
  /** The containers are being stopped, or have been. */
  terminating: boolean;
}

/** Whether a container runs first, beside, or as what the pod is there for. */
export function kindOf(pod: Pod, container: Container): ContainerKind {
  if (!pod.spec.initContainers?.includes(container)) return 'main';
  return container.restartPolicy === 'Always' ? 'sidecar' : 'init';
}

function record(spec: Container, kind: ContainerKind): ContainerRecord {
  return {
    kind,
    spec,
    current: undefined,
    previous: undefined,
    restartCount: 0,
    waiting: undefined,
    starting: false,
    started: false,
    ready: false,
    crash: new Backoff(FIRST_BACKOFF, LAST_BACKOFF),
    pull: new Backoff(FIRST_BACKOFF, LAST_BACKOFF),
    pullFailure: undefined,
    retryAt: 0,
  };
}

/** The record of a pod of which nothing exists yet. */
export function newRecord(pod: Pod, now: number): PodRecord {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const since = pod.status?.startTime;
  return {
    pod,
    sandbox: undefined,
    ip: pod.status?.podIP,
    containers: all.map((spec) => record(spec, kindOf(pod, spec))),
    startTime: since ? Date.parse(since) : now,
    verdict: undefined,
    terminating: false,
  };
}

/** Whether it runs now. */
export function isRunning(record: ContainerRecord): boolean {
  return record.current?.state === 'running';
}

/** An init container that has done its work, or a sidecar that has started. */
export function isInitialized(record: ContainerRecord): boolean {
  if (record.kind === 'sidecar') return isRunning(record) && record.started;
  return record.current?.state === 'exited' && record.current.exitCode === 0;
}

/** Whether one of the containers that the pod is there for has ever been started. */
export function anyMainStarted(containers: readonly ContainerRecord[]): boolean {
  return containers.some((c) => c.kind === 'main' && (c.current !== undefined || c.previous !== undefined));
}

/** Whether a container that ended with `exitCode` is to run again (KEP 5307 for a container's own rules). */
export function shouldRestart(pod: Pod, record: ContainerRecord, exitCode: number): boolean {
  const { spec, kind } = record;
  if (kind === 'sidecar') return true;
  for (const rule of spec.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    const matches = rule.exitCodes?.operator === 'NotIn' ? !values.includes(exitCode) : values.includes(exitCode);
    if (matches) return true;
  }
  const policy = spec.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
  // an init container of a pod that restarts always has done its work once it ends well
  if (kind === 'init' && exitCode === 0) return false;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** How the pod has ended: well when no init container has failed and every main container ended with 0. */
export function verdictOf({ containers }: PodRecord): 'Succeeded' | 'Failed' {
  const well = (c: ContainerRecord) => c.current?.state === 'exited' && c.current.exitCode === 0;
  return containers.every((c) => c.kind === 'sidecar' || well(c)) ? 'Succeeded' : 'Failed';
}

/** The number of the next attempt of a container whose earlier ones have been lost, as the pod's status tells of them. */
function nextAttempt(pod: Pod, name: string): number {
  const known = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find((s) => s.name === name);
  return known?.containerID ? known.restartCount + 1 : (known?.restartCount ?? 0);
}

/** Puts what was found of an earlier life into the record of a pod. */
export function takeOver(record: PodRecord, found: RuntimePod | undefined): void {
  record.sandbox = found?.sandbox;
  record.ip = found?.sandbox?.ip ?? record.ip;
  for (const container of record.containers) {
    const { name } = container.spec;
    const attempts = (found?.containers ?? []).filter((c) => c.name === name).sort((a, b) => b.attempt - a.attempt);
    [container.current, container.previous] = attempts;
    // what the status tells of may have been lost: the next attempts are numbered on
    container.restartCount = container.current?.attempt ?? nextAttempt(record.pod, name);
  }
}
