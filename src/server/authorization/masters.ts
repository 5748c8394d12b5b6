import type { Authorizer } from '../../api/context.js';
import { MASTERS_GROUP } from '../user-names.js';

/** Members of system:masters may do everything, whatever the modes are. */
export const masters: Authorizer = {
  authorize: ({ user }) => ({ decision: user.groups.includes(MASTERS_GROUP) ? 'allow' : 'no-opinion', reason: '' }),
};
