// The work queue of a controller, with the rules of client-go's workqueue: a key waits at most once, is never handed out
// twice at the same time, and is handed out again when it was added while it was worked on.
//
//   add a      queue: a
//   get  → a   working: a
//   add a      working: a, again: a      (nobody else gets it now)
//   done a     queue: a                  (and it comes once more)
import type { Clock, Timer } from '../../util/clock.js';
import { RateLimiter } from './rate-limiter.js';

/** The keys a controller has still to work on. */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  /** In the order of arrival. */
  readonly #queue = new Set<string>();
  readonly #working = new Set<string>();
  readonly #again = new Set<string>();
  readonly #later = new Map<string, { readonly at: number; readonly timer: Timer }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock);
  }

  /** How many keys wait to be handed out now. */
  get length(): number {
    return this.#queue.size;
  }

  /** Has a key worked on; once, however often it is added before that. */
  add(key: string): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    const worker = this.#queue.has(key) ? undefined : this.#waiting.shift();
    if (!worker) {
      this.#queue.add(key);
      return;
    }
    this.#working.add(key);
    worker(key);
  }

  /** Adds the key once `ms` have passed; of several delays of one key the one that ends first counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + ms;
    const known = this.#later.get(key);
    if (known && known.at <= at) return;
    known?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, { at, timer });
  }

  /** Adds the key after its back-off, which grows with every call until `forget`. */
  addRateLimited(key: string): void {
    this.addAfter(key, this.#limiter.delay(key));
  }

  /** The next back-off of the key is the first again. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** How often the key was added with back-off since `forget`. */
  failures(key: string): number {
    return this.#limiter.failures(key);
  }

  /** The next key, which must be given back with `done`; undefined once the queue is closed. */
  get(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const [key] = this.#queue;
    if (key === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#queue.delete(key);
    this.#working.add(key);
    return Promise.resolve(key);
  }

  /** A key is no longer worked on; if it was added meanwhile, its turn comes again. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  /** Hands out nothing more and forgets what waits. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#later.values()) timer.cancel();
    this.#later.clear();
    this.#queue.clear();
    this.#again.clear();
    for (const worker of this.#waiting.splice(0)) worker(undefined);
  }
}
