import { define } from '../definition.js';
import { decide, refuse, validateAsked, validateNoMetadata } from '../shared/reviews.js';
import type { SelfSubjectAccessReview } from '../types/authorization-v1.gen.js';

export default define<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectaccessreviews',
  act: async (review, context) => {
    refuse([...validateAsked(review.spec, false), ...validateNoMetadata(review.metadata)]);
    return { ...review, status: await decide(context.user, review.spec, context) };
  },
});
