import type { Authorizer, Rules } from '../../api/context.js';

const EVERYTHING: Rules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};
const NOTHING: Rules = { resourceRules: [], nonResourceRules: [], incomplete: false };

/** Allows everything (--authorization-mode=AlwaysAllow). */
export const alwaysAllow: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }), rulesFor: () => EVERYTHING };

/** Allows nothing (--authorization-mode=AlwaysDeny). */
export const alwaysDeny: Authorizer = {
  authorize: () => ({ decision: 'no-opinion', reason: 'Everything is forbidden.' }),
  rulesFor: () => NOTHING,
};
