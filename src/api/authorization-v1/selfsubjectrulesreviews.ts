import type { Rules } from '../context.js';
import { define } from '../definition.js';
import { badRequest } from '../meta/errors.js';
import type { SelfSubjectRulesReview } from '../types/authorization-v1.gen.js';

const UNKNOWN: Rules = { resourceRules: [], nonResourceRules: [], incomplete: true, error: 'the authorizer cannot list its rules' };

export default define<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectrulesreviews',
  act: async (review, { user, services }) => {
    const namespace = review.spec?.namespace;
    if (!namespace) throw badRequest('no namespace on request');
    const rules = (await services.authorizer.rulesFor?.(user, namespace)) ?? UNKNOWN;
    return {
      apiVersion: review.apiVersion,
      kind: review.kind,
      metadata: {} as SelfSubjectRulesReview['metadata'],
      spec: {},
      status: {
        resourceRules: [...rules.resourceRules],
        nonResourceRules: [...rules.nonResourceRules],
        incomplete: rules.incomplete,
        evaluationError: rules.error,
      },
    };
  },
});
