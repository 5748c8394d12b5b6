import type { AuthorizationAttributes, Authorizer } from '../../api/context.js';
import { internalError } from '../../api/meta/errors.js';
import type { UserInfo } from '../../api/meta/object.js';
import { refusal } from '../../api/shared/refusal.js';
import type { RequestInfo } from '../../handlers/request.js';
import type { Filter } from '../exchange.js';
import type { Metrics } from '../metrics.js';

const RESULTS = { allow: 'allowed', deny: 'denied', 'no-opinion': 'no-opinion' } as const;

/** Lets pass what the authorizer allows; 403 for the rest, whether it says no or nothing. */
export function authorization(authorizer: Authorizer, metrics: Metrics): Filter {
  return async ({ info, user, response }) => {
    if (!user) throw internalError('no user found for request');
    const attributes = attributesOf(info, user);
    const { decision, reason } = await authorizer.authorize(attributes);
    metrics.authorized(RESULTS[decision]);
    if (decision !== 'allow') {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      throw refusal(attributes, reason);
    }
  };
}

/** Only these may be limited to what a selector names. */
const SELECTING = new Set(['list', 'watch', 'deletecollection']);

/** What an authorizer is asked about a request. */
export function attributesOf(info: RequestInfo, user: UserInfo): AuthorizationAttributes {
  const { verb, group, version, resource, subresource, name, query } = info;
  // a namespace counts as being inside itself
  const namespace = info.namespace === '' && group === '' && resource === 'namespaces' ? name : info.namespace;
  const selectors = info.isResource && !info.deprecatedWatch && SELECTING.has(verb);
  const fieldSelector = selectors ? query.get('fieldSelector') : null;
  const labelSelector = selectors ? query.get('labelSelector') : null;
  return {
    user,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    ...(!info.isResource && { path: info.path }),
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  };
}
