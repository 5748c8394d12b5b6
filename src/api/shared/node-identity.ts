import type { UserInfo } from '../meta/object.js';

const PREFIX = 'system:node:';
const GROUP = 'system:nodes';

/** The name of the node whose kubelet a user is, "" when the user name says none; undefined: the user is no kubelet. */
export function nodeIdentity({ username, groups }: UserInfo): string | undefined {
  return username.startsWith(PREFIX) && groups.includes(GROUP) ? username.slice(PREFIX.length) : undefined;
}
