// Who is scheduled next. A pod that waits is in exactly one of four places (pkg/scheduler/backend/queue):
//
//     gated ──gates gone──▶ active ──next()──▶ (its turn) ──no node fits──▶ unschedulable
//                             ▲                    │ error                        │ an event that may help, or 5 minutes
//                             └──── backoff ◀──────┴──────────────────────────────┘
//                                  1 s, 2 s, 4 s … 10 s
import { uidOf } from '../api/meta/object.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { Clock, Timer } from '../util/clock.js';
import type { EventObjects, Plugin } from './framework.js';
import { KeyedHeap } from './heap.js';

/** Stands among the rejecting rules for there being no node at all. */
export const NO_NODES = 'no nodes';

const INITIAL_BACKOFF = 1_000;
const MAX_BACKOFF = 10_000;
const UNSCHEDULABLE_FOR = 5 * 60_000;
const FLUSH_INTERVAL = 30_000;

/** A waiting pod with its history. */
export interface Queued {
  pod: Pod;
  /** When it entered the active queue; pods of one priority come in this order. */
  since: number;
  readonly order: number;
  /** Turns that ended without a node. */
  failures: number;
  /** Not before this moment. */
  backoffUntil: number;
  /** Its last turn ended with an error of ours or the server's, not with a rejection: it has to wait its time. */
  erred: boolean;
  /** Names of the rules that rejected it last; events are offered to these. */
  rejectedBy: ReadonlySet<string>;
  unschedulableSince: number;
}

/** What the queue asks about pods and the time. */
export interface QueueOptions {
  readonly plugins: readonly Plugin[];
  readonly clock: Clock;
  /** Called when `next` may have something to give. */
  readonly wake: () => void;
}

function priority(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/** The pods that wait for a node. */
export class SchedulingQueue {
  readonly #options: QueueOptions;
  readonly #active = new KeyedHeap<Queued>(
    (q) => uidOf(q.pod),
    (a, b) => {
      const difference = priority(b.pod) - priority(a.pod) || a.since - b.since || a.order - b.order;
      return difference < 0;
    },
  );
  readonly #backoff = new KeyedHeap<Queued>(
    (q) => uidOf(q.pod),
    (a, b) => a.backoffUntil < b.backoffUntil || (a.backoffUntil === b.backoffUntil && a.order < b.order),
  );
  readonly #unschedulable = new Map<string, Queued>();
  readonly #gated = new Map<string, Queued>();
  #order = 0;
  #timer: { at: number; timer: Timer } | undefined;
  #flush: Timer;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#flush = options.clock.after(FLUSH_INTERVAL, () => this.#flushOld());
  }

  /** How many pods wait where. */
  get sizes(): { active: number; backoff: number; unschedulable: number; gated: number } {
    return { active: this.#active.size, backoff: this.#backoff.size, unschedulable: this.#unschedulable.size, gated: this.#gated.size };
  }

  /** A pod without a node has appeared. */
  add(pod: Pod): void {
    const now = this.#options.clock.now();
    const queued: Queued = {
      pod,
      since: now,
      order: this.#order++,
      failures: 0,
      backoffUntil: 0,
      erred: false,
      rejectedBy: new Set(),
      unschedulableSince: 0,
    };
    this.#activate(queued);
  }

  /** A waiting pod has changed; `events` tells in what respect that may matter to the rules. */
  update(old: Pod, pod: Pod, events: readonly EventObjects[]): void {
    const uid = uidOf(pod);
    const queued = this.#active.get(uid) ?? this.#backoff.get(uid);
    if (queued) {
      const where = this.#active.get(uid) ? this.#active : this.#backoff;
      where.push(Object.assign(queued, { pod }));
      return;
    }
    const gated = this.#gated.get(uid);
    if (gated) {
      this.#gated.delete(uid);
      this.#activate(Object.assign(gated, { pod }));
      return;
    }
    const stuck = this.#unschedulable.get(uid);
    // not waiting: it is having its turn, and will be looked up again should that fail
    if (!stuck) return;
    stuck.pod = pod;
    // upstream compares what scheduling looks at; a status written by ourselves is not worth a new turn
    if (events.some((event) => this.#mayHelp(stuck, event)) || old.metadata.generation !== pod.metadata.generation) this.#retry(stuck);
  }

  /** A pod is gone, or has a node. */
  remove(uid: string): void {
    this.#active.remove(uid);
    this.#backoff.remove(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
  }

  /** The next pod whose turn it is. It is nobody's until `failed` gives it back. */
  next(): Queued | undefined {
    const active = this.#active.pop();
    if (active) return active;
    // an idle scheduler does not let rejected pods wait for nothing (KEP 5142); errors keep their delay
    const soonest = this.#backoff.peek();
    const early = soonest?.erred ? this.#backoff.items().find((q) => !q.erred) : soonest;
    if (early) this.#backoff.remove(uidOf(early.pod));
    return early;
  }

  /**
   * The turn ended without a node.
   * @param rejectedBy the rules that said no; empty when something went wrong, and the pod is tried again after its back-off
   */
  failed(queued: Queued, pod: Pod, rejectedBy: ReadonlySet<string>): void {
    const now = this.#options.clock.now();
    queued.pod = pod;
    queued.failures++;
    queued.backoffUntil = now + Math.min(INITIAL_BACKOFF * 2 ** (queued.failures - 1), MAX_BACKOFF);
    queued.rejectedBy = rejectedBy;
    queued.erred = rejectedBy.size === 0;
    queued.unschedulableSince = now;
    if (queued.erred) this.#wait(queued);
    else this.#unschedulable.set(uidOf(pod), queued);
  }

  /** Something happened: pods that it may help go back to the queue. */
  notify(change: EventObjects): void {
    for (const queued of this.#unschedulable.values()) if (this.#mayHelp(queued, change)) this.#retry(queued);
  }

  /** Ends the timers. */
  stop(): void {
    this.#flush.cancel();
    this.#timer?.timer.cancel();
  }

  #mayHelp({ pod, rejectedBy }: Queued, change: EventObjects): boolean {
    if (rejectedBy.has(NO_NODES)) return change.event === 'node-added';
    return this.#options.plugins.some(
      (p) => rejectedBy.has(p.name) && p.events.includes(change.event) && (p.mayHelp?.(pod, change) ?? true),
    );
  }

  #retry(queued: Queued): void {
    this.#unschedulable.delete(uidOf(queued.pod));
    if (queued.backoffUntil > this.#options.clock.now()) this.#wait(queued);
    else this.#activate(queued);
  }

  #activate(queued: Queued): void {
    if (this.#options.plugins.some((p) => p.gate?.(queued.pod) !== undefined)) {
      this.#gated.set(uidOf(queued.pod), queued);
      return;
    }
    queued.since = this.#options.clock.now();
    this.#active.push(queued);
    this.#options.wake();
  }

  #wait(queued: Queued): void {
    this.#backoff.push(queued);
    this.#arm();
    if (!queued.erred) this.#options.wake();
  }

  #arm(): void {
    const first = this.#backoff.peek();
    if (!first || (this.#timer && this.#timer.at <= first.backoffUntil)) return;
    this.#timer?.timer.cancel();
    const { clock } = this.#options;
    this.#timer = { at: first.backoffUntil, timer: clock.after(first.backoffUntil - clock.now(), () => this.#backoffOver()) };
  }

  #backoffOver(): void {
    this.#timer = undefined;
    const now = this.#options.clock.now();
    for (let first = this.#backoff.peek(); first && first.backoffUntil <= now; first = this.#backoff.peek()) {
      this.#backoff.pop();
      this.#activate(first);
    }
    this.#arm();
  }

  #flushOld(): void {
    const now = this.#options.clock.now();
    for (const queued of this.#unschedulable.values()) if (now - queued.unschedulableSince > UNSCHEDULABLE_FOR) this.#retry(queued);
    this.#flush = this.#options.clock.after(FLUSH_INTERVAL, () => this.#flushOld());
  }
}
