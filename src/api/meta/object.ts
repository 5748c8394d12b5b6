import type { ListMeta, ObjectMeta, OwnerReference } from '../types/meta-v1.gen.js';

export type { ListMeta, ObjectMeta, OwnerReference };

/** Any API object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as a client writes it: what the server fills in may be absent. */
export type Draft<T extends KubeObject> = Omit<T, 'apiVersion' | 'kind' | 'metadata' | 'status' | 'spec'> & {
  apiVersion?: string;
  kind?: string;
  metadata: Partial<ObjectMeta>;
} & ('spec' extends keyof T ? { spec?: T['spec' & keyof T] } : unknown) &
  ('status' extends keyof T ? { status?: T['status' & keyof T] } : unknown);

/** A list as the API answers it. */
export interface ObjectList<T extends KubeObject = KubeObject> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** Who makes a request. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Names a resource of a group and version; `T` is the type of its objects. */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** The plural of the URL: pods. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set; carries the type. */
  readonly type?: T;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(r: { group: string; version: string }): string {
  return r.group === '' ? r.version : `${r.group}/${r.version}`;
}

/** `deployments.apps`, or `pods` for the core group: how error messages name a resource. */
export function qualified(r: { group: string; resource: string }): string {
  return r.group === '' ? r.resource : `${r.resource}.${r.group}`;
}

/** `apps/v1/deployments`, or `/v1/pods` for the core group: a resource as the key of a map. */
export function resourcePath(r: { group: string; version: string; resource: string }): string {
  return `${r.group}/${r.version}/${r.resource}`;
}

/** The uid of an object; "" before the server has given it one. */
export function uidOf(object: { readonly metadata: Readonly<Pick<ObjectMeta, 'uid'>> }): string {
  return object.metadata.uid ?? '';
}
