// Joins definitions, storage and watch caches: one Store a resource.
//
// The folder: store.ts is the way of every write, preparation.ts and deletion.ts hold its rules; list.ts answers lists of the
// present and the past; item.ts is an object as caches and answers share it; fields/ tracks who owns which field and merges
// applied configurations, patch/ knows the older languages of PATCH. Start with store.ts.
import type { Admission } from '../api/admission.js';
import type { Context, DeleteOptions, ObjectKey, Reader, Services, Writer } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import type { Definitions } from '../api/definitions.js';
import * as errors from '../api/meta/errors.js';
import { type KubeObject, type Resource, resourcePath, type UserInfo } from '../api/meta/object.js';
import type { Storage } from '../storage/storage.js';
import { copy } from '../util/equal.js';
import type { Cache } from '../watch/cache.js';
import type { Feed } from '../watch/feed.js';
import { HotObjects, type ItemKind, itemDecoder, type ObjectItem, Written } from './item.js';
import { Store } from './store.js';

/** All a request may say about itself; the rest of a Context is the server's. */
export interface ContextInput {
  readonly user: UserInfo;
  /** Default: update. */
  readonly verb?: string;
  readonly subresource?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly warnings?: string[];
  readonly signal?: AbortSignal;
}

/** A resource made at run time: the definition of the version that is stored, which need not be among those that are served. */
export interface RuntimeResource {
  readonly stored: Definition;
  readonly served: readonly Definition[];
}

/** All stores of a server. For hooks and the rest of the server it is the synchronous reader and the writer of objects. */
export class Registry implements Reader, Writer {
  readonly definitions: Definitions;
  readonly storage: Storage;
  readonly #admission: Admission;
  readonly #hot = new HotObjects();
  readonly #written = new Written();
  readonly #stores = new Map<string, Store>();
  readonly #caches = new Map<string, { cache: Cache<ObjectItem>; kind: ItemKind }>();
  #services: Services | undefined;
  #feed: Feed | undefined;

  constructor(options: { definitions: Definitions; storage: Storage; admission: Admission }) {
    this.definitions = options.definitions;
    this.storage = options.storage;
    this.#admission = options.admission;
  }

  /** Makes the stores of all definitions that store objects, and fills their caches. */
  async open(feed: Feed): Promise<void> {
    this.#feed = feed;
    const stored = this.definitions.all().filter((d) => !d.act && !d.compute);
    for (const d of stored) if (isPrimary(d)) this.#addCache(feed, d);
    for (const d of stored) this.#addStore(d);
    await feed.start();
  }

  /**
   * Serves resources that are made at run time, or serves them anew: what is stored of them is read by their new definitions
   * from now on, and watches end.
   */
  async serve(...resources: readonly RuntimeResource[]): Promise<void> {
    const feed = this.#feed;
    if (!feed) throw new Error('the registry is not open yet');
    await this.#fillCaches(
      feed,
      resources.map(({ stored }) => stored).filter((stored) => !this.#caches.has(prefixOf(stored))),
    );
    for (const { stored, served } of resources) {
      const prefix = prefixOf(stored);
      const known = this.#caches.get(prefix);
      if (known && known.kind.definition !== stored) {
        const kind: ItemKind = { definition: stored, hot: this.#hot };
        known.cache.renew(itemDecoder(kind, this.#written), (item) => item.again(kind));
        this.#caches.set(prefix, { cache: known.cache, kind });
      }
      this.#removeStores(stored);
      this.definitions.replace(stored, served);
      for (const d of served) this.#addStore(d);
    }
  }

  /** @throws StorageError: then there are no caches */
  async #fillCaches(feed: Feed, definitions: readonly Definition[]): Promise<void> {
    for (const definition of definitions) this.#addCache(feed, definition);
    try {
      await feed.start();
    } catch (e) {
      for (const prefix of definitions.map(prefixOf)) {
        feed.remove(prefix);
        this.#caches.delete(prefix);
      }
      throw e;
    }
  }

  /** Serves a resource made at run time no more; watches end. */
  retire(resource: { readonly group: string; readonly resource: string }): void {
    const prefix = prefixOf({ storedAs: resource });
    this.#removeStores(resource);
    this.definitions.replace(resource, []);
    this.#caches.delete(prefix);
    this.#feed?.remove(prefix);
  }

  #removeStores({ group, resource }: { readonly group: string; readonly resource: string }): void {
    for (const [path, { definition: d }] of this.#stores) if (d.group === group && d.resource === resource) this.#stores.delete(path);
  }

  /** Set once by cluster.ts: hooks need the registry, the registry needs what hooks may use. */
  set services(services: Services) {
    this.#services = services;
  }
  get services(): Services {
    if (!this.#services) throw new Error('the registry has no services yet');
    return this.#services;
  }

  context(input: ContextInput): Context {
    return {
      user: input.user,
      services: this.services,
      verb: input.verb ?? 'update',
      subresource: input.subresource ?? '',
      dryRun: input.dryRun ?? false,
      fieldManager: input.fieldManager ?? 'unknown',
      // each is told once, by whoever writes them down
      warn: (message) => void input.warnings?.push(message),
      signal: input.signal,
    };
  }

  /** @throws ApiError NotFound when no such resource is stored */
  store(resource: { group: string; version: string; resource: string }): Store {
    const store = this.#stores.get(resourcePath(resource));
    if (!store) throw errors.pathNotFound();
    return store;
  }

  stores(): Store[] {
    return [...this.#stores.values()];
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T | undefined {
    return this.#stores.get(resourcePath(resource))?.find({ namespace, name })?.object as T | undefined;
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace = '', fields: Readonly<Record<string, string>> = {}): readonly T[] {
    const store = this.#stores.get(resourcePath(resource));
    if (!store) return [];
    const wanted = Object.entries(fields);
    return store.cache
      .range(namespace === '' ? store.prefix : `${store.prefix}${namespace}/`)
      .map((item) => item.in(store.kind))
      .filter((item) => wanted.every(([field, value]) => item.fields[field] === value))
      .map((item) => item.object as T);
  }

  /**
   * POST to a subresource: it acts, after admission has seen the body.
   * @param context its subresource is meant
   * @throws ApiError MethodNotAllowed when the subresource takes no POST, and what admission and subresource refuse
   */
  async act(context: Context, definition: Definition, key: ObjectKey, body: KubeObject): Promise<KubeObject> {
    const { subresource } = context;
    const found = definition.subresources[subresource];
    if (!found?.create) throw errors.methodNotAllowed();
    await this.admit(context, definition, key, body);
    return found.create(context, key, body);
  }

  /** Sends through admission what is created but not stored. @throws ApiError to refuse */
  async admit(context: Context, definition: Definition, { namespace, name }: ObjectKey, object: KubeObject): Promise<void> {
    const { subresource } = context;
    const nothing = { old: undefined, options: undefined };
    const attributes = { operation: 'CREATE', definition, subresource, namespace, name, object, ...nothing, context } as const;
    await this.#admission.mutate(attributes);
    await this.#admission.validate(attributes);
  }

  async update<T extends KubeObject>(
    context: Context,
    resource: Resource<T>,
    key: ObjectKey,
    subresource: string,
    change: (current: T) => T,
  ): Promise<T> {
    // what a hook does beside the request's own object belongs to no field manager, as upstream
    const { item } = await this.store(resource).update({ ...context, subresource }, key, (current) => change(copy(current) as T), {
      tracked: true,
    });
    return item.object as T;
  }

  async delete(context: Context, resource: Resource, key: ObjectKey, options: DeleteOptions): Promise<KubeObject> {
    const { item } = await this.store(resource).delete({ ...context, subresource: '' }, key, options);
    return item.object;
  }

  #addCache(feed: Feed, definition: Definition): void {
    const kind: ItemKind = { definition, hot: this.#hot };
    const prefix = prefixOf(definition);
    this.#caches.set(prefix, { kind, cache: feed.cache(prefix, itemDecoder(kind, this.#written)) });
  }

  #addStore(definition: Definition): void {
    const prefix = prefixOf(definition);
    const shared = this.#caches.get(prefix);
    if (!shared) throw new Error(`${definition.resource} is stored as ${prefix}, which has no definition`);
    const store = new Store({
      definition,
      stored: shared.kind,
      storage: this.storage,
      cache: shared.cache,
      written: this.#written,
      admission: this.#admission,
      prefix,
      siblings: () => this.stores().flatMap((other) => (other.prefix === prefix ? [other.definition] : [])),
    });
    this.#stores.set(resourcePath(definition), store);
  }
}

function isPrimary(d: Definition): boolean {
  return d.storedAs.group === d.group && d.storedAs.version === d.version && d.storedAs.resource === d.resource;
}

/** `/registry/apps/deployments/` */
function prefixOf(d: { readonly storedAs: { readonly group: string; readonly resource: string } }): string {
  return `/registry/${d.storedAs.group || 'core'}/${d.storedAs.resource}/`;
}
