// Names of users and groups that mean something to the server.
import type { UserInfo } from '../api/meta/object.js';

export const ANONYMOUS = 'system:anonymous';
export const MASTERS_GROUP = 'system:masters';
export const AUTHENTICATED_GROUP = 'system:authenticated';
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated';
export const NODES_GROUP = 'system:nodes';
/** The extra field that says which credential was used. */
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9]([-a-z0-9]*[a-z0-9])?):([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;
const NODE = /^system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;

/** The parts of system:serviceaccount:NAMESPACE:NAME; undefined for any other name. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, , name] = SERVICE_ACCOUNT.exec(username) ?? [];
  return namespace && name ? { namespace, name } : undefined;
}

/** The user name of a service account. */
export function serviceAccountName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The groups of every service account of a namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The name of the node in system:node:NAME; undefined for any other name. */
export function nodeOf(username: string): string | undefined {
  return NODE.exec(username)?.[1];
}

/** A user whose credentials were good: everybody but the anonymous is in system:authenticated. */
export function authenticated(user: UserInfo): UserInfo {
  if (user.username === ANONYMOUS || user.groups.includes(AUTHENTICATED_GROUP) || user.groups.includes(UNAUTHENTICATED_GROUP)) return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED_GROUP] };
}
