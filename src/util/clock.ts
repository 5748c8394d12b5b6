/** A pending timer; `cancel` may be called any number of times. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time in kubemu: nothing else waits, or asks what time it is, so a cluster may run on a virtual clock
 * and a run can be repeated. What belongs to the machine and not to the cluster goes by the machine's time: limits of
 * sockets and requests, the validity of TLS certificates, how long something took (metrics, access log).
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds. The timer does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    // a delay over 2^31-1 ms would fire at once
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), 0x7fffffff));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

interface Waiting {
  at: number;
  order: number;
  fn: () => void;
}

/** A clock that moves only when it is told to; timers fire in the order of their times. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #waiting: Waiting[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const entry = { at: this.#now + Math.max(ms, 0), order: this.#order++, fn };
    this.#waiting.push(entry);
    return { cancel: () => void (this.#waiting = this.#waiting.filter((w) => w !== entry)) };
  }

  /** The time of the next timer, or undefined when none waits. */
  next(): number | undefined {
    return this.#waiting.reduce<number | undefined>((min, w) => (min === undefined || w.at < min ? w.at : min), undefined);
  }

  /** Moves `ms` forward, firing every timer on the way; between two timers, promises get their turn. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#waiting.filter((w) => w.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#waiting.splice(this.#waiting.indexOf(due), 1);
      this.#now = due.at;
      due.fn();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}

/** Resolves after `ms`; resolves at once (never rejects) when the signal is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** A time as the API writes metav1.Time: seconds, UTC (RFC 3339). */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second) last = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return last.text;
}

/** The same second is asked for many times over. A memo of a pure function: clusters that share it notice nothing. */
let last = { second: Number.NaN, text: '' };

/** A time as the API writes metav1.MicroTime: six digits of a second, UTC. */
export function microTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}
