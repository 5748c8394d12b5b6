// Objects by their resources, over the HTTPS of a running server.
import type { Draft, KubeObject, ObjectList, Resource } from '../../../src/api/meta/object.js';
import type { Answer } from '../../restart/process.js';

/** How requests are sent. */
export type Send = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

export interface Key {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** A part of an object, or of its parts; null removes. */
export type Part = { readonly [field: string]: unknown };

/** A request that the server did not do. */
export class Refusal extends Error {
  readonly code: number;

  constructor(request: string, { status, body }: Answer) {
    super(`${request}: ${status} ${body}`);
    this.code = status;
  }
}

/** The URL path of a resource, of an object, of its subresource. */
export function pathOf({ group, version, resource, namespaced }: Resource, { namespace, name, subresource }: Key = {}): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced && namespace !== undefined ? ['namespaces', namespace] : [];
  return [root, ...scope, resource, ...(name === undefined ? [] : [name]), ...(subresource ? [subresource] : [])].join('/');
}

/** A client that speaks JSON. Every method fails with a `Refusal` when the server says no. */
export class Objects {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, key: Key = {}): Promise<T> {
    const { namespace } = object.metadata;
    return this.#done('POST', pathOf(resource, { ...(namespace === undefined ? {} : { namespace }), ...key }), object);
  }

  get<T extends KubeObject>(resource: Resource<T>, key: Key): Promise<T> {
    return this.#done('GET', pathOf(resource, key));
  }

  /** @returns undefined when there is no such object */
  async find<T extends KubeObject>(resource: Resource<T>, key: Key): Promise<T | undefined> {
    try {
      return await this.get(resource, key);
    } catch (e) {
      if (e instanceof Refusal && e.code === 404) return undefined;
      throw e;
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, key: Key = {}, labelSelector = ''): Promise<T[]> {
    const path = `${pathOf(resource, key)}?labelSelector=${encodeURIComponent(labelSelector)}`;
    return (await this.#done<ObjectList<T>>('GET', path)).items;
  }

  /** A merge patch. */
  merge<T extends KubeObject>(resource: Resource<T>, key: Key, part: Part): Promise<T> {
    return this.#done('PATCH', pathOf(resource, key), part, 'application/merge-patch+json');
  }

  delete(resource: Resource, key: Key, options: Part = {}): Promise<KubeObject> {
    return this.#done('DELETE', pathOf(resource, key), options);
  }

  async #done<T>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> {
    const answer = await this.#send(method, path, body, contentType);
    if (answer.status >= 300) throw new Refusal(`${method} ${path}`, answer);
    return JSON.parse(answer.body) as T;
  }
}
