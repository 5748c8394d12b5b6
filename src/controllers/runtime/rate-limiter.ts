import type { Clock } from '../../util/clock.js';
import { TokenBucket } from '../../util/token-bucket.js';

const FIRST = 5;
const LAST = 1_000_000;

/**
 * How long a failed key waits: 5 ms doubled with every failure up to 1000 s, and for all keys together ten a second after
 * a burst of a hundred (client-go's DefaultTypedControllerRateLimiter).
 */
export class RateLimiter {
  readonly #failures = new Map<string, number>();
  readonly #bucket: TokenBucket;

  constructor(clock: Clock) {
    this.#bucket = new TokenBucket(clock, { perSecond: 10, burst: 100 });
  }

  /** Counts a failure. @returns milliseconds */
  delay(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.max(Math.min(FIRST * 2 ** failures, LAST), this.#bucket.reserve());
  }

  /** How often a key has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** A key has succeeded, or is gone. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
