// One informer a resource for all who need it in a process.
import type { KubeObject, Resource } from '../api/meta/object.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { Client } from './client.js';
import { Informer } from './informer.js';

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
    if (this.#stopped) throw new Error('the informers have been stopped');
    const path = pathOf(resource);
    let running = this.#running.get(path);
    if (!running) {
      const informer = new Informer<T>({ ...this.#options, resource });
      const abort = new AbortController();
      running = { informer: informer as unknown as Informer<KubeObject>, abort, done: informer.run(abort.signal) };
      this.#running.set(path, running);
    }
    // the key names the resource, and a resource has one type
    return running.informer as unknown as Informer<T>;
  }

  /** Stops the informer of a resource that is no longer served. */
  async remove(resource: Resource): Promise<void> {
    const path = pathOf(resource);
    const running = this.#running.get(path);
    if (!running) return;
    this.#running.delete(path);
    running.abort.abort();
    await running.done;
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

function pathOf(r: Resource): string {
  return `${r.group}/${r.version}/${r.resource}`;
}
