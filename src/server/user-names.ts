// Names of users and groups that mean something to the server.

export const ANONYMOUS = 'system:anonymous';
export const MASTERS_GROUP = 'system:masters';
export const AUTHENTICATED_GROUP = 'system:authenticated';
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated';
export const NODES_GROUP = 'system:nodes';

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9]([-a-z0-9]*[a-z0-9])?):([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;
const NODE = /^system:node:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/;

/** The parts of system:serviceaccount:NAMESPACE:NAME; undefined for any other name. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, , name] = SERVICE_ACCOUNT.exec(username) ?? [];
  return namespace && name ? { namespace, name } : undefined;
}

/** The groups of every service account of a namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** The name of the node in system:node:NAME; undefined for any other name. */
export function nodeOf(username: string): string | undefined {
  return NODE.exec(username)?.[1];
}
