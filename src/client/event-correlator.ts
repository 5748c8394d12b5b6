// Keeps events from flooding the API, with the rules and numbers of client-go's tools/record:
// - the same event again raises the count of the first instead of making another;
// - the tenth different message of one reason about one object within ten minutes, and all that follow, become one
//   "(combined from similar events)";
// - one source may write 25 events about one object at once, and one more every five minutes.
import type { Event } from '../api/types/core-v1.gen.js';
import { type Clock, timestamp } from '../util/clock.js';
import { LruCache } from '../util/lru.js';
import { TokenBucket } from '../util/token-bucket.js';

const CACHE_SIZE = 4096;
const SIMILAR_MAX = 10;
const SIMILAR_INTERVAL = 600_000;
const SPAM_BURST = 25;
const SPAM_PER_SECOND = 1 / 300;

/** An event as its recorder makes it. */
export type NewEvent = Pick<Event, 'metadata' | 'involvedObject' | 'source'> &
  Required<Pick<Event, 'type' | 'reason' | 'message' | 'count' | 'firstTimestamp' | 'lastTimestamp'>> &
  Pick<Event, 'reportingComponent' | 'reportingInstance'>;

interface Observation {
  count: number;
  readonly name: string;
  readonly first: string;
}

interface Similar {
  readonly messages: Set<string>;
  at: number;
}

/** Decides for each event whether it is written, counted on an earlier one, or dropped. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #seen = new LruCache<string, Observation>(CACHE_SIZE);
  readonly #similar = new LruCache<string, Similar>(CACHE_SIZE);
  readonly #spam = new LruCache<string, TokenBucket>(CACHE_SIZE);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns what to write (an update of an earlier event when its count is over 1), or undefined when nothing should be */
  correlate(event: NewEvent): NewEvent | undefined {
    const { key, event: combined } = this.#combine(event);
    const known = this.#seen.get(key);
    if (known) known.count++;
    else this.#seen.set(key, { count: 1, name: combined.metadata.name, first: combined.firstTimestamp });
    const spamKey = joined(subject(event), event.type);
    const bucket = this.#spam.get(spamKey) ?? new TokenBucket(this.#clock, { perSecond: SPAM_PER_SECOND, burst: SPAM_BURST });
    this.#spam.set(spamKey, bucket);
    if (!bucket.tryTake()) return undefined;
    if (!known) return combined;
    return { ...combined, metadata: { ...combined.metadata, name: known.name }, count: known.count, firstTimestamp: known.first };
  }

  #combine(event: NewEvent): { key: string; event: NewEvent } {
    const now = this.#clock.now();
    const similarKey = joined(subject(event), event.type, event.reason);
    let similar = this.#similar.get(similarKey);
    if (!similar || now - similar.at > SIMILAR_INTERVAL) similar = { messages: new Set(), at: now };
    similar.messages.add(event.message);
    similar.at = now;
    this.#similar.set(similarKey, similar);
    if (similar.messages.size < SIMILAR_MAX)
      return { key: joined(subject(event), event.involvedObject.fieldPath, event.type, event.reason, event.message), event };
    const [oldest] = similar.messages;
    if (oldest !== undefined) similar.messages.delete(oldest);
    const at = timestamp(now);
    return {
      key: similarKey,
      event: { ...event, message: `(combined from similar events): ${event.message}`, firstTimestamp: at, lastTimestamp: at },
    };
  }
}

function subject({ source, involvedObject: o }: NewEvent): string {
  return joined(source.component, source.host, o.kind, o.namespace, o.name, o.uid, o.apiVersion);
}

function joined(...parts: (string | undefined)[]): string {
  return parts.join('\n');
}
