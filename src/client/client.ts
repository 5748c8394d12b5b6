// The one interface that controllers, scheduler, node agents and embedders know. local.ts serves it in process, straight from
// the registry; nothing in it keeps it from being served over the network. informer.ts keeps copies of resources over it.
import type { DeleteOptions, ObjectKey } from '../api/context.js';
import type { Draft, KubeObject, ObjectList, Resource } from '../api/meta/object.js';

export type { DeleteOptions, ObjectKey };

/** The languages a patch may be in, beside apply. */
export type PatchType = 'json' | 'merge' | 'strategic';

/** How to write. */
export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** "status", "scale" …; default: the object itself. */
  readonly subresource?: string;
  readonly signal?: AbortSignal;
}

/** What to list or watch. */
export interface ListOptions {
  /** Absent or "": all namespaces. */
  readonly namespace?: string;
  /** In the syntax of the URL: `app=web,tier!=db`. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

/** What a watch tells. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Only `metadata.resourceVersion` is set. */
  | { readonly type: 'BOOKMARK'; readonly object: T };

/**
 * Every method rejects with ApiError when the server refuses, whatever the implementation. Objects that come out are to
 * be taken as frozen: copy (structuredClone) before changing.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: { subresource?: string; signal?: AbortSignal }): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Events after `resourceVersion` (absent: begins with ADDED events of what is there). Ends when the signal is aborted or
   * the server ends the watch. Rejects with ApiError `Expired` when the revision is too old.
   */
  watch<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): AsyncIterable<WatchEvent<T>>;
  /** `object.metadata.namespace` tells where. */
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** POST to a subresource whose body is another kind: binding, eviction, token. */
  createSubresource<R extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    subresource: string,
    body: Draft<R>,
    options?: WriteOptions,
  ): Promise<R>;
  /** Fails with Conflict when `object.metadata.resourceVersion` is set and no longer the present one. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: { type: PatchType; body: unknown },
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply; `fieldManager` must be given. */
  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<T>;
  /** Resolves once the server has accepted: finalizers or a grace period may keep the object a while. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions & { signal?: AbortSignal }): Promise<void>;
  deleteCollection(resource: Resource, list: ListOptions, options?: DeleteOptions): Promise<void>;
  /** The same rights as another field manager / user agent: names the writer in managedFields. */
  as(fieldManager: string): Client;
}
