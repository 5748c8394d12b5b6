import { define } from '../definition.js';
import { validateOptionalChoice, validateQualifiedName } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { validateConditions } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from '../types/admissionregistration-v1.gen.js';
import { paramKindCell } from './policy-rows.js';
import { validatePolicy } from './policy-validation.js';
import { setPolicyMatchDefaults } from './webhook-defaults.js';

const SPEC = at('spec');
const STATUS = at('status');
const ANNOTATIONS = SPEC.child('auditAnnotations');
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const MAX_ANNOTATIONS = 20;
const MAX_VALUE_EXPRESSION = 5 * 1024;
const NOTHING = 'validations or auditAnnotations must contain at least one item';

export default define<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingadmissionpolicies',
  ownMetadataChecks: { change: false },
  plainFinalizers: true,
  unconditionalUpdate: false,
  generation: true,
  defaults: ({ spec }) => {
    spec.failurePolicy ??= 'Fail';
    setPolicyMatchDefaults(spec.matchConstraints);
  },
  validate: (policy) => validate(policy),
  validateUpdate: (policy, old) => validate(policy, old),
  subresources: { status: { keeps: ['metadata'], validate: validateStatus } },
  row: (policy, { now }) => [
    policy.metadata.name,
    policy.spec.validations?.length ?? 0,
    paramKindCell(policy.spec.paramKind),
    age(policy, now),
  ],
});

function validate({ metadata, spec }: ValidatingAdmissionPolicy, old?: ValidatingAdmissionPolicy): FieldError[] {
  const { match, conditions, variables } = validatePolicy(spec, old?.spec);
  const { validations = [], auditAnnotations = [] } = spec;
  const errors = [...match, ...conditions, ...variables];
  if (validations.length === 0 && auditAnnotations.length === 0)
    return [...errors, required(SPEC.child('validations'), NOTHING), required(ANNOTATIONS, NOTHING)];
  errors.push(...validations.flatMap((v, i) => validateValidation(v, SPEC.child('validations').index(i))));
  if (auditAnnotations.length > MAX_ANNOTATIONS)
    errors.push(
      invalid(
        ANNOTATIONS,
        goValue(auditAnnotations, '[]admissionregistration.AuditAnnotation'),
        `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`,
      ),
    );
  const keys = new Set<string>();
  for (const [i, annotation] of auditAnnotations.entries()) {
    errors.push(...validateAnnotation(annotation, ANNOTATIONS.index(i), metadata.name));
    if (keys.has(annotation.key)) errors.push(duplicate(ANNOTATIONS.index(i).child('key'), annotation.key));
    keys.add(annotation.key);
  }
  return errors;
}

function validateValidation({ expression, message, messageExpression, reason }: Validation, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!expression.trim()) errors.push(required(path.child('expression'), 'expression is not specified'));
  if (messageExpression && !messageExpression.trim())
    errors.push(invalid(path.child('messageExpression'), messageExpression, 'must be non-empty if specified'));
  if (message && !message.trim()) errors.push(invalid(path.child('message'), message, 'must be non-empty if specified'));
  else if (message && /[\n\r]/.test(message.trim())) errors.push(invalid(path.child('message'), message, 'must not contain line breaks'));
  return [...errors, ...validateOptionalChoice(reason, path.child('reason'), REASONS)];
}

function validateAnnotation({ key, valueExpression }: AuditAnnotation, path: FieldPath, name: string): FieldError[] {
  const errors = name
    ? validateQualifiedName(`${name}/${key}`, path.child('key'))
    : [invalid(path.child('key'), key, 'requires metadata.name be non-empty')];
  const expression = valueExpression.trim();
  if (expression === '') errors.push(required(path.child('valueExpression'), 'valueExpression is not specified'));
  else if (expression.length > MAX_VALUE_EXPRESSION)
    errors.push(required(path.child('valueExpression'), `must not exceed ${MAX_VALUE_EXPRESSION} bytes in length`));
  return errors;
}

function validateStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const path = STATUS.child('typeChecking', 'expressionWarnings');
  const errors = (status.typeChecking?.expressionWarnings ?? []).flatMap(({ fieldRef, warning }, i) => [
    ...(warning ? [] : [required(path.index(i).child('warning'))]),
    ...(fieldRef.trim() ? [] : [required(path.index(i).child('fieldRef'))]),
  ]);
  return [...errors, ...validateConditions(status.conditions ?? [], STATUS.child('conditions'))];
}
