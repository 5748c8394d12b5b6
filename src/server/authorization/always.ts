import type { Authorizer } from '../../api/definition.js';

/** Allows everything (--authorization-mode=AlwaysAllow). */
export const alwaysAllow: Authorizer = { authorize: () => ({ decision: 'allow', reason: '' }) };

/** Allows nothing (--authorization-mode=AlwaysDeny). */
export const alwaysDeny: Authorizer = { authorize: () => ({ decision: 'no-opinion', reason: 'Everything is forbidden.' }) };
