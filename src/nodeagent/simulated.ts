// The simulated runtime: containers that exist only as entries here, whose lives the stages tell (stages.ts). It costs a few
// hundred bytes and one timer a container, so one process runs thousands of nodes.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { uidOf } from '../api/meta/object.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Container, ContainerStatus, Pod } from '../api/types/core-v1.gen.js';
import { type Clock, sleep, type Timer } from '../util/clock.js';
import { AddressPool } from './addresses.js';
import { type ContainerKind, kindOf } from './records.js';
import {
  type ContainerRequest,
  type ExecResult,
  type Image,
  type LogOptions,
  type ProbeRequest,
  type ProbeResult,
  type Runtime,
  type RuntimeContainer,
  RuntimeError,
  type RuntimeInfo,
  type RuntimeNode,
  type RuntimePod,
  type Sandbox,
  type SandboxRequest,
  START_ERROR,
} from './runtime.js';
import { syntheticLog } from './simulated-logs.js';
import { delayOf, loadStages, numberOf, pickStage, type Stage, type Subject, textOf } from './stages.js';

/** What the simulation goes by. */
export interface SimulatedOptions {
  readonly clock: Clock;
  /** A random source in [0,1): container ids come from it. */
  readonly random: () => number;
  /** Default: the stages that come with kubemu. */
  readonly stages?: readonly Stage[];
}

interface Entry {
  readonly spec: Container;
  readonly kind: ContainerKind;
  state: RuntimeContainer;
  timers: Timer[];
  /** Those that wait for its end, and when it is killed. */
  ending: { done: Promise<void>; resolve: () => void; killAt: number; timer: Timer } | undefined;
}

interface SimulatedPod {
  readonly node: RuntimeNode;
  pod: Pod;
  sandbox: Sandbox | undefined;
  readonly entries: Map<string, Entry>;
}

/** Creates the simulated runtime: one for all simulated nodes of a process. */
export function simulatedRuntime(options: SimulatedOptions): Runtime {
  return new SimulatedRuntime(options);
}

class SimulatedRuntime implements Runtime {
  readonly name = 'simulated';
  readonly mounts = false;
  readonly info: RuntimeInfo = {
    version: 'simulated://1.0.0',
    osImage: 'kubemu simulated node',
    kernelVersion: '6.12.0-kubemu',
    architecture: 'amd64',
    capacity: { cpu: '8', memory: '16Gi', 'ephemeral-storage': '100Gi' },
  };
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #stages: readonly Stage[];
  readonly #pods = new Map<string, SimulatedPod>();
  readonly #pools = new Map<string, AddressPool>();
  /** Images that a node has pulled: `node image`. */
  readonly #images = new Set<string>();
  #listener: (podUid: string, container: RuntimeContainer) => void = () => undefined;

  constructor({ clock, random, stages }: SimulatedOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#stages = stages ?? loadStages();
  }

  async adopt(pod: Pod, node: RuntimeNode): Promise<RuntimePod | undefined> {
    const known = this.#pods.get(uidOf(pod));
    if (known) return { sandbox: known.sandbox, containers: [...known.entries.values()].map((e) => e.state) };
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].filter((s) => s.containerID);
    const ip = pod.status?.podIP;
    if (!ip || statuses.length === 0) return undefined;
    const over = isPodFinished(pod);
    const sandbox = over ? undefined : { id: this.#newId(), ip };
    if (sandbox && !pod.spec.hostNetwork) this.#pool(node).reserve(ip);
    const adopted: SimulatedPod = { node, pod, sandbox, entries: new Map() };
    this.#pods.set(uidOf(pod), adopted);
    for (const status of statuses) this.#restore(adopted, status);
    return { sandbox, containers: [...adopted.entries.values()].map((e) => e.state) };
  }

  async removeOthers(node: RuntimeNode, uids: ReadonlySet<string>): Promise<void> {
    for (const [uid, { pod, node: own }] of this.#pods) if (own.name === node.name && !uids.has(uid)) await this.removePod(pod);
  }

  async startSandbox({ pod, node }: SandboxRequest): Promise<Sandbox> {
    const known = this.#pods.get(uidOf(pod));
    if (known?.sandbox) return known.sandbox;
    const ip = pod.spec.hostNetwork ? node.ip : this.#pool(node).take();
    if (!ip) throw new RuntimeError('CreatePodSandboxError', `no IP addresses available in range set: ${node.podCIDR}`);
    const sandbox = { id: this.#newId(), ip };
    if (known) known.sandbox = sandbox;
    else this.#pods.set(uidOf(pod), { node, pod, sandbox, entries: new Map() });
    return sandbox;
  }

  async stopSandbox(pod: Pod): Promise<void> {
    const known = this.#pods.get(uidOf(pod));
    if (!known?.sandbox) return;
    if (!pod.spec.hostNetwork) this.#pool(known.node).release(known.sandbox.ip);
    known.sandbox = undefined;
  }

  async mountVolumes(): Promise<void> {
    // nobody reads the volumes of simulated containers
  }

  async findImage(pod: Pod, { image = '' }: Container): Promise<Image | undefined> {
    return this.#images.has(`${pod.spec.nodeName} ${image}`) ? imageOf(image) : undefined;
  }

  async pullImage(pod: Pod, container: Container, signal: AbortSignal): Promise<Image> {
    const subject: Subject = { pod, container: container.name, kind: kindOf(pod, container), attempt: 0 };
    const stage = await this.#pass('pull', subject, signal);
    if (stage?.next.error) throw new RuntimeError(stage.next.error, textOf(stage.next.message, subject) ?? '');
    const image = container.image ?? '';
    this.#images.add(`${pod.spec.nodeName} ${image}`);
    return imageOf(image);
  }

  async startContainer({ pod, container, attempt, image, signal }: ContainerRequest): Promise<RuntimeContainer> {
    const known = this.#known(pod);
    const subject: Subject = { pod, container: container.name, kind: kindOf(pod, container), attempt };
    const stage = await this.#pass('start', subject, signal);
    known.pod = pod;
    const now = this.#clock.now();
    const state: RuntimeContainer = {
      id: `simulated://${this.#newId()}`,
      name: container.name,
      attempt,
      state: stage?.next.state ?? 'running',
      image: container.image ?? '',
      imageID: image.id,
      startedAt: now,
      ...(stage?.next.state === 'exited' && {
        finishedAt: now,
        exitCode: numberOf(stage.next.exitCode, subject),
        reason: START_ERROR,
        message: textOf(stage.next.message, subject) ?? '',
      }),
    };
    const entry: Entry = { spec: container, kind: subject.kind, state, timers: [], ending: undefined };
    known.entries.set(state.id, entry);
    if (state.state === 'running') this.#live(known, entry);
    return entry.state;
  }

  async stopContainer(pod: Pod, id: string, graceSeconds: number): Promise<RuntimeContainer | undefined> {
    const known = this.#pods.get(uidOf(pod));
    const entry = known?.entries.get(id);
    if (!known || !entry) return undefined;
    if (entry.state.state === 'running') await this.#stop(known, entry, graceSeconds * 1_000);
    return entry.state;
  }

  async removeContainer(pod: Pod, id: string): Promise<void> {
    const known = this.#pods.get(uidOf(pod));
    const entry = known?.entries.get(id);
    if (entry) cancel(entry);
    known?.entries.delete(id);
  }

  async removePod(pod: Pod): Promise<void> {
    const known = this.#pods.get(uidOf(pod));
    if (!known) return;
    await this.stopSandbox(pod);
    for (const entry of known.entries.values()) cancel(entry);
    this.#pods.delete(uidOf(pod));
  }

  async exec(_pod: Pod, _id: string, _command: readonly string[]): Promise<ExecResult> {
    return { exitCode: 0, output: '' };
  }

  async probe({ pod, container, kind }: ProbeRequest): Promise<ProbeResult> {
    const known = this.#known(pod);
    const entry = known.entries.get(container.id);
    const subject: Subject = { pod, container: container.name, kind: entry?.kind ?? 'main', attempt: container.attempt, probe: kind };
    const stage = pickStage(this.#stages, 'probe', subject);
    if (!stage || this.#clock.now() - container.startedAt < delayOf(stage, subject)) return { ok: true, output: '' };
    return { ok: stage.next.ok ?? true, output: textOf(stage.next.message, subject) ?? '' };
  }

  async logs(pod: Pod, id: string, options: LogOptions): Promise<Readable> {
    const entry = this.#pods.get(uidOf(pod))?.entries.get(id);
    if (!entry) throw new RuntimeError('NotFound', `unable to retrieve container logs for ${id}`);
    return syntheticLog({ pod, container: () => entry.state, clock: this.#clock, options });
  }

  onChange(listener: (podUid: string, container: RuntimeContainer) => void): void {
    this.#listener = listener;
  }

  /** Simulated sandboxes live as long as they are wanted. */
  onSandboxEnd(): void {}

  async close(): Promise<void> {
    for (const { entries } of this.#pods.values()) for (const entry of entries.values()) cancel(entry);
    this.#pods.clear();
  }

  #known(pod: Pod): SimulatedPod {
    const known = this.#pods.get(uidOf(pod));
    if (!known) throw new RuntimeError('RunContainerError', 'the pod has no sandbox');
    return known;
  }

  #pool(node: RuntimeNode): AddressPool {
    let pool = this.#pools.get(node.name);
    if (!pool) this.#pools.set(node.name, (pool = new AddressPool(node.podCIDR)));
    return pool;
  }

  /** Waits for the stage's delay. Rejects when the signal is aborted. */
  async #pass(event: 'pull' | 'start', subject: Subject, signal: AbortSignal): Promise<Stage | undefined> {
    const stage = pickStage(this.#stages, event, subject);
    const delay = stage ? delayOf(stage, subject) : 0;
    if (delay > 0) await sleep(this.#clock, delay, signal);
    signal.throwIfAborted();
    return stage;
  }

  /** Sets the timers of a running container: when it becomes ready, and when it ends. */
  #live(known: SimulatedPod, entry: Entry): void {
    const { pod } = known;
    const { attempt, startedAt, name } = entry.state;
    const subject: Subject = { pod, container: name, kind: entry.kind, attempt };
    const after = (stage: Stage, fn: () => void) => {
      const delay = startedAt + delayOf(stage, subject) - this.#clock.now();
      entry.timers.push(this.#clock.after(delay, fn));
    };
    const ready = pickStage(this.#stages, 'ready', subject);
    if (ready) {
      entry.state = { ...entry.state, ready: false };
      if (ready.next.ok) after(ready, () => this.#change(known, entry, { ready: true }));
    }
    const run = pickStage(this.#stages, 'run', subject);
    if (run) after(run, () => this.#change(known, entry, this.#ended(run, subject)));
  }

  #ended(stage: Stage, subject: Subject): Partial<RuntimeContainer> {
    const exitCode = numberOf(stage.next.exitCode, subject);
    const message = textOf(stage.next.message, subject);
    const reason = exitCode === 0 ? 'Completed' : ((stage.next.reason === 'Completed' ? 'Error' : stage.next.reason) ?? 'Error');
    return { state: 'exited', exitCode, reason, ...(message && { message }), finishedAt: this.#clock.now() };
  }

  #change(known: SimulatedPod, entry: Entry, what: Partial<RuntimeContainer>): void {
    if (entry.state.state === 'exited') return;
    entry.state = { ...entry.state, ...what };
    if (entry.state.state === 'exited') {
      cancel(entry);
      entry.ending?.resolve();
    }
    this.#listener(uidOf(known.pod), entry.state);
  }

  /** The container ends by the stage, or is killed when the grace period is shorter. */
  async #stop(known: SimulatedPod, entry: Entry, graceMs: number): Promise<void> {
    const now = this.#clock.now();
    const kill = () => this.#change(known, entry, { state: 'exited', exitCode: 137, reason: 'Error', finishedAt: this.#clock.now() });
    if (entry.ending) {
      if (now + graceMs < entry.ending.killAt) {
        entry.ending.timer.cancel();
        Object.assign(entry.ending, { killAt: now + graceMs, timer: this.#clock.after(graceMs, kill) });
      }
      await entry.ending.done;
      return;
    }
    const { attempt, name } = entry.state;
    const subject: Subject = { pod: known.pod, container: name, kind: entry.kind, attempt };
    const stage = pickStage(this.#stages, 'stop', subject);
    const delay = stage ? delayOf(stage, subject) : 0;
    const end = () => (stage ? this.#change(known, entry, this.#ended(stage, subject)) : kill());
    if (delay === 0) {
      end();
      return;
    }
    let resolve: () => void = () => undefined;
    const done = new Promise<void>((settle) => (resolve = settle));
    entry.ending = { done, resolve, killAt: now + graceMs, timer: this.#clock.after(graceMs, kill) };
    if (delay < graceMs) entry.timers.push(this.#clock.after(delay, end));
    await done;
  }

  /** A container as its status tells it, after the process was started anew. */
  #restore(known: SimulatedPod, status: ContainerStatus): void {
    const { pod } = known;
    const spec = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((c) => c.name === status.name);
    if (!spec) return;
    const common = { name: status.name, image: status.image, imageID: status.imageID };
    const { running, terminated } = status.state ?? {};
    const last = status.lastState?.terminated;
    const put = (state: RuntimeContainer) => {
      const entry: Entry = { spec, kind: kindOf(pod, spec), state, timers: [], ending: undefined };
      known.entries.set(state.id, entry);
      this.#images.add(`${pod.spec.nodeName} ${spec.image}`);
      if (state.state === 'running') this.#live(known, entry);
    };
    const ended = terminated ?? (running ? undefined : last);
    if (running)
      put({
        ...common,
        id: status.containerID ?? '',
        attempt: status.restartCount,
        state: 'running',
        startedAt: Date.parse(running.startedAt ?? ''),
      });
    else if (ended) put({ ...common, attempt: status.restartCount, ...endOf(ended), id: status.containerID ?? '' });
    if (last && last !== ended && last.containerID !== status.containerID)
      put({ ...common, attempt: status.restartCount - 1, ...endOf(last) });
  }

  #newId(): string {
    let id = '';
    while (id.length < 64)
      id += Math.floor(this.#random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    return id;
  }
}

function cancel(entry: Entry): void {
  for (const timer of entry.timers) timer.cancel();
  entry.timers = [];
  entry.ending?.timer.cancel();
}

function endOf(
  t: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
): Pick<RuntimeContainer, 'id' | 'state' | 'startedAt' | 'finishedAt' | 'exitCode'> & Partial<RuntimeContainer> {
  return {
    id: t.containerID ?? '',
    state: 'exited',
    startedAt: Date.parse(t.startedAt ?? ''),
    finishedAt: Date.parse(t.finishedAt ?? ''),
    exitCode: t.exitCode,
    ...(t.reason && { reason: t.reason }),
    ...(t.message && { message: t.message }),
  };
}

/** An id and a size that are always the same for a name. */
function imageOf(name: string): Image {
  const digest = createHash('sha256').update(name).digest('hex');
  return { id: `simulated://sha256:${digest}`, sizeBytes: 1_000_000 + (Number.parseInt(digest.slice(0, 6), 16) % 200_000_000) };
}
