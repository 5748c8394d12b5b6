// Tells the world what a component did to an object, as v1 Events: what `kubectl describe` shows.
import { ApiError, isApiError } from '../api/meta/errors.js';
import { isDNS1123Subdomain } from '../api/meta/names.js';
import { events } from '../api/meta/resources.gen.js';
import type { Event, ObjectReference } from '../api/types/core-v1.gen.js';
import type { KubeObject } from '../api/meta/object.js';
import { type Clock, sleep, timestamp } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { Client } from './client.js';
import { EventCorrelator, type NewEvent } from './event-correlator.js';

/** How many events may wait to be written; more are dropped, as in client-go. */
const MAX_WAITING = 1000;
const MAX_TRIES = 12;
const RETRY_DELAY = 10_000;

/** Who records, where, and by which clock. */
export interface RecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** `source.component`: deployment-controller, default-scheduler, kubelet … */
  readonly component: string;
  /** `source.host`: the node, for what runs on one. */
  readonly host?: string;
}

/** Writes events in the background; never throws. */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #abort = new AbortController();
  /** By event name, so that a count never overtakes the event it counts. */
  readonly #writing = new Map<string, Promise<void>>();
  #waiting = 0;
  #retry: Promise<void> | undefined;
  #lastNanos = 0n;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  /** Something went as it should. */
  normal(object: KubeObject | ObjectReference, reason: string, message: string): void {
    this.#record(object, 'Normal', reason, message);
  }

  /** Something went wrong. */
  warning(object: KubeObject | ObjectReference, reason: string, message: string): void {
    this.#record(object, 'Warning', reason, message);
  }

  /** Resolves when everything recorded so far has been written or given up. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing.values());
  }

  /** Gives up what has not been written; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.flush();
  }

  #record(object: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#abort.signal.aborted) return;
    if (this.#waiting >= MAX_WAITING) {
      this.#options.logger.error('too many events wait to be written: dropped one', { reason, message });
      return;
    }
    const event = this.#correlator.correlate(this.#make(object, type, reason, message));
    if (!event) return;
    const name = event.metadata.name;
    const before = this.#writing.get(name) ?? Promise.resolve();
    this.#waiting++;
    const writing = before
      .then(() => this.#write(event))
      .finally(() => {
        this.#waiting--;
        if (this.#writing.get(name) === writing) this.#writing.delete(name);
      });
    this.#writing.set(name, writing);
  }

  #make(object: KubeObject | ObjectReference, type: string, reason: string, message: string): NewEvent {
    const { clock, component, host } = this.#options;
    const involvedObject = 'metadata' in object ? referenceTo(object) : object;
    const now = timestamp(clock.now());
    return {
      metadata: { name: this.#name(involvedObject.name ?? ''), namespace: involvedObject.namespace || 'default' },
      involvedObject,
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component, ...(host !== undefined && { host }) },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  /** `<object>.<16 hex digits>`: the time in nanoseconds, of which the clock gives the first thirteen digits only. */
  #name(object: string): string {
    const { clock, random } = this.#options;
    const nanos = BigInt(clock.now()) * 1_000_000n + BigInt(Math.floor(random() * 1_000_000));
    this.#lastNanos = nanos > this.#lastNanos ? nanos : this.#lastNanos + 1n;
    const name = `${object}.${this.#lastNanos.toString(16)}`;
    // an object may have a name that an event must not have: upstream then takes a name of chance
    return isDNS1123Subdomain(name).length === 0 ? name : `event.${this.#lastNanos.toString(16)}`;
  }

  async #write(event: NewEvent): Promise<void> {
    const { logger } = this.#options;
    for (let tries = 1; !this.#abort.signal.aborted; tries++) {
      try {
        await this.#send(event);
        return;
      } catch (error) {
        // the server has said no: it will say it again
        if (error instanceof ApiError) {
          logger.debug('an event was refused', { reason: event.reason, error: error.message });
          return;
        }
        if (tries === MAX_TRIES) {
          logger.error('an event could not be written', { reason: event.reason, error });
          return;
        }
        await this.#pause(tries);
      }
    }
  }

  /** While the server cannot be reached, all that wait to be written wait together. */
  #pause(tries: number): Promise<void> {
    const { clock, random } = this.#options;
    const delay = tries === 1 ? RETRY_DELAY * random() : RETRY_DELAY;
    this.#retry ??= sleep(clock, delay, this.#abort.signal).then(() => void (this.#retry = undefined));
    return this.#retry;
  }

  async #send(event: NewEvent): Promise<void> {
    const { client } = this.#options;
    const signal = this.#abort.signal;
    const { namespace = '', name } = event.metadata;
    if (event.count > 1) {
      try {
        const body = { count: event.count, lastTimestamp: event.lastTimestamp, message: event.message };
        await client.patch(events, { namespace, name }, { type: 'strategic', body }, { signal });
        return;
      } catch (error) {
        // events expire: then begin again, with the count so far
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
    await client.create<Event>(events, event, { signal });
  }
}

/** A reference to an object as events carry it. */
export function referenceTo(object: KubeObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    kind: object.kind,
    apiVersion: object.apiVersion,
    name,
    ...(namespace && { namespace }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}
