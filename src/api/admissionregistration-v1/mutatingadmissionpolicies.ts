import { define } from '../definition.js';
import { validateChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, notSupported, required } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import type { MutatingAdmissionPolicy, Mutation } from '../types/admissionregistration-v1.gen.js';
import { paramKindCell } from './policy-rows.js';
import { validatePolicy } from './policy-validation.js';
import { setPolicyMatchDefaults } from './webhook-defaults.js';
import { REINVOCATION_POLICIES } from './webhook-validation.js';

const SPEC = at('spec');
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const FIELDS = { JSONPatch: 'jsonPatch', ApplyConfiguration: 'applyConfiguration' } as const;

export default define<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'mutatingadmissionpolicies',
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
  row: (policy, { now }) => [
    policy.metadata.name,
    policy.spec.mutations?.length ?? 0,
    paramKindCell(policy.spec.paramKind),
    age(policy, now),
  ],
});

function validate({ spec }: MutatingAdmissionPolicy, old?: MutatingAdmissionPolicy): FieldError[] {
  const { match, conditions, variables } = validatePolicy(spec, old?.spec);
  const { mutations = [], reinvocationPolicy } = spec;
  const errors = [...match];
  for (const { operations } of spec.matchConstraints?.resourceRules ?? [])
    for (const operation of operations ?? [])
      if (!OPERATIONS.includes(operation))
        errors.push(notSupported(SPEC.child('matchConstraints', 'resourceRules', 'operations'), operation, OPERATIONS));
  errors.push(...conditions, ...variables);
  if (mutations.length === 0) errors.push(required(SPEC.child('mutations'), 'mutations must contain at least one item'));
  errors.push(...mutations.flatMap((m, i) => validateMutation(m, SPEC.child('mutations').index(i))));
  return [...errors, ...validateChoice(reinvocationPolicy, SPEC.child('reinvocationPolicy'), REINVOCATION_POLICIES)];
}

function validateMutation(mutation: Mutation, path: FieldPath): FieldError[] {
  const type = mutation.patchType as string;
  if (type === '') return [required(path.child('patchType'))];
  if (type !== 'JSONPatch' && type !== 'ApplyConfiguration')
    return [notSupported(path.child('patchType'), type, ['ApplyConfiguration', 'JSONPatch'])];
  const field = FIELDS[type];
  const other = FIELDS[type === 'JSONPatch' ? 'ApplyConfiguration' : 'JSONPatch'];
  const errors: FieldError[] = [];
  const patch = mutation[field];
  if (!patch) errors.push(required(path.child(field), `must be specified when patchType is ${type}`));
  else if (!patch.expression?.trim()) errors.push(required(path.child(field, 'expression')));
  if (mutation[other]) errors.push(invalid(path.child(other), `{${other}}`, `must not be specified when patchType is ${type}`));
  return errors;
}
