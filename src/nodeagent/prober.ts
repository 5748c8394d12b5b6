// Runs the probes of one running container (pkg/kubelet/prober): each kind on its own timer; a startup probe holds the other
// two back; results count only after so many equal ones in a row.
import type { Container, Pod, Probe } from '../api/types/core-v1.gen.js';
import type { Clock, Timer } from '../util/clock.js';
import { messageOf } from '../util/errors.js';
import type { PodEvents } from './pod-events.js';
import type { ContainerRecord } from './records.js';
import type { ProbeKind, Runtime, RuntimeContainer } from './runtime.js';

/** What is probed, and who is told. */
export interface ProberOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: PodEvents;
  readonly pod: () => Pod;
  readonly ip: string;
  readonly record: ContainerRecord;
  readonly container: RuntimeContainer;
  /** The startup probe has succeeded, or readiness has changed. */
  readonly changed: () => void;
  /** A liveness or startup probe has failed for good: the container must go. */
  readonly failed: (kind: 'liveness' | 'startup') => void;
}

const TITLES: Readonly<Record<ProbeKind, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

/** The probes of all running containers of a pod. */
export class Probers {
  readonly #byContainer = new Map<string, Prober>();

  /** Begins the probes of a container. */
  begin(options: ProberOptions): void {
    const prober = new Prober(options);
    this.#byContainer.set(options.container.id, prober);
    prober.start();
  }

  /** @param id of the runtime's container */
  end(id: string): void {
    this.#byContainer.get(id)?.stop();
    this.#byContainer.delete(id);
  }

  /** Ends the probes of all containers. */
  endAll(): void {
    for (const id of this.#byContainer.keys()) this.end(id);
  }
}

/** Runs the probes of one container while it runs. */
class Prober {
  readonly #options: ProberOptions;
  readonly #abort = new AbortController();
  readonly #timers = new Set<Timer>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Sets `started` and `ready` of the record to what they are before any probe, and begins. */
  start(): void {
    const { record, container, clock } = this.#options;
    const { startupProbe, readinessProbe } = record.spec;
    record.started = startupProbe === undefined;
    record.ready = readinessProbe === undefined;
    const running = clock.now() - container.startedAt;
    if (startupProbe) this.#begin('startup', startupProbe, running);
    else this.#beginOthers(running);
  }

  stop(): void {
    this.#abort.abort();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #beginOthers(running: number): void {
    const { livenessProbe, readinessProbe } = this.#options.record.spec;
    if (livenessProbe) this.#begin('liveness', livenessProbe, running);
    if (readinessProbe) this.#begin('readiness', readinessProbe, running);
  }

  #begin(kind: ProbeKind, probe: Probe, running: number): void {
    const { random, runtime } = this.#options;
    const initial = (probe.initialDelaySeconds ?? 0) * 1_000 - running;
    // an agent that finds running containers must not probe them all at once
    const spread = running > 60_000 && runtime.mounts ? random() * period(probe) : 0;
    this.#after(Math.max(initial, 0) + spread, () => this.#run(kind, probe, { ok: undefined, count: 0 }));
  }

  #after(ms: number, fn: () => Promise<void>): void {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      void fn();
    });
    this.#timers.add(timer);
  }

  async #run(kind: ProbeKind, probe: Probe, last: { ok: boolean | undefined; count: number }): Promise<void> {
    const { ok, output } = await this.#ask(kind, probe);
    if (this.#abort.signal.aborted) return;
    const { events, pod, record } = this.#options;
    if (!ok) events.container(pod(), record, 'Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${output}`);
    const count = last.ok === ok ? last.count + 1 : 1;
    const threshold = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    const over = count >= threshold && this.#settle(kind, ok);
    if (!over && !this.#abort.signal.aborted) this.#after(period(probe), () => this.#run(kind, probe, { ok, count }));
  }

  /** @returns whether this probe has done its work */
  #settle(kind: ProbeKind, ok: boolean): boolean {
    const { record, changed, failed } = this.#options;
    if (kind === 'readiness') {
      if (record.ready !== ok) {
        record.ready = ok;
        changed();
      }
      return false;
    }
    if (!ok) {
      failed(kind);
      return true;
    }
    if (kind === 'liveness') return false;
    record.started = true;
    this.#beginOthers(this.#options.clock.now() - this.#options.container.startedAt);
    changed();
    return true;
  }

  async #ask(kind: ProbeKind, probe: Probe): Promise<{ ok: boolean; output: string }> {
    const { runtime, pod, container, ip, record } = this.#options;
    if (probe.grpc) return { ok: false, output: 'kubemu does not implement gRPC probes' };
    try {
      const port = (name: string | number) => portNumber(record.spec, name);
      return await runtime.probe({ pod: pod(), container, kind, probe, ip, port, signal: this.#abort.signal });
    } catch (error) {
      return { ok: false, output: messageOf(error) };
    }
  }
}

function period(probe: Probe): number {
  return (probe.periodSeconds ?? 10) * 1_000;
}

/** @throws Error when the container has no port of that name */
export function portNumber(container: Container, port: string | number): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((p) => p.name === port);
  if (named) return named.containerPort;
  if (/^\d+$/.test(port)) return Number(port);
  throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${JSON.stringify(container.name)}`);
}
