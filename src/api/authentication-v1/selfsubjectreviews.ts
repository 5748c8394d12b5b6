import { timestamp } from '../../util/clock.js';
import { define } from '../definition.js';
import { reviewedUser } from '../shared/reviews.js';
import type { SelfSubjectReview } from '../types/authentication-v1.gen.js';

export default define<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'selfsubjectreviews',
  act: async (review, { user, services }) => ({
    apiVersion: review.apiVersion,
    kind: review.kind,
    // nothing of what the client sent matters, so nothing of it is told back
    metadata: { creationTimestamp: timestamp(services.clock.now()) } as SelfSubjectReview['metadata'],
    status: { userInfo: reviewedUser(user) },
  }),
});
