/** Delays that double with each failure and start anew after a long time without one (client-go util/flowcontrol Backoff). */
export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  #delay = 0;
  #last = 0;

  constructor(initial: number, max: number) {
    this.#initial = initial;
    this.#max = max;
  }

  /** The present delay in milliseconds. */
  get delay(): number {
    return this.#delay;
  }

  /** Milliseconds still to wait at `now` after a failure at `failedAt`; 0: go on. */
  remaining(failedAt: number, now: number): number {
    if (this.#delay === 0 || this.#expired(failedAt)) return 0;
    return Math.max(0, failedAt + this.#delay - now);
  }

  /** Counts a failure that happened at `failedAt`. */
  next(failedAt: number, now: number): void {
    this.#delay = this.#delay === 0 || this.#expired(failedAt) ? this.#initial : Math.min(this.#delay * 2, this.#max);
    this.#last = now;
  }

  /** What was tried has succeeded. */
  reset(): void {
    this.#delay = 0;
  }

  #expired(failedAt: number): boolean {
    return failedAt - this.#last > 2 * this.#max;
  }
}
