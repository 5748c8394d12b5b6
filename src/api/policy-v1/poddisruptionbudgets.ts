import { define } from '../definition.js';
import { validateOptionalChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { validateLabelSelector } from '../meta/label-selector.js';
import { validateConditions, validateNonNegative } from '../meta/metadata.js';
import { isPercent, nameIsPathSegment } from '../meta/names.js';
import { goValue } from '../shared/go-value.js';
import { age } from '../shared/format.js';
import type { IntOrString } from '../types/meta-v1.gen.js';
import type { PodDisruptionBudget } from '../types/policy-v1.gen.js';

const SPEC = at('spec');
const POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];

export default define<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  ownMetadataChecks: { change: false, whole: false },
  plainFinalizers: true,
  generation: true,
  unconditionalUpdate: false,
  // upstream never checked more
  validateName: nameIsPathSegment,
  validate: (budget) => validate(budget, false),
  validateUpdate: (budget, old) => validate(budget, validateLabelSelector(old.spec.selector, SPEC).length > 0),
  subresources: { status: { validate: validateStatus } },
  row: (budget, { now }) => [
    budget.metadata.name,
    String(budget.spec.minAvailable ?? 'N/A'),
    String(budget.spec.maxUnavailable ?? 'N/A'),
    budget.status.disruptionsAllowed,
    age(budget, now),
  ],
});

function validate({ spec }: PodDisruptionBudget, allowInvalidValues: boolean): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(invalid(SPEC, goValue(spec, 'policy.PodDisruptionBudgetSpec'), 'minAvailable and maxUnavailable cannot be both set'));
  if (minAvailable !== undefined) errors.push(...validateShare(minAvailable, SPEC.child('minAvailable')));
  if (maxUnavailable !== undefined) errors.push(...validateShare(maxUnavailable, SPEC.child('maxUnavailable')));
  return [
    ...errors,
    ...validateLabelSelector(selector, SPEC.child('selector'), { allowInvalidValues }),
    ...validateOptionalChoice(policy, SPEC.child('unhealthyPodEvictionPolicy'), POLICIES),
  ];
}

/** A number of pods, or a percentage of at most 100. */
function validateShare(value: IntOrString, path: FieldPath): FieldError[] {
  if (typeof value === 'number') return validateNonNegative(value, path);
  const problems = isPercent(value);
  if (problems.length > 0) return problems.map((m) => invalid(path, value, m));
  return Number(value.slice(0, -1)) > 100 ? [invalid(path, value, 'must not be greater than 100%')] : [];
}

function validateStatus({ status }: PodDisruptionBudget): FieldError[] {
  const path = at('status');
  return [
    ...validateConditions(status.conditions ?? [], path.child('conditions')),
    ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
      validateNonNegative(status[field] ?? 0, path.child(field)),
    ),
  ];
}
