// Decides what becomes of an object whose owners have gone or are going, and does it.
import { isApiError } from '../../api/meta/errors.js';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../api/meta/metadata.js';
import { type KubeObject, type OwnerReference, uidOf } from '../../api/meta/object.js';
import { referenceTo } from '../../client/event-recorder.js';
import { splitKey, keyOf } from '../../client/store.js';
import { equal } from '../../util/equal.js';
import { LruCache } from '../../util/lru.js';
import type { Enqueue, Environment, Result } from '../runtime/controller.js';
import { type Item, itemKey, type Monitors } from './monitors.js';

/** An owner whose kind is not served may be served later. */
const UNKNOWN_KIND = { after: 30_000 } as const;
const MAX_ABSENT = 500;
const MAX_TRIES = 5;

interface Owners {
  /** There, and not waiting for their dependents to go. */
  readonly solid: OwnerReference[];
  readonly absent: OwnerReference[];
  /** Being deleted in the foreground. */
  readonly waiting: OwnerReference[];
}

/** The object is being deleted, and this finalizer says how. */
export function isDeletedWith(object: KubeObject, finalizer: string): boolean {
  return object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).includes(finalizer);
}

/** Handles one object at a time: deletes it when its owners are gone, has it wait for its dependents, or leaves them behind. */
export class Collector {
  readonly #environment: Environment;
  readonly #monitors: Monitors;
  /** Owners known by a live read not to be there; a uid never comes back. */
  readonly #absent = new LruCache<string, true>(MAX_ABSENT);

  constructor(environment: Environment, monitors: Monitors) {
    this.#environment = environment;
    this.#monitors = monitors;
  }

  /** Deletes the object if no owner is left, takes away references to owners that are gone, and ends a foreground deletion. */
  async collect(key: string, queue: Enqueue, signal: AbortSignal): Promise<Result> {
    await this.#monitors.synced(signal);
    const item = this.#monitors.find(key);
    if (!item) return undefined;
    if (isDeletedWith(item.object, FOREGROUND_FINALIZER)) return this.#waitForDependents(item, queue);
    const references = item.object.metadata.ownerReferences ?? [];
    if (item.object.metadata.deletionTimestamp !== undefined || references.length === 0) return undefined;
    const owners = await this.#classify(item, references);
    if (owners === 'unknown kind') return UNKNOWN_KIND;
    if (owners === 'invalid') return undefined;
    const { solid, absent, waiting } = owners;
    if (solid.length > 0) {
      if (absent.length + waiting.length > 0) await this.#keepOwners(item, (ref) => !contains([...absent, ...waiting], ref));
      return undefined;
    }
    await this.#deleteDependent(item, waiting);
    return undefined;
  }

  /** Frees the dependents of an object that is deleted without them, and lets the object go. */
  async orphan(key: string, signal: AbortSignal): Promise<Result> {
    await this.#monitors.synced(signal);
    const item = this.#monitors.find(key);
    if (!item || !isDeletedWith(item.object, ORPHAN_FINALIZER)) return undefined;
    const { uid = '' } = item.object.metadata;
    const results = await Promise.allSettled(
      this.#monitors.dependents(uid).map((dependent) => this.#keepOwners(dependent, (ref) => ref.uid !== uid)),
    );
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) throw failed.reason;
    await this.#removeFinalizer(item, ORPHAN_FINALIZER);
    return undefined;
  }

  async #waitForDependents(item: Item, queue: Enqueue): Promise<undefined> {
    const { uid = '' } = item.object.metadata;
    const blocking = this.#monitors
      .dependents(uid)
      .filter(({ object }) => object.metadata.ownerReferences?.some((r) => r.uid === uid && r.blockOwnerDeletion));
    if (blocking.length === 0) await this.#removeFinalizer(item, FOREGROUND_FINALIZER);
    for (const dependent of blocking) if (!isDeletedWith(dependent.object, FOREGROUND_FINALIZER)) queue.add(itemKey(dependent));
    return undefined;
  }

  async #deleteDependent(item: Item, waiting: readonly OwnerReference[]): Promise<void> {
    const dependents = waiting.length > 0 ? this.#monitors.dependents(uidOf(item.object)) : [];
    if (dependents.length === 0) {
      const finalizers = item.object.metadata.finalizers ?? [];
      await this.#delete(
        item,
        finalizers.includes(ORPHAN_FINALIZER) ? 'Orphan' : finalizers.includes(FOREGROUND_FINALIZER) ? 'Foreground' : 'Background',
      );
      return;
    }
    // two that wait for each other would wait for ever: one stops blocking
    if (dependents.some(({ object }) => isDeletedWith(object, FOREGROUND_FINALIZER))) await this.#unblock(item);
    await this.#delete(item, 'Foreground');
  }

  async #classify(item: Item, references: readonly OwnerReference[]): Promise<Owners | 'unknown kind' | 'invalid'> {
    const owners: Owners = { solid: [], absent: [], waiting: [] };
    for (const ref of references) {
      const owner = this.#monitors.owner(ref, item.object.metadata.namespace)?.object ?? (await this.#read(item, ref));
      if (typeof owner === 'string') {
        if (owner !== 'absent') return owner;
        owners.absent.push(ref);
      } else if (isDeletedWith(owner, FOREGROUND_FINALIZER)) owners.waiting.push(ref);
      else owners.solid.push(ref);
    }
    return owners;
  }

  /** Asks the server for an owner that the informers do not have: they may be late. */
  async #read(item: Item, ref: OwnerReference): Promise<KubeObject | 'absent' | 'unknown kind' | 'invalid'> {
    const { namespace = '' } = item.object.metadata;
    const cacheKey = `${ref.apiVersion} ${ref.kind} ${namespace}/${ref.name} ${ref.uid}`;
    if (this.#absent.get(cacheKey)) return 'absent';
    const resource = this.#monitors.resourceOf(ref);
    if (!resource) return 'unknown kind';
    // nothing outside of namespaces can be owned from inside one; upstream leaves such objects alone
    if (resource.namespaced && namespace === '') return 'invalid';
    try {
      const owner = await this.#environment.client.get(resource, { namespace: resource.namespaced ? namespace : '', name: ref.name });
      if (owner.metadata.uid === ref.uid) return owner;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
    this.#absent.set(cacheKey, true);
    if (resource.namespaced && this.#monitors.isElsewhere(ref)) this.#reportNamespace(item, ref, namespace);
    return 'absent';
  }

  #reportNamespace(item: Item, ref: OwnerReference, namespace: string): void {
    const owner = `[${ref.apiVersion}/${ref.kind}, namespace: ${namespace}, name: ${ref.name}, uid: ${ref.uid}]`;
    const { resourceVersion: _, ...reference } = referenceTo(item.object);
    this.#environment.recorder.warning(
      reference,
      'OwnerRefInvalidNamespace',
      `ownerRef ${owner} does not exist in namespace "${namespace}"`,
    );
  }

  /** Deletes the very object that was judged: another one under its name, or with other owners by now, is left alone. */
  async #delete(item: Item, propagationPolicy: 'Orphan' | 'Foreground' | 'Background'): Promise<void> {
    const { client } = this.#environment;
    let object = item.object;
    for (let tries = 1; ; tries++) {
      const { uid, resourceVersion } = object.metadata;
      try {
        await client.delete(item.resource, splitKey(keyOf(object)), { propagationPolicy, preconditions: { uid, resourceVersion } });
        return;
      } catch (error) {
        if (isApiError(error, 'NotFound')) return;
        if (!isApiError(error, 'Conflict') || tries === MAX_TRIES) throw error;
        const fresh = await this.#fresh(item);
        if (!fresh) return;
        if (!equal(fresh.metadata.ownerReferences, object.metadata.ownerReferences)) throw error;
        object = fresh;
      }
    }
  }

  #keepOwners(item: Item, keep: (ref: OwnerReference) => boolean): Promise<void> {
    return this.#patch(item, (object) => {
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter(keep);
      return ownerReferences.length === object.metadata.ownerReferences?.length ? undefined : { ownerReferences };
    });
  }

  #unblock(item: Item): Promise<void> {
    return this.#patch(item, ({ metadata }) => {
      if (!metadata.ownerReferences?.some((r) => r.blockOwnerDeletion)) return undefined;
      return { ownerReferences: metadata.ownerReferences.map((r) => ({ ...r, blockOwnerDeletion: false })) };
    });
  }

  #removeFinalizer(item: Item, finalizer: string): Promise<void> {
    return this.#patch(item, ({ metadata }) =>
      metadata.finalizers?.includes(finalizer) ? { finalizers: metadata.finalizers.filter((f) => f !== finalizer) } : undefined,
    );
  }

  /** Changes metadata of the very object, from its present state; merge patches, since custom kinds know no others. */
  async #patch(item: Item, change: (object: KubeObject) => Record<string, unknown> | undefined): Promise<void> {
    let object: KubeObject | undefined = item.object;
    for (let tries = 1; object; tries++) {
      const metadata = change(object);
      if (!metadata) return;
      try {
        const body = { metadata: { ...metadata, uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion } };
        await this.#environment.client.patch(item.resource, splitKey(keyOf(object)), { type: 'merge', body });
        return;
      } catch (error) {
        if (isApiError(error, 'NotFound')) return;
        if (!isApiError(error, 'Conflict') || tries === MAX_TRIES) throw error;
        object = await this.#fresh(item);
      }
    }
  }

  /** The object as the server has it now; undefined when it has gone. */
  async #fresh({ resource, object }: Item): Promise<KubeObject | undefined> {
    try {
      const fresh = await this.#environment.client.get(resource, splitKey(keyOf(object)));
      return fresh.metadata.uid === object.metadata.uid ? fresh : undefined;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function contains(references: readonly OwnerReference[], ref: OwnerReference): boolean {
  return references.some((r) => r.uid === ref.uid);
}
