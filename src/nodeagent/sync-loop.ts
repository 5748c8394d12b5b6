import type { Clock, Timer } from '../util/clock.js';
import { Backoff } from './backoff.js';

/** Failures of sandbox, volumes and the server: half a second, doubled up to two minutes. */
const FIRST_RETRY = 500;
const LAST_RETRY = 122_000;

/** What a loop calls. */
export interface SyncLoopOptions {
  readonly clock: Clock;
  /** Looks at what is wanted and what there is, and does the next steps. One runs at a time; it is called again after it has failed. */
  readonly sync: () => Promise<void>;
  /** A sync has failed. */
  readonly failed: (error: unknown) => void;
}

/**
 * Calls `sync` whenever something may have changed: at once, after the one that is running, or after a while.
 *
 *     wake, wake, wake    two syncs: the first of them began at once, the others share the one that follows
 */
export class SyncLoop {
  readonly #options: SyncLoopOptions;
  readonly #retry = new Backoff(FIRST_RETRY, LAST_RETRY);
  #running = false;
  #again = false;
  #stopped = false;
  #timer: { readonly due: number; readonly timer: Timer } | undefined;

  constructor(options: SyncLoopOptions) {
    this.#options = options;
  }

  /** Whether a sync is under way. */
  get running(): boolean {
    return this.#running;
  }

  /** Asks for a sync that sees all there is now. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#disarm();
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (!this.#again) return;
      this.#again = false;
      this.wake();
    });
  }

  /** Another sync after `ms` milliseconds at the latest. */
  wakeIn(ms: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const due = clock.now() + ms;
    if (this.#timer && this.#timer.due <= due) return;
    this.#disarm();
    const timer = clock.after(ms, () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { due, timer };
  }

  /** Nothing more is called; what is running comes to its end. */
  stop(): void {
    this.#stopped = true;
    this.#disarm();
  }

  #disarm(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  async #run(): Promise<void> {
    const { clock, sync, failed } = this.#options;
    try {
      await sync();
      this.#retry.reset();
    } catch (error) {
      if (this.#stopped) return;
      failed(error);
      const now = clock.now();
      this.#retry.next(now, now);
      this.wakeIn(this.#retry.delay);
    }
  }
}
