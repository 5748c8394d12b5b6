// Drives one pod on a node from its API object to containers and back. Level-based: `#sync` looks at what is wanted and what
// there is, does the next steps, and asks to be called again; everything that happens (a new API object, an ended container,
// a probe's result, a timer) only asks for another sync (sync-loop.ts).
import { isApiError } from '../api/meta/errors.js';
import { pods } from '../api/meta/resources.gen.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { ContainerStarter } from './container-starter.js';
import { plan } from './plan.js';
import type { PodEvents } from './pod-events.js';
import { Probers } from './prober.js';
import { type ContainerRecord, isRunning, newRecord, type PodRecord, takeOver, verdictOf } from './records.js';
import { type Runtime, type RuntimeContainer, RuntimeError, type RuntimeNode } from './runtime.js';
import type { Sources } from './sources.js';
import { StatusWriter } from './status-writer.js';
import { hurryPod, killContainer, leaveSandbox, stopPod } from './stop-pod.js';
import { SyncLoop } from './sync-loop.js';
import { podText } from './text.js';
import { volumeContents, volumeReferences } from './volumes.js';

/** What the workers of a node share. */
export interface WorkerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly runtime: Runtime;
  readonly sources: Sources;
  readonly events: PodEvents;
  readonly node: RuntimeNode;
  /** The Node object as it is now. */
  readonly nodeObject: () => Node | undefined;
}

/** A start that takes longer than this is shown as being under way. */
const SLOW = 50;

/** One pod on one node. */
export class PodWorker {
  readonly #context: WorkerContext;
  readonly #record: PodRecord;
  readonly #probers = new Probers();
  readonly #loop: SyncLoop;
  readonly #forgotten: () => void;
  readonly #starter: ContainerStarter;
  readonly #status: StatusWriter;
  /** Aborts what is being started when the pod is to end. */
  #starting = new AbortController();
  #adopted = false;
  #vanished = false;
  #volumesChanged = false;
  #sandboxEnded = false;
  #frozen = false;
  #sawExit = false;

  /** @param forgotten called once when nothing is left of the pod, here and on the server */
  constructor(pod: Pod, context: WorkerContext, forgotten: () => void) {
    this.#context = context;
    this.#record = newRecord(pod, context.clock.now());
    this.#status = new StatusWriter({ ...context, record: this.#record, hostIP: context.node.ip });
    this.#forgotten = forgotten;
    this.#starter = new ContainerStarter(context);
    this.#loop = new SyncLoop({
      clock: context.clock,
      sync: () => this.#sync(),
      failed: (error) => {
        if (!(error instanceof RuntimeError))
          context.logger.error('a pod could not be brought to its wanted state', { pod: podText(this.#record.pod), error });
      },
    });
  }

  /** What is known of the pod. */
  get record(): Readonly<PodRecord> {
    return this.#record;
  }

  /** A newer state of the API object. */
  update(pod: Pod): void {
    const hurry =
      this.#record.terminating &&
      (pod.metadata.deletionGracePeriodSeconds ?? 0) < (this.#record.pod.metadata.deletionGracePeriodSeconds ?? 0);
    this.#record.pod = pod;
    this.#status.present = pod.status;
    if (hurry) void hurryPod(this.#record, this.#context);
    const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    for (const container of this.#record.containers) container.spec = specs.find((s) => s.name === container.spec.name) ?? container.spec;
    this.#wake();
  }

  /** The API object is gone. */
  vanish(): void {
    this.#vanished = true;
    this.#status.stop();
    this.#wake();
  }

  /** A container has ended, or changed its readiness. */
  changed(container: RuntimeContainer): void {
    const record = this.#record.containers.find((c) => c.current?.id === container.id);
    if (!record || this.#frozen) return;
    record.current = container;
    if (container.state === 'exited') {
      this.#sawExit = true;
      this.#probers.end(container.id);
    }
    this.#wake();
  }

  /** The sandbox has ended by itself: the containers in it have lost their network. */
  sandboxEnded(id: string): void {
    if (this.#record.sandbox?.id !== id) return;
    this.#sandboxEnded = true;
    this.#wake();
  }

  /** A ConfigMap or Secret of the pod's namespace has changed. */
  sourceChanged(name: string): void {
    if (!this.#record.sandbox || !volumeReferences(this.#record.pod).has(name)) return;
    this.#volumesChanged = true;
    this.#wake();
  }

  /** Takes over what runs since an earlier life of the agent. Comes first. */
  async adopt(): Promise<void> {
    const { runtime, node } = this.#context;
    takeOver(this.#record, await runtime.adopt(this.#record.pod, node));
    if (this.#frozen) return;
    this.#sandboxEnded = !this.#record.sandbox && this.#record.containers.some(isRunning);
    for (const container of this.#record.containers)
      if (isRunning(container) && container.current) this.#beginProbes(container, container.current);
    this.#adopted = true;
  }

  /** Begins, once adopted; before that nothing happens. */
  start(): void {
    this.#wake();
  }

  /** The agent stops: nothing more is done or written, what runs goes on running. */
  freeze(): void {
    this.#frozen = true;
    this.#status.stop();
    this.#loop.stop();
    this.#starting.abort();
    this.#probers.endAll();
  }

  #wake(): void {
    if (this.#frozen || !this.#adopted) return;
    // a start under way may take long; what must end need not wait for it
    if (this.#loop.running) this.#checkDeadline();
    if (this.#mustStop()) this.#starting.abort();
    this.#loop.wake();
  }

  #mustStop(): boolean {
    return this.#vanished || this.#record.pod.metadata.deletionTimestamp !== undefined || this.#record.verdict !== undefined;
  }

  async #sync(): Promise<void> {
    const { phase } = this.#record.pod.status ?? {};
    if (!this.#record.verdict && (phase === 'Succeeded' || phase === 'Failed')) {
      const { reason, message } = this.#record.pod.status ?? {};
      this.#record.verdict = { phase, ...(reason && { reason }), ...(message && { message }) };
    }
    this.#checkDeadline();
    if (this.#mustStop()) {
      await this.#end();
      return;
    }
    if (this.#sandboxEnded) {
      this.#probers.endAll();
      await leaveSandbox(this.#record, this.#context);
      this.#sandboxEnded = false;
    }
    if (!this.#record.sandbox && !(await this.#startSandbox())) return;
    if (this.#volumesChanged) {
      this.#volumesChanged = false;
      // what is mounted stays as it is until its source is whole again
      await this.#mount().catch(() => undefined);
    }
    await this.#advance();
  }

  /** spec.activeDeadlineSeconds after status.startTime the pod fails. */
  #checkDeadline(): void {
    const record = this.#record;
    const { clock, events } = this.#context;
    const seconds = record.pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || record.verdict || this.#mustStop()) return;
    const left = record.startTime + seconds * 1_000 - clock.now();
    if (left > 0) {
      this.#loop.wakeIn(left);
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    events.pod(record.pod, 'Normal', 'DeadlineExceeded', message);
    record.verdict = { phase: 'Failed', reason: 'DeadlineExceeded', message };
  }

  async #startSandbox(): Promise<boolean> {
    const { runtime, node, events } = this.#context;
    const { pod } = this.#record;
    await this.#mount();
    const { signal } = this.#starting;
    try {
      this.#record.sandbox = await this.#slowly(runtime.startSandbox({ pod, node, signal }));
      this.#record.ip = this.#record.sandbox.ip;
    } catch (error) {
      if (signal.aborted) return false;
      events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`);
      await this.#status.write();
      throw error instanceof RuntimeError ? error : new RuntimeError('CreatePodSandboxError', messageOf(error), { cause: error });
    }
    return true;
  }

  /** @throws RuntimeError when a volume cannot be made, which is said in an event */
  async #mount(): Promise<void> {
    const { sources, runtime, events } = this.#context;
    const { pod } = this.#record;
    try {
      const contents = await volumeContents(pod, { sources, place: this.#starter.place(this.#record), contents: runtime.mounts });
      await runtime.mountVolumes(pod, contents);
    } catch (error) {
      events.pod(pod, 'Warning', 'FailedMount', messageOf(error));
      await this.#status.write();
      throw new RuntimeError('FailedMount', messageOf(error), { cause: error });
    }
  }

  /** What takes its time is shown meanwhile; what does not saves a write. */
  async #slowly<T>(work: Promise<T>): Promise<T> {
    const timer = this.#context.clock.after(
      SLOW,
      () =>
        void this.#status
          .write()
          .catch((error: unknown) => this.#context.logger.debug('a status was not written', { error: messageOf(error) })),
    );
    try {
      return await work;
    } finally {
      timer.cancel();
    }
  }

  async #advance(): Promise<void> {
    const { clock } = this.#context;
    this.#starter.refuseEphemeral(this.#record);
    for (;;) {
      const next = plan(this.#record, clock.now());
      if (next.over) {
        this.#record.verdict = { phase: verdictOf(this.#record) };
        await this.#end();
        return;
      }
      // how a container ended is told before what follows from it
      if (this.#sawExit) await this.#status.write();
      this.#sawExit = false;
      for (const container of next.backoff) this.#starter.announceBackoff(this.#record.pod, container);
      if (next.start.length === 0) {
        if (next.again !== undefined) this.#loop.wakeIn(next.again);
        await this.#status.write();
        return;
      }
      for (const container of next.start) {
        const started = await this.#slowly(this.#starter.start(this.#record, container, this.#starting.signal));
        if (started) this.#beginProbes(container, started);
        else if (!this.#starting.signal.aborted) await this.#status.write();
      }
      // a container that could not be started has its back-off now: the next round leaves it alone
      if (this.#frozen || this.#mustStop()) return;
    }
  }

  #beginProbes(record: ContainerRecord, container: RuntimeContainer): void {
    this.#probers.begin({
      ...this.#context,
      pod: () => this.#record.pod,
      ip: this.#record.sandbox?.ip ?? '',
      record,
      container,
      changed: () => this.#wake(),
      failed: (kind) => void this.#restart(record, container, kind),
    });
  }

  /** Kills a container whose probe has failed, so that its restart policy decides what follows. */
  async #restart(record: ContainerRecord, container: RuntimeContainer, kind: 'liveness' | 'startup'): Promise<void> {
    const { clock, logger } = this.#context;
    const { pod } = this.#record;
    const message = `Container ${record.spec.name} failed ${kind} probe, will be restarted`;
    const probe = kind === 'startup' ? record.spec.startupProbe : record.spec.livenessProbe;
    this.#probers.end(container.id);
    try {
      const grace = Number(probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30);
      await killContainer(this.#record, record, { deadline: clock.now() + grace * 1_000, message }, this.#context);
      if (record.current?.id === container.id) this.changed(record.current);
    } catch (error) {
      logger.error('a container that failed its probe could not be stopped', { pod: podText(pod), container: container.name, error });
    }
  }

  /** Stops the containers, says how they ended, removes what is left, and lets the server forget the pod. */
  async #end(): Promise<void> {
    const { runtime, clock } = this.#context;
    this.#probers.endAll();
    this.#record.terminating = true;
    await stopPod(this.#record, { ...this.#context, vanished: this.#vanished }, clock.now());
    if (this.#frozen) return;
    if (this.#vanished) {
      await this.#remove();
      return;
    }
    if (!this.#record.verdict && this.#record.containers.some((c) => c.current)) this.#record.verdict = { phase: verdictOf(this.#record) };
    if (this.#record.sandbox) {
      // an ended pod keeps its containers for their logs until it is deleted, but not its address
      await runtime.stopSandbox(this.#record.pod);
      this.#record.sandbox = undefined;
    }
    if (this.#record.containers.some((c) => c.current)) await this.#status.write();
    if (this.#record.pod.metadata.deletionTimestamp === undefined || this.#frozen) return;
    // nothing may be left once the object is gone
    await runtime.removePod(this.#record.pod);
    await this.#deleteObject();
    await this.#remove();
  }

  async #remove(): Promise<void> {
    await this.#context.runtime.removePod(this.#record.pod);
    this.#loop.stop();
    this.#forgotten();
  }

  async #deleteObject(): Promise<void> {
    const { namespace = '', name, uid } = this.#record.pod.metadata;
    try {
      await this.#context.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }
}
