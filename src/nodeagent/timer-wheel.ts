import type { Clock, Timer } from '../util/clock.js';

/** Timers are due in steps of this many milliseconds. */
const STEP = 20;

/**
 * One timer of the underlying clock for all timers of all nodes: those due in the same step fire together. A timer fires
 * up to one step late, never early.
 *
 *     step 5: [a, b]    step 9: [c]         the clock's one timer waits for step 5
 */
export class TimerWheel implements Clock {
  readonly #clock: Clock;
  readonly #steps = new Map<number, Set<() => void>>();
  /** Steps that have timers, as a binary heap. */
  readonly #order: number[] = [];
  #armed: { step: number; timer: Timer } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, fn: () => void): Timer {
    const step = Math.ceil((this.#clock.now() + Math.max(ms, 0)) / STEP);
    let due = this.#steps.get(step);
    if (!due) {
      this.#steps.set(step, (due = new Set()));
      this.#push(step);
      this.#arm();
    }
    // a function may be given twice: each has its own entry
    const entry = () => fn();
    due.add(entry);
    return { cancel: () => void due.delete(entry) };
  }

  /** Forgets every timer. */
  stop(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
    this.#steps.clear();
    this.#order.length = 0;
  }

  #arm(): void {
    const [first] = this.#order;
    if (first === undefined || (this.#armed && this.#armed.step <= first)) return;
    this.#armed?.timer.cancel();
    this.#armed = { step: first, timer: this.#clock.after(first * STEP - this.#clock.now(), () => this.#fire()) };
  }

  #fire(): void {
    this.#armed = undefined;
    const now = this.#clock.now();
    for (let first = this.#order[0]; first !== undefined && first * STEP <= now; first = this.#order[0]) {
      const due = this.#steps.get(first);
      this.#steps.delete(first);
      this.#pop();
      for (const entry of due ?? []) entry();
    }
    this.#arm();
  }

  #push(step: number): void {
    const heap = this.#order;
    let place = heap.push(step) - 1;
    for (let parent = (place - 1) >> 1; place > 0 && (heap[parent] as number) > step; parent = (place - 1) >> 1) {
      heap[place] = heap[parent] as number;
      heap[parent] = step;
      place = parent;
    }
  }

  #pop(): void {
    const heap = this.#order;
    const last = heap.pop() as number;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let place = 0; ; ) {
      let child = 2 * place + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
      if ((heap[child] as number) >= last) return;
      heap[place] = heap[child] as number;
      heap[child] = last;
      place = child;
    }
  }
}
