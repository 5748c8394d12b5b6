import type { AuthorizationAttributes } from '../context.js';
import { type ApiError, forbidden } from '../meta/errors.js';

/** The refusal of what the attributes describe, in upstream's words. */
export function refusal(attributes: AuthorizationAttributes, reason: string): ApiError {
  // the message must not look like HTML to a browser
  const message = describe(attributes).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c);
  return forbidden(attributes, attributes.name, reason === '' ? message : `${message}: ${reason}`);
}

function describe(a: AuthorizationAttributes): string {
  const user = `User ${JSON.stringify(a.user.username)} cannot ${a.verb}`;
  if (a.path !== undefined) return `${user} path ${JSON.stringify(a.path)}`;
  const resource = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const where = a.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(a.namespace)}`;
  return `${user} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(a.group)} ${where}`;
}
