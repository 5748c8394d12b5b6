import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { INITIAL_EVENTS_END_ANNOTATION } from '../api/meta/well-known.js';
import { decode } from '../api/schema/decode.js';
import { objectType } from '../api/schema/types.js';
import type { ObjectItem } from '../registry/item.js';
import { checkPresent, parseRevision, selects } from '../registry/list.js';
import type { Store } from '../registry/store.js';
import { StorageError } from '../storage/storage.js';
import type { Timer } from '../util/clock.js';
import type { Change } from '../watch/change.js';
import type { Sink, Watcher, WatchOptions } from '../watch/watcher.js';
import { type EventEncoder, eventEncoder } from './events.js';
import { itemOf } from './forms/item.js';
import { endpointOf, negotiateWatch } from './negotiation.js';
import { listQuery } from './options.js';
import type { ApiRequest } from './request.js';
import { drained, statusInOrder, writeHead } from './respond.js';
import type { Server } from './server.js';

/** A watch without timeoutSeconds ends after this and up to twice as much, so that watches do not all return at once. */
const MIN_TIMEOUT_MS = 1_800_000;
const BOOKMARK_PERIOD_MS = 60_000;
/** The last bookmark comes this long before the end. */
const BEFORE_END_MS = 2_000;

type WatchQuery = ReturnType<typeof listQuery>;

/** GET of a collection with ?watch: events until the client goes, time is up or the server stops. */
export async function watch(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const negotiated = negotiateWatch(request, endpointOf(store.definition, true));
  const query = listQuery(request, store.definition, true);
  if (query.resourceVersion !== '') parseRevision(query.resourceVersion);
  const encoder = await eventEncoder(negotiated, { definition: store.definition, subresource: '', now: () => server.clock.now() });
  writeHead(request, 200, negotiated.contentType);
  request.response.flushHeaders();
  await new WatchAnswer(server, store, request, query, encoder).run();
}

/** One open watch: writes what the cache pushes, and asks for a pause when the client is slow. */
class WatchAnswer implements Sink<ObjectItem> {
  readonly #server: Server;
  readonly #store: Store;
  readonly #request: ApiRequest;
  readonly #query: WatchQuery;
  readonly #encoder: EventEncoder;
  /** The end, the last bookmark, and the next one. */
  readonly #timers: Partial<Record<'end' | 'last' | 'next', Timer>> = {};
  #watcher: Watcher<ObjectItem> | undefined;
  #finish: () => void = () => {};

  constructor(server: Server, store: Store, request: ApiRequest, query: WatchQuery, encoder: EventEncoder) {
    this.#server = server;
    this.#store = store;
    this.#request = request;
    this.#query = query;
    this.#encoder = encoder;
  }

  /** Resolves when the answer is complete. */
  async run(): Promise<void> {
    const { response, signal } = this.#request;
    const query = this.#query;
    try {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        response.once('close', resolve);
        // a watch that is to end before it begins sends nothing
        if ((query.timeoutSeconds ?? 0) < 0) return resolve();
        this.#schedule();
        this.#start();
      });
    } finally {
      for (const timer of Object.values(this.#timers)) timer.cancel();
      this.#watcher?.stop();
    }
    if (!response.writableEnded) response.end();
  }

  events(changes: readonly Change<ObjectItem>[]): boolean {
    const { response } = this.#request;
    const frames = changes.map((change) =>
      this.#encoder.event({ type: change.type, item: change.item.in(this.#store.kind), forms: change.forms }),
    );
    this.#server.watchSent?.(
      this.#store.definition,
      frames.map((frame) => frame.length),
    );
    const bytes = frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
    if (response.write(bytes)) return true;
    void drained(this.#request).then(() => this.#watcher?.resume());
    return false;
  }

  initialized(revision: number): void {
    if (this.#wantsInitial() && this.#query.bookmarks) this.#bookmark(revision, { [INITIAL_EVENTS_END_ANNOTATION]: 'true' });
  }

  ended(): void {
    this.#finish();
  }

  expired(): void {
    const { resourceVersion } = this.#query;
    const { definition, cache } = this.#store;
    const why = definition.uncached
      ? 'The resourceVersion for the provided watch is too old.'
      : `too old resource version: ${resourceVersion || 0} (${cache.floor()})`;
    this.#fail(errors.expired(why));
  }

  /** Who names no revision, or any, is shown what is there unless told otherwise. */
  #wantsInitial(): boolean {
    return this.#query.sendInitialEvents ?? isAny(this.#query.resourceVersion);
  }

  #start(): void {
    const { namespace, resourceVersion } = this.#query;
    const initial = this.#wantsInitial();
    const { kind } = this.#store;
    const match = selects(this.#query);
    const options: WatchOptions<ObjectItem> = {
      prefix: namespace === '' ? this.#store.prefix : `${this.#store.prefix}${namespace}/`,
      after: initial || isAny(resourceVersion) ? 'now' : Number(resourceVersion),
      initial,
      match: match && ((item) => match(item.in(kind))),
      sink: this,
    };
    try {
      if (initial) checkPresent(this.#store, Number(resourceVersion));
      this.#watcher = this.#store.cache.watch(options);
    } catch (e) {
      if (e instanceof errors.ApiError) return this.#fail(e);
      if (!(e instanceof StorageError) || e.code !== 'COMPACTED') throw e;
      this.expired();
    }
  }

  #schedule(): void {
    const { clock, registry } = this.#server;
    const asked = this.#query.timeoutSeconds;
    const timeout = asked ? asked * 1000 : MIN_TIMEOUT_MS * (1 + registry.services.random());
    this.#timers.end = clock.after(timeout, () => this.#finish());
    if (!this.#query.bookmarks) return;
    const tick = () => {
      this.#progress();
      this.#timers.next = clock.after(BOOKMARK_PERIOD_MS, tick);
    };
    this.#timers.next = clock.after(BOOKMARK_PERIOD_MS, tick);
    this.#timers.last = clock.after(Math.max(timeout - BEFORE_END_MS, 0), () => this.#progress());
  }

  #progress(): void {
    if (this.#watcher?.initialized) this.#bookmark(this.#watcher.position());
  }

  #bookmark(revision: number, annotations?: Record<string, string>): void {
    const object = emptyObject(this.#store.definition, revision, annotations);
    this.#request.response.write(this.#encoder.event({ type: 'BOOKMARK', item: itemOf(object) }));
  }

  #fail(error: errors.ApiError): void {
    this.#request.response.write(this.#encoder.error(statusInOrder(error.status)));
    this.#finish();
  }
}

function isAny(resourceVersion: string): boolean {
  return resourceVersion === '' || resourceVersion === '0';
}

/** The object of a bookmark: nothing but its kind and a revision, and what every object of the kind has. */
function emptyObject(definition: Definition, revision: number, annotations: Record<string, string> | undefined): KubeObject {
  const { blank } = definition;
  const metadata = { resourceVersion: String(revision), annotations: { ...blank?.annotations, ...annotations } };
  const { object } = decode<KubeObject>(objectType(definition), { metadata, ...(blank?.spec && { spec: blank.spec }) });
  return { ...object, kind: definition.kind, apiVersion: apiVersionOf(definition) };
}
