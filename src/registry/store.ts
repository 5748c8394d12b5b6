// The generic store: one class serves every kind. A kind adds only its hooks (api/definition.ts). Start with `create`, then
// `update`, on which patch, apply, status and scale writes rest. preparation.ts holds the rules of what a write may change,
// deletion.ts those of deleting.
import type { Admission, AdmissionAttributes, Operation } from '../api/admission.js';
import type { Allocation, Context, DeleteOptions, ObjectKey } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { checkKeyName } from '../api/meta/key-name.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { type Storage, StorageError } from '../storage/storage.js';
import { copy } from '../util/equal.js';
import { generateName } from '../util/names.js';
import type { Cache } from '../watch/cache.js';
import { planDeletion, releasedBy } from './deletion.js';
import type { Versions } from './fields/index.js';
import { type ItemKind, ObjectItem, withRevision, type Written } from './item.js';
import { track, versionsOf } from './managed-fields.js';
import { canonical, encode, fillSystemMetadata, wipeSystemMetadata } from './metadata.js';
import { checkRevision, checkUnversioned, keepUnchangedTimes, revisionOf, partOf, prepareCreate, prepareUpdate } from './preparation.js';
import { shownKey, translate } from './storage-errors.js';

/** How often a generated name is tried, as apiserver does (KEP-4420). */
const NAME_ATTEMPTS = 8;
/** Upstream gives up after its request timeout; so many lost races in a row mean a caller that never settles. */
const UPDATE_ATTEMPTS = 100;

/** What a store is made of. */
export interface StoreOptions {
  readonly definition: Definition;
  /** The definition whose version is stored; the same one but for versions that share a store. */
  readonly stored: ItemKind;
  readonly storage: Storage;
  readonly cache: Cache<ObjectItem>;
  readonly written: Written;
  readonly admission: Admission;
  /** `/registry/core/pods/` */
  readonly prefix: string;
  /** All versions that share the store, at this moment. */
  readonly siblings: () => readonly Definition[];
}

/** What an update may do beside changing what is there. */
export interface UpdateOptions {
  /** The object may be created when it is absent (apply; PUT of kinds that allow it). */
  readonly create?: boolean;
  /** Called before a creation through update: whether the user may create. @throws ApiError Forbidden */
  readonly authorizeCreate?: () => Promise<void>;
  /** The uid that the present object must have. */
  readonly uid?: string | undefined;
  /** managedFields were already set by `change` (apply). */
  readonly tracked?: boolean;
}

/**
 * Makes the next state from the present one (shared, not to be changed; undefined: absent). Returns a fresh object that the store may change,
 * or the very object it was given: then nothing is written. May be called again after a conflict.
 */
export type Change = (current: KubeObject | undefined) => KubeObject | Promise<KubeObject>;

/** What admission is told of a write. */
type AdmittedWrite = [
  context: Context,
  operation: Operation,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
  name: string,
  options?: DeleteOptions,
];

/** All objects of one resource, in one of its versions: reads from the watch cache, writes through to storage. */
export class Store {
  readonly definition: Definition;
  readonly cache: Cache<ObjectItem>;
  readonly prefix: string;
  /** What items of this store's version share. */
  readonly kind: ItemKind;
  readonly #stored: ItemKind;
  readonly #storage: Storage;
  readonly #written: Written;
  readonly #admission: Admission;
  readonly #siblings: () => readonly Definition[];

  constructor(options: StoreOptions) {
    this.definition = options.definition;
    this.cache = options.cache;
    this.prefix = options.prefix;
    this.#stored = options.stored;
    this.kind =
      options.definition === options.stored.definition ? options.stored : { definition: options.definition, hot: options.stored.hot };
    this.#storage = options.storage;
    this.#written = options.written;
    this.#admission = options.admission;
    this.#siblings = options.siblings;
  }

  /** The other versions of the kind, as field managers see them who write a part of it. */
  versions(subresource: string): Versions {
    return versionsOf(this.definition, this.#stored.definition, this.#siblings, subresource);
  }

  /** The storage key of an object. */
  keyOf({ namespace, name }: ObjectKey): string {
    // callers in JavaScript leave the namespace out
    return namespace ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  /** The present state of an object; undefined: there is none. */
  find(key: ObjectKey): ObjectItem | undefined {
    return this.cache.get(this.keyOf(key))?.in(this.kind);
  }

  /** @throws ApiError NotFound, BadRequest (a name that cannot be part of a path) */
  get(key: ObjectKey): ObjectItem {
    checkKeyName(key.name);
    const item = this.find(key);
    if (!item) throw errors.notFound(this.definition, key.name);
    return item;
  }

  /**
   * Stores a new object. `draft` is decoded by the kind's schema and belongs to the store from now on; its
   * metadata.namespace is that of the request.
   * @throws ApiError AlreadyExists, Invalid, Forbidden …
   */
  async create(context: Context, draft: KubeObject): Promise<ObjectItem> {
    wipeSystemMetadata(draft);
    const input = this.#defaulted(draft);
    this.#track(context, input, undefined);
    await this.#mutate(context, 'CREATE', input, undefined, input.metadata.name || input.metadata.generateName || '');
    const generated = !input.metadata.name && input.metadata.generateName ? input.metadata.generateName : undefined;
    for (let attempt = 1; ; attempt++) {
      const object = generated === undefined ? input : copy(input);
      if (generated !== undefined) object.metadata.name = generateName(generated, context.services.random);
      try {
        return await this.#insert(context, object);
      } catch (e) {
        if (generated === undefined || !errors.isApiError(e, 'AlreadyExists')) throw e;
        if (attempt === NAME_ATTEMPTS) throw errors.generateNameConflict(this.definition, object.metadata.name);
      }
    }
  }

  /**
   * Changes an object under its revision; after a lost race, again from the present state.
   * @throws ApiError NotFound, Conflict (the object names another uid or revision than the present), Invalid, Forbidden …
   */
  async update(
    context: Context,
    key: ObjectKey,
    change: Change,
    options: UpdateOptions = {},
  ): Promise<{ item: ObjectItem; created: boolean }> {
    checkKeyName(key.name);
    for (let attempt = 1; attempt <= UPDATE_ATTEMPTS; attempt++) {
      const current = this.find(key);
      if (!current && !options.create) throw errors.notFound(this.definition, key.name);
      // kept: the item may forget its object while the change is made, and parse another one when it is asked again
      const live = current?.parsed;
      const present = live?.metadata.uid ?? '';
      if (options.uid && options.uid !== present)
        throw errors.preconditionFailed(this.definition, shownKey(this.definition, key, context.dryRun), 'UID', options.uid, present);
      const next = await change(live);
      if (!current) {
        const created = await this.#createByUpdate(context, key, next, options);
        if (created) return { item: created, created: true };
        continue;
      }
      if (next === live) return { item: current, created: false };
      const item = await this.#replace(context, current, next, options);
      // a lost race: what names a revision is refused the next time round
      if (item) return { item, created: false };
    }
    throw errors.serverTimeout(this.definition, 'update', 1);
  }

  /**
   * Deletes an object, or begins its deletion where a grace period or a finalizer holds it.
   * @returns the object's last state, and whether it is gone
   * @throws ApiError NotFound, Conflict
   */
  async delete(context: Context, key: ObjectKey, options: DeleteOptions): Promise<{ item: ObjectItem; gone: boolean }> {
    for (let attempt = 1; attempt <= UPDATE_ATTEMPTS; attempt++) {
      const current = this.get(key);
      const live = current.parsed;
      const plan = planDeletion(this.definition, live, { ...options }, context);
      // one of a collection is deleted by a request that names none
      const name = context.verb === 'deletecollection' ? '' : key.name;
      await this.#mutate(context, 'DELETE', undefined, live, name, options);
      await this.#validate(context, 'DELETE', undefined, live, name, options);
      if (plan.action === 'none') return { item: current, gone: false };
      const gone = plan.action === 'remove';
      const next = gone ? plan.last : plan.object;
      if (context.dryRun) return { item: next ? this.#transient(next, current.revision) : current, gone };
      const item = gone
        ? await this.#remove(context, current, next && this.#encode(next, live))
        : await this.#write(current, plan.object, live);
      if (item) return { item, gone };
    }
    throw errors.serverTimeout(this.definition, 'delete', 1);
  }

  /** Removes an object whose time is over. Nothing is asked, and nothing holds it; one that was written meanwhile stays. */
  async expire(item: ObjectItem): Promise<void> {
    try {
      await this.#storage.delete(item.key, item.revision);
    } catch (e) {
      if (!(e instanceof StorageError && e.code === 'CONFLICT')) throw e;
    }
  }

  async #insert(context: Context, object: KubeObject): Promise<ObjectItem> {
    fillSystemMetadata(object, context);
    const allocation = await this.definition.begin?.(object, undefined, context);
    return this.#settle(allocation, async () => {
      prepareCreate(this.definition, object, context);
      const { name } = object.metadata;
      await this.#validate(context, 'CREATE', object, undefined, name);
      const key = this.keyOf({ namespace: object.metadata.namespace ?? '', name });
      if (context.dryRun) {
        const { resourceVersion: given } = object.metadata;
        const existing = this.cache.get(key);
        if (existing) throw this.#exists(name, existing);
        return this.#transient(object, given && JSON.stringify(given).slice(1, -1));
      }
      checkUnversioned(object);
      const value = this.#encode(object);
      try {
        await this.#storage.create(key, value);
      } catch (e) {
        if (e instanceof StorageError && e.code === 'EXISTS') throw this.#exists(name, this.cache.get(key));
        throw translate(e);
      }
      return this.#visible(key);
    });
  }

  /**
   * Input with its defaults filled in. In a version that is not stored it goes through the stored one and back, so that
   * nothing is seen that could not be read again.
   */
  #defaulted(draft: KubeObject): KubeObject {
    const { definition } = this;
    definition.defaults?.(draft);
    if (!definition.serving.throughStored || !definition.toStored || !definition.fromStored) return draft;
    const object = definition.fromStored(canonical(this.#stored.definition, definition.toStored(draft)));
    object.apiVersion = apiVersionOf(definition);
    object.kind = definition.kind;
    // what storage does not keep, but the request means something by
    object.metadata.resourceVersion = draft.metadata.resourceVersion;
    object.metadata.managedFields = draft.metadata.managedFields;
    return object;
  }

  #exists(name: string, existing: ObjectItem | undefined): errors.ApiError {
    const error = errors.alreadyExists(this.definition, name);
    if (existing?.parsed.metadata.deletionTimestamp !== undefined)
      error.status.message = `object is being deleted: ${error.status.message}`;
    return error;
  }

  async #createByUpdate(context: Context, key: ObjectKey, draft: KubeObject, options: UpdateOptions): Promise<ObjectItem | undefined> {
    await options.authorizeCreate?.();
    revisionOf(draft);
    draft.metadata.resourceVersion = undefined;
    const object = this.#defaulted(draft);
    if (!options.tracked) this.#track(context, object, undefined);
    await this.#mutate(context, 'CREATE', object, undefined, key.name);
    try {
      return await this.#insert(context, object);
    } catch (e) {
      if (errors.isApiError(e, 'AlreadyExists')) return undefined;
      throw e;
    }
  }

  /** @returns undefined when another write came first */
  async #replace(context: Context, current: ObjectItem, draft: KubeObject, options: UpdateOptions): Promise<ObjectItem | undefined> {
    const d = this.definition;
    const old = current.parsed;
    const { name } = old.metadata;
    checkRevision(d, draft, { revision: current.revision, name });
    // what was applied has its defaults, and what an apply does not change gets none
    const next = options.tracked && !d.serving.throughStored ? draft : this.#defaulted(draft);
    if (!options.tracked) this.#track(context, next, old);
    await this.#mutate(context, 'UPDATE', next, old, name);
    const allocation = await (partOf(d, context.subresource) ?? d).begin?.(next, old, context);
    return this.#settle(allocation, async () => {
      prepareUpdate(d, next, old, context);
      keepUnchangedTimes(next, old);
      await this.#validate(context, 'UPDATE', next, old, name);
      if (releasedBy(d, next, old))
        return context.dryRun || (await this.#remove(context, current)) ? this.#transient(next, current.revision) : undefined;
      if (context.dryRun) return this.#transient(next, current.revision);
      return this.#write(current, next, old);
    });
  }

  /** Stores `next` over `current` unless they are the same. @returns undefined when another write came first */
  async #write(current: ObjectItem, next: KubeObject, live: KubeObject): Promise<ObjectItem | undefined> {
    const value = this.#encode(next, live);
    const stored = this.cache.get(current.key);
    if (stored?.revision === current.revision && !stored.completed && withRevision(value, current.revision).equals(stored.text))
      return current;
    try {
      await this.#storage.update(current.key, value, current.revision);
    } catch (e) {
      if (e instanceof StorageError && e.code === 'CONFLICT') return undefined;
      throw translate(e);
    }
    return this.#visible(current.key);
  }

  /**
   * @param last the state it takes right before, seen by watchers
   * @returns the last state at the revision of the deletion; undefined when another write came first
   */
  async #remove(context: Context, item: ObjectItem, last?: Buffer): Promise<ObjectItem | undefined> {
    let revision: number;
    try {
      revision = await this.#storage.delete(item.key, item.revision, last);
    } catch (e) {
      if (e instanceof StorageError && e.code === 'CONFLICT') return undefined;
      throw translate(e);
    }
    await this.definition.afterDelete?.(item.parsed, context.services);
    return last ? new ObjectItem(this.#stored, item.key, revision, withRevision(last, revision)).in(this.kind) : item.at(revision);
  }

  /** What a write just made visible. */
  #visible(key: string): ObjectItem {
    const item = this.cache.get(key);
    if (!item)
      throw errors.conflict(this.definition, key.slice(key.lastIndexOf('/') + 1), 'the object was deleted right after it was written');
    return item.in(this.kind);
  }

  /** @param live the present state, with which the object may share parts */
  #encode(object: KubeObject, live?: KubeObject): Buffer {
    // what another version is converted to is not in canonical form
    const own = canonical(this.definition, object, this.#stored.definition === this.definition ? live : undefined);
    own.metadata.selfLink = undefined;
    const stored = this.#converted(own);
    const value = encode(stored);
    this.#written.remember(value, stored);
    return value;
  }

  /** An object in the version that is stored. */
  #converted(object: KubeObject): KubeObject {
    const { definition } = this.#stored;
    return this.definition.toStored && definition !== this.definition ? canonical(definition, this.definition.toStored(object)) : object;
  }

  /** An item that is not stored: the answer to a dry run, or the last state of a released object. */
  #transient(object: KubeObject, revision: number | string | undefined): ObjectItem {
    // seen as if it had been stored and read again
    const value = encode(this.#converted(canonical(this.definition, object)));
    const key = this.keyOf({ namespace: object.metadata.namespace ?? '', name: object.metadata.name });
    const text = revision === undefined ? value : withRevision(value, revision);
    return new ObjectItem(this.#stored, key, Number(revision) || 0, text).in(this.kind);
  }

  #track(context: Context, object: KubeObject, live: KubeObject | undefined): void {
    track(this.definition, context, object, live, this.versions(context.subresource));
  }

  async #settle<R>(allocation: Allocation | undefined, write: () => Promise<R>): Promise<R> {
    let result: R;
    try {
      result = await write();
    } catch (e) {
      await allocation?.rollback();
      throw e;
    }
    await (result === undefined ? allocation?.rollback() : allocation?.commit());
    return result;
  }

  async #mutate(...write: AdmittedWrite): Promise<void> {
    await this.#admission.mutate(this.#attributes(...write));
  }
  async #validate(...write: AdmittedWrite): Promise<void> {
    await this.#admission.validate(this.#attributes(...write));
  }
  #attributes(...[context, operation, object, old, name, options]: AdmittedWrite): AdmissionAttributes {
    const namespace = (object ?? old)?.metadata.namespace ?? '';
    return { operation, definition: this.definition, subresource: context.subresource, namespace, name, object, old, options, context };
  }
}
