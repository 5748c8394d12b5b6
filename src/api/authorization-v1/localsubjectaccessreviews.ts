import { define } from '../definition.js';
import { at, type FieldError, invalid } from '../meta/field-errors.js';
import { decide, refuse, shownPath, subjectOf, validateAsked, validateNoMetadata } from '../shared/reviews.js';
import type { LocalSubjectAccessReview } from '../types/authorization-v1.gen.js';

export default define<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'localsubjectaccessreviews',
  act: async (review, context) => {
    refuse([
      ...validateAsked(review.spec, true),
      ...validateNoMetadata(review.metadata, { except: 'namespace' }),
      ...validateLocal(review),
    ]);
    return { ...review, status: await decide(subjectOf(review.spec), review.spec, context) };
  },
});

/** It may ask about its own namespace only. */
function validateLocal({ metadata, spec }: LocalSubjectAccessReview): FieldError[] {
  const errors: FieldError[] = [];
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource && (resource.namespace ?? '') !== metadata.namespace)
    errors.push(invalid(at('spec.resourceAttributes.namespace'), resource.namespace ?? '', 'must match metadata.namespace'));
  if (path) errors.push(invalid(at('spec.nonResourceAttributes'), shownPath(path), 'disallowed on this kind of request'));
  return errors;
}
