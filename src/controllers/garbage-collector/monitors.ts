// What the garbage collector knows about owners and dependents. There is no graph beside the informers: each of them has
// an index by owner, and an owner is found by the coordinates its dependents give.
import { apiVersionOf, type KubeObject, type OwnerReference, type Resource, resourcePath } from '../../api/meta/object.js';
import type { Informer } from '../../client/informer.js';
import { keyOf } from '../../client/store.js';
import { sleep } from '../../util/clock.js';
import { aborted, type Environment, hasOwnObjects, type ServedResource } from '../runtime/controller.js';

const BY_OWNER = 'owner';
/** Upstream goes to work after so long, even if a resource cannot be listed. */
const SYNC_TIMEOUT = 30_000;

/** An object and where it is from. */
export interface Item {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** Told of every change of every object. */
export interface Listener {
  added(item: Item): void;
  updated(item: Item, old: KubeObject): void;
  deleted(item: Item): void;
}

interface Monitor {
  readonly resource: Resource;
  readonly informer: Informer<KubeObject>;
}

/** The metadata of all objects that can own or be owned, of every resource the server serves. */
export class Monitors {
  readonly #environment: Environment;
  readonly #listener: Listener;
  readonly #monitors = new Map<string, Monitor>();
  /** By version and kind, as references name it. */
  #byKind = new Map<string, Monitor>();
  #synced: Promise<unknown> = Promise.resolve();
  #isSynced = false;

  constructor(environment: Environment, listener: Listener) {
    this.#environment = environment;
    this.#listener = listener;
  }

  /** Begins to watch what is newly served, and lets go of what is served no more. */
  async refresh(): Promise<void> {
    const { informers, settings, clock } = this.#environment;
    const served = new Map(
      settings
        .resources()
        .filter(isCollectable)
        .map((r) => [resourcePath(r), r]),
    );
    for (const [path, { resource }] of this.#monitors) {
      if (served.has(path)) continue;
      this.#monitors.delete(path);
      await informers.remove(resource);
    }
    const isFirst = this.#monitors.size === 0;
    const added = [...served].filter(([path]) => !this.#monitors.has(path));
    for (const [path, resource] of added) this.#monitors.set(path, this.#listen(resource));
    this.#byKind = new Map([...this.#monitors.values()].map((m) => [`${apiVersionOf(m.resource)} ${m.resource.kind}`, m]));
    if (added.length === 0) return;
    const all = Promise.all([...this.#monitors.values()].map((m) => m.informer.synced));
    const patience = new AbortController();
    const synced = Promise.race([all.finally(() => patience.abort()), sleep(clock, SYNC_TIMEOUT, patience.signal)]);
    this.#isSynced = false;
    this.#synced = synced.then(() => {
      this.#isSynced = true;
      if (!isFirst) this.#lookAgain(added.map(([, { kind }]) => kind));
    });
  }

  /** An owner of a kind that was not watched yet may have gone unseen. */
  #lookAgain(kinds: readonly string[]): void {
    for (const { resource, informer } of this.#monitors.values())
      for (const object of informer.store.list())
        if (object.metadata.ownerReferences?.some((ref) => kinds.includes(ref.kind))) this.#listener.added({ resource, object });
  }

  /** Resolves when everything has been listed, or when the signal is aborted. */
  async synced(signal: AbortSignal): Promise<void> {
    if (!this.#isSynced) await Promise.race([this.#synced, aborted(signal)]);
  }

  /** The object of a key made by `itemKey`, as the informers have it. */
  find(key: string): Item | undefined {
    const [path = '', name = ''] = key.split(' ');
    const monitor = this.#monitors.get(path);
    const object = monitor?.informer.store.get(name);
    return monitor && object && { resource: monitor.resource, object };
  }

  /** All objects with a reference to the owner. */
  dependents(uid: string): Item[] {
    const found: Item[] = [];
    for (const { resource, informer } of this.#monitors.values())
      for (const object of informer.store.byIndex(BY_OWNER, uid)) found.push({ resource, object });
    return found;
  }

  /** The resource a reference is about: of the version it names, or else of another version of the group. */
  resourceOf(ref: OwnerReference): ServedResource | undefined {
    const [group = ''] = ref.apiVersion.includes('/') ? ref.apiVersion.split('/') : [''];
    const candidates = this.#environment.settings.resources().filter((r) => r.kind === ref.kind && r.group === group);
    return candidates.find((r) => apiVersionOf(r) === ref.apiVersion) ?? candidates[0];
  }

  /** The owner, if the informers have it under the coordinates of the reference. */
  owner(ref: OwnerReference, namespace: string | undefined): Item | undefined {
    const monitor = this.#byKind.get(`${ref.apiVersion} ${ref.kind}`);
    if (!monitor) return undefined;
    const { resource, informer } = monitor;
    const object = informer.store.get(resource.namespaced ? `${namespace}/${ref.name}` : ref.name);
    return object?.metadata.uid === ref.uid ? { resource, object } : undefined;
  }

  /** Whether the owner exists, but in a namespace from which it cannot own. Looks at every object of the kind. */
  isElsewhere(ref: OwnerReference): boolean {
    for (const { resource, informer } of this.#monitors.values())
      if (resource.namespaced && resource.kind === ref.kind && informer.store.list().some((o) => o.metadata.uid === ref.uid)) return true;
    return false;
  }

  #listen(resource: Resource): Monitor {
    const informer = this.#environment.informers.metadata(resource);
    informer.addIndex(BY_OWNER, (object) => object.metadata.ownerReferences?.map((r) => r.uid));
    informer.addHandler({
      add: (object) => this.#listener.added({ resource, object }),
      update: (old, object) => this.#listener.updated({ resource, object }, old),
      delete: (object) => this.#listener.deleted({ resource, object }),
    });
    return { resource, informer };
  }
}

/** The queue key of an object of any resource. */
export function itemKey({ resource, object }: Item): string {
  return `${resourcePath(resource)} ${keyOf(object)}`;
}

/** Events are many and never owned. */
function isCollectable(served: ServedResource): boolean {
  const { group, resource, verbs } = served;
  if (!hasOwnObjects(served) || (resource === 'events' && group === '')) return false;
  return ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb));
}
