import { isApiError } from '../api/meta/errors.js';
import type { KubeObject, Resource } from '../api/meta/object.js';
import { configmaps, secrets, serviceaccounts, services } from '../api/meta/resources.gen.js';
import type { TokenRequest } from '../api/types/authentication-v1.gen.js';
import type { ConfigMap, Pod, Secret, Service } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import type { Informers } from '../client/informers.js';

/** Where the agent reads what pods refer to: its informers first, the server for what has not arrived there yet. */
export class Sources {
  readonly #client: Client;
  readonly #informers: Informers;

  constructor(client: Client, informers: Informers) {
    this.#client = client;
    this.#informers = informers;
    for (const resource of [configmaps, secrets, services] as readonly Resource[]) informers.of(resource);
  }

  /** @returns undefined when there is none of that name @throws ApiError when the server refuses */
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#get(configmaps, namespace, name);
  }

  /** @returns undefined when there is none of that name @throws ApiError when the server refuses */
  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#get(secrets, namespace, name);
  }

  services(namespace: string): readonly Service[] {
    return this.#informers.of(services).store.list(namespace);
  }

  /** A token of the pod's service account, bound to the pod; undefined: the server cannot make tokens, and pods run without. */
  async token(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<string | undefined> {
    const { namespace = '', name, uid } = pod.metadata;
    const body = {
      metadata: {},
      spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
    };
    const key = { namespace, name: pod.spec.serviceAccountName ?? 'default' };
    try {
      return (await this.#client.createSubresource<TokenRequest>(serviceaccounts, key, 'token', body)).status?.token;
    } catch (error) {
      if (isApiError(error, 'NotImplemented')) return undefined;
      throw error;
    }
  }

  /** Calls `changed` with namespace and name of every ConfigMap and Secret that changes. @returns a function that ends this */
  onChange(changed: (namespace: string, name: string) => void): () => void {
    const handler = { add: tell(changed), update: (_: KubeObject, object: KubeObject) => tell(changed)(object), delete: tell(changed) };
    const ends = [this.#informers.of(configmaps).addHandler(handler), this.#informers.of(secrets).addHandler(handler)];
    return () => {
      for (const end of ends) end();
    };
  }

  async #get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T | undefined> {
    const known = this.#informers.of(resource).store.get(`${namespace}/${name}`);
    if (known) return known;
    try {
      return await this.#client.get(resource, { namespace, name });
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function tell(changed: (namespace: string, name: string) => void): (object: KubeObject) => void {
  return ({ metadata }) => changed(metadata.namespace ?? '', metadata.name);
}
