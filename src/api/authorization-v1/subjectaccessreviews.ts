import { define } from '../definition.js';
import { decide, refuse, subjectOf, validateAsked, validateNoMetadata } from '../shared/reviews.js';
import type { SubjectAccessReview } from '../types/authorization-v1.gen.js';

export default define<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'subjectaccessreviews',
  act: async (review, context) => {
    refuse([...validateAsked(review.spec, true), ...validateNoMetadata(review.metadata)]);
    return { ...review, status: await decide(subjectOf(review.spec), review.spec, context) };
  },
});
