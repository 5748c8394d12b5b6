// What a controller has asked for and not yet seen in its informers. A controller whose objects have names of chance must
// not look at its local copy again before that copy shows the last creations and deletions, or it would make them twice.
import type { Clock } from '../../util/clock.js';

/** Something must have been lost after so long: look again anyway (upstream's ExpectationsTimeout). */
const TIMEOUT = 300_000;

interface Expected {
  readonly since: number;
  creations: number;
  readonly deletions: Set<string>;
}

/** Keyed by the object that owns what is created and deleted. */
export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** So many objects are about to be created for a key. */
  expectCreations(owner: string, count: number): void {
    this.#expected.set(owner, { since: this.#clock.now(), creations: count, deletions: new Set() });
  }

  /** `keys` are the objects about to be deleted: each counts once, as terminating or as gone. */
  expectDeletions(owner: string, keys: readonly string[]): void {
    this.#expected.set(owner, { since: this.#clock.now(), creations: 0, deletions: new Set(keys) });
  }

  /** A creation was seen, or has failed. */
  created(owner: string, count = 1): void {
    const expected = this.#expected.get(owner);
    if (expected) expected.creations -= count;
  }

  /** A deletion was seen, or has failed. */
  deleted(owner: string, key: string): void {
    this.#expected.get(owner)?.deletions.delete(key);
  }

  /** Whether the local copy can be trusted. */
  satisfied(owner: string): boolean {
    const expected = this.#expected.get(owner);
    if (!expected) return true;
    return (expected.creations <= 0 && expected.deletions.size === 0) || this.#clock.now() - expected.since > TIMEOUT;
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.#expected.delete(owner);
  }
}
