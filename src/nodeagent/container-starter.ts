import type { Clock } from '../util/clock.js';
import { formatDuration } from '../util/duration.js';
import { messageOf } from '../util/errors.js';
import type { LifecycleHandler, Node, Pod } from '../api/types/core-v1.gen.js';
import type { Place } from './downward.js';
import { ConfigError, environment } from './environment.js';
import { ensureImage } from './images.js';
import { runHook } from './hooks.js';
import type { PodEvents } from './pod-events.js';
import type { ContainerRecord, PodRecord } from './records.js';
import { type Runtime, type RuntimeContainer, RuntimeError, type RuntimeNode, START_ERROR } from './runtime.js';
import type { Sources } from './sources.js';
import { NO_EPHEMERAL } from './status.js';
import { killContainer } from './stop-pod.js';
import { podText } from './text.js';

/** What a pod's containers are started with. */
export interface StarterContext {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly events: PodEvents;
  readonly sources: Sources;
  readonly node: RuntimeNode;
  readonly nodeObject: () => Node | undefined;
}

/** How soon a container that could not be made is tried again: the kubelet's sync period. */
const RETRY = 10_000;

/** Starts single containers: image, environment, the container itself, with the kubelet's events and waiting reasons. */
export class ContainerStarter {
  readonly #context: StarterContext;
  readonly #refused = new Set<string>();

  constructor(context: StarterContext) {
    this.#context = context;
  }

  /** What downward API references of a pod are told about the place it is in. */
  place(record: PodRecord): Place {
    const { node, nodeObject } = this.#context;
    return { hostIP: node.ip, podIP: record.sandbox?.ip ?? '', allocatable: nodeObject()?.status?.allocatable ?? {} };
  }

  /** @returns the started container; undefined when it could not be started: `waiting` of the record then says why */
  async start(record: PodRecord, container: ContainerRecord, signal: AbortSignal): Promise<RuntimeContainer | undefined> {
    const { clock, events } = this.#context;
    const ended = container.current;
    if (ended?.finishedAt !== undefined) container.crash.next(ended.finishedAt, clock.now());
    try {
      const started = await this.#try(record, container, signal);
      const hook = container.spec.lifecycle?.postStart;
      if (hook && container.starting && !(await this.#postStart(hook, record, container, signal))) return undefined;
      container.waiting =
        started.reason === START_ERROR ? { reason: 'RunContainerError', ...(started.message && { message: started.message }) } : undefined;
      return started;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof RuntimeError)) throw error;
      container.waiting = { reason: error.reason, message: error.message };
      if (!container.pullFailure) events.container(record.pod, container, 'Warning', 'Failed', `Error: ${error.message}`);
      else events.container(record.pod, container, 'Warning', 'Failed', `Error: ${error.reason}`);
      this.#retryLater(container);
      return undefined;
    }
  }

  /** Says once that a container has to wait before it is tried again. */
  announceBackoff(pod: Pod, container: ContainerRecord): void {
    const { events } = this.#context;
    const { waiting, spec, pullFailure } = container;
    if (pullFailure) {
      if (waiting?.reason === 'ImagePullBackOff') return;
      const text = `Back-off pulling image ${JSON.stringify(spec.image)}`;
      container.waiting = { reason: 'ImagePullBackOff', message: `${text}: ErrImagePull: ${pullFailure.message}` };
      events.container(pod, container, 'Normal', 'BackOff', text);
      return;
    }
    if (waiting?.reason === 'CrashLoopBackOff') return;
    const delay = formatDuration(container.crash.delay);
    container.waiting = {
      reason: 'CrashLoopBackOff',
      message: `back-off ${delay} restarting failed container=${spec.name} pod=${podText(pod)}`,
    };
    events.container(pod, container, 'Warning', 'BackOff', `Back-off restarting failed container ${spec.name} in pod ${podText(pod)}`);
  }

  /** Says once of each ephemeral container that it will not run. */
  refuseEphemeral({ pod }: PodRecord): void {
    for (const { name } of pod.spec.ephemeralContainers ?? []) {
      const told = this.#refused.has(name) || pod.status?.ephemeralContainerStatuses?.some((s) => s.name === name);
      this.#refused.add(name);
      if (!told) this.#context.events.ephemeral(pod, name, 'Failed', `Error: ${NO_EPHEMERAL}`);
    }
  }

  async #try(record: PodRecord, container: ContainerRecord, signal: AbortSignal): Promise<RuntimeContainer> {
    const { runtime, events, sources, node } = this.#context;
    const { pod } = record;
    const image = await ensureImage(pod, container, this.#context, signal);
    const resolved = await environment(pod, container.spec, this.place(record), sources).catch((error: unknown) => {
      if (error instanceof ConfigError) throw new RuntimeError('CreateContainerConfigError', error.message, { cause: error });
      throw error;
    });
    const attempt = container.current ? container.current.attempt + 1 : container.restartCount;
    const obsolete = container.previous;
    const started = await runtime.startContainer({ pod, node, container: container.spec, attempt, image, ...resolved, signal });
    events.container(pod, container, 'Normal', 'Created', 'Container created');
    const failed = started.state === 'exited' && started.reason === START_ERROR;
    if (failed) events.container(pod, container, 'Warning', 'Failed', `Error: ${started.message ?? ''}`);
    else events.container(pod, container, 'Normal', 'Started', 'Container started');
    container.previous = container.current;
    container.current = started;
    container.starting = !failed && container.spec.lifecycle?.postStart !== undefined;
    container.restartCount = attempt;
    // of the past only the last attempt is kept, for its logs
    if (obsolete)
      await runtime.removeContainer(pod, obsolete.id).catch((error: unknown) => events.pod(pod, 'Warning', 'FailedSync', messageOf(error)));
    return started;
  }

  /**
   * Runs the hook; a container whose hook fails is killed, and its restart policy decides what follows.
   * @returns whether the container goes on. True also when the pod is to end meanwhile: that ends the container.
   */
  async #postStart(hook: LifecycleHandler, record: PodRecord, container: ContainerRecord, signal: AbortSignal): Promise<boolean> {
    const { clock, events } = this.#context;
    const { pod } = record;
    const failure = await Promise.race([runHook(hook, record, container, this.#context).then(() => undefined, messageOf), aborted(signal)]);
    container.starting = false;
    if (failure === undefined || signal.aborted) return true;
    // the event does not say why: what the hook printed may be secret
    events.container(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
    const deadline = clock.now() + Number(pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    await killContainer(record, container, { deadline, message: 'FailedPostStartHook' }, this.#context);
    container.waiting = { reason: 'PostStartHookError', message: failure };
    return false;
  }

  #retryLater(container: ContainerRecord): void {
    if (container.pullFailure && container.pull.delay > 0) return;
    const now = this.#context.clock.now();
    container.retryAt = now + RETRY;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
