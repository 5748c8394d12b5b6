// The client of everything that runs inside the process: straight to the registry, no HTTP, no JSON; through the same
// defaulting, admission and validation as any request.
import type { DeleteOptions, ObjectKey } from '../api/context.js';
import { schemaOf } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { apiVersionOf, type Draft, type KubeObject, type ObjectList, type Resource, type UserInfo } from '../api/meta/object.js';
import { parseFieldSelector, parseLabelSelector } from '../api/meta/selectors.js';
import { decode, DecodeError } from '../api/schema/decode.js';
import { objectType, type Typed } from '../api/schema/types.js';
import { applying } from '../registry/managed-fields.js';
import { list, type ListQuery, selects } from '../registry/list.js';
import { patchObject, readPatch } from '../registry/patch/index.js';
import { writtenThrough } from '../registry/preparation.js';
import type { Registry } from '../registry/registry.js';
import { copy } from '../util/equal.js';
import type { Client, ListOptions, PatchType, WatchEvent, WriteOptions } from './client.js';
import { watchLocally } from './local-watch.js';
import { writeJson } from '../util/exact-json.js';

/** The identity of the server's own parts: nothing is forbidden to it. */
const LOCAL_USER: UserInfo = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** The client inside the process. Its objects are frozen and shared. */
export class LocalClient implements Client {
  readonly #registry: Registry;
  readonly #manager: string;
  readonly #user: UserInfo;

  constructor(registry: Registry, manager: string, user: UserInfo = LOCAL_USER) {
    this.#registry = registry;
    this.#manager = manager;
    this.#user = user;
  }

  as(fieldManager: string): Client {
    return new LocalClient(this.#registry, fieldManager, this.#user);
  }

  async get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: { subresource?: string } = {}): Promise<T> {
    const store = this.#registry.store(resource);
    const { object } = store.get(key);
    const view = options.subresource ? store.definition.subresources[options.subresource] : undefined;
    return (view?.read ? view.read(object, this.#context({})) : object) as T;
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const store = this.#registry.store(resource);
    const found = list(store, queryOf(options));
    return {
      apiVersion: apiVersionOf(resource),
      kind: store.definition.listKind,
      metadata: { resourceVersion: String(found.revision) },
      items: found.items.map((item) => item.object as T),
    };
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): AsyncIterable<WatchEvent<T>> {
    const query = queryOf(options);
    return watchLocally<T>(this.#registry.store(resource), { ...query, matches: selects(query) }, options.signal);
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const store = this.#registry.store(resource);
    const item = await store.create(this.#context(options), decoded(resource, store.definition, object));
    return item.object as T;
  }

  async createSubresource<R extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    subresource: string,
    body: Draft<R>,
    options: WriteOptions = {},
  ): Promise<R> {
    const { definition } = this.#registry.store(resource);
    const found = definition.subresources[subresource];
    const kind = found?.body ?? definition;
    const input = decoded(
      kind,
      { schema: schemaOf(kind) },
      {
        ...body,
        metadata: { name: key.name, namespace: key.namespace || undefined, ...body.metadata },
      },
    );
    return (await this.#registry.act(this.#context({ ...options, subresource }), definition, key, input)) as R;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const store = this.#registry.store(resource);
    const context = this.#context(options);
    const view = store.definition.subresources[options.subresource ?? ''];
    const { item } = await store.update(context, keyOf(object), (current) => {
      if (!view?.write || !current) return decoded(resource, store.definition, object);
      return writtenThrough(store.definition, view, current, object, context);
    });
    return item.object as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: { type: PatchType; body: unknown },
    options: WriteOptions = {},
  ): Promise<T> {
    const store = this.#registry.store(resource);
    const type = objectType(store.definition);
    const read = readPatch(patch.type, writeJson(patch.body));
    const { item } = await store.update(this.#context(options), key, (current) => {
      if (!current) throw errors.notFound(resource, key.name);
      return decoded(resource, store.definition, patchObject(read, type, current, 'Ignore').object);
    });
    return item.object as T;
  }

  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<T> {
    const store = this.#registry.store(resource);
    const context = this.#context(options);
    const configuration = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...copy(object) } as unknown as KubeObject;
    const { item } = await store.update(
      context,
      keyOf(configuration),
      applying(store.definition, configuration, context, options.force ?? false, store.versions(context.subresource)),
      {
        create: context.subresource === '',
        tracked: true,
      },
    );
    return item.object as T;
  }

  async delete(resource: Resource, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    await this.#registry.store(resource).delete(this.#context({}), key, options);
  }

  async deleteCollection(resource: Resource, options: ListOptions, deletion: DeleteOptions = {}): Promise<void> {
    const store = this.#registry.store(resource);
    for (const { namespace, name } of list(store, queryOf(options)).items) {
      try {
        await store.delete(this.#context({}), { namespace, name }, { ...deletion });
      } catch (e) {
        // gone already: that is what was asked for
        if (!errors.isApiError(e, 'NotFound')) throw e;
      }
    }
  }

  #context(options: WriteOptions) {
    return this.#registry.context({
      user: this.#user,
      fieldManager: options.fieldManager ?? this.#manager,
      subresource: options.subresource ?? '',
      dryRun: options.dryRun ?? false,
    });
  }
}

function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** A draft as the registry takes it: fresh, complete, of the right types. @throws ApiError BadRequest */
function decoded(kind: { group: string; version: string; kind: string }, typed: Typed, draft: unknown): KubeObject {
  try {
    const { object } = decode<KubeObject>(objectType(typed), draft);
    object.kind = kind.kind;
    object.apiVersion = apiVersionOf(kind);
    return object;
  } catch (e) {
    if (e instanceof DecodeError) throw errors.badRequest(e.message);
    throw e;
  }
}

function queryOf(options: ListOptions): ListQuery {
  return {
    namespace: options.namespace ?? '',
    labels: parseLabelSelector(options.labelSelector ?? ''),
    fields: parseFieldSelector(options.fieldSelector ?? ''),
    resourceVersion: options.resourceVersion ?? '',
    match: '',
    limit: 0,
    continue: '',
  };
}
