// One informer a resource for all who need it in a process.
import { type KubeObject, type Resource, resourcePath } from '../api/meta/object.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { Client } from './client.js';
import { Informer } from './informer.js';

/** What informers read from. */
export interface InformersOptions {
  readonly client: Pick<Client, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

interface Running {
  readonly informer: Informer<KubeObject>;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Shared informers over everything a resource has. Whoever makes it stops it. */
export class Informers {
  readonly #options: InformersOptions;
  readonly #running = new Map<string, Running>();
  #stopped = false;

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  /** The informer of a resource, started on first use. @throws Error after `stop` */
  of<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const path = resourcePath(resource);
    const running = this.#running.get(path) ?? this.#start(path, resource);
    // the key names the resource, and a resource has one type
    return running.informer as unknown as Informer<T>;
  }

  /**
   * An informer for who asks only for identity, owners and finalizers: where no one else needs the objects whole, no more
   * than that is kept in memory. @throws Error after `stop`
   */
  metadata(resource: Resource): Informer<KubeObject> {
    const path = resourcePath(resource);
    const running = this.#running.get(path) ?? this.#running.get(metadataPath(path)) ?? this.#start(metadataPath(path), resource, bare);
    return running.informer;
  }

  #start<T extends KubeObject>(path: string, resource: Resource<T>, keep?: (object: T) => T): Running {
    if (this.#stopped) throw new Error('the informers have been stopped');
    const informer = new Informer<T>({ ...this.#options, resource, keep });
    const abort = new AbortController();
    const running = { informer: informer as unknown as Informer<KubeObject>, abort, done: informer.run(abort.signal) };
    this.#running.set(path, running);
    return running;
  }

  /** Stops the informers of a resource that is no longer served. */
  async remove(resource: Resource): Promise<void> {
    const path = resourcePath(resource);
    await Promise.all(
      [path, metadataPath(path)].map(async (p) => {
        const running = this.#running.get(p);
        this.#running.delete(p);
        running?.abort.abort();
        await running?.done;
      }),
    );
  }

  /** Ends every watch; resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const { abort } of all) abort.abort();
    await Promise.all(all.map((r) => r.done));
  }
}

function metadataPath(path: string): string {
  return `${path} metadata`;
}

/** What the life of an object depends on. */
function bare({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  return { apiVersion, kind, metadata: { namespace, name, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } };
}
