import { define } from '../definition.js';
import { at, type FieldError } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import type { MutatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.gen.js';
import { paramRefCell } from './policy-rows.js';
import { validateParamRef, validatePolicyName } from './policy-validation.js';
import { validateMatchResources } from './rule-validation.js';
import { setPolicyMatchDefaults } from './webhook-defaults.js';

export default define<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'mutatingadmissionpolicybindings',
  ownMetadataChecks: { change: false },
  plainFinalizers: true,
  unconditionalUpdate: false,
  generation: true,
  defaults: ({ spec }) => {
    setPolicyMatchDefaults(spec.matchResources);
  },
  validate,
  row: (binding, { now }) => [binding.metadata.name, binding.spec.policyName ?? '', paramRefCell(binding.spec.paramRef), age(binding, now)],
});

function validate({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  return [
    ...validatePolicyName(spec.policyName),
    ...validateParamRef(spec.paramRef),
    ...validateMatchResources(spec.matchResources, at('spec', 'matchResources')),
  ];
}
