import { define } from '../definition.js';
import { at, duplicate, type FieldError, invalid, notSupported, required } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.gen.js';
import { paramRefCell } from './policy-rows.js';
import { validateParamRef, validatePolicyName } from './policy-validation.js';
import { validateMatchResources } from './rule-validation.js';
import { setPolicyMatchDefaults } from './webhook-defaults.js';

const SPEC = at('spec');
const ACTIONS = SPEC.child('validationActions');
const KNOWN_ACTIONS = ['Audit', 'Deny', 'Warn'];

export default define<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingadmissionpolicybindings',
  ownMetadataChecks: { change: false },
  plainFinalizers: true,
  unconditionalUpdate: false,
  generation: true,
  defaults: ({ spec }) => {
    setPolicyMatchDefaults(spec.matchResources);
  },
  validate,
  row: (binding, { now }) => [binding.metadata.name, binding.spec.policyName, paramRefCell(binding.spec.paramRef), age(binding, now)],
});

function validate({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  return [
    ...validatePolicyName(spec.policyName),
    ...validateParamRef(spec.paramRef),
    ...validateMatchResources(spec.matchResources, SPEC.child('matchResources')),
    ...validateActions((spec.validationActions as string[] | null) ?? []),
  ];
}

function validateActions(actions: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, action] of actions.entries()) {
    if (!KNOWN_ACTIONS.includes(action)) errors.push(notSupported(ACTIONS.index(i), action, KNOWN_ACTIONS));
    if (seen.has(action)) errors.push(duplicate(ACTIONS.index(i), action));
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn'))
    errors.push(
      invalid(
        ACTIONS,
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (actions.length === 0) errors.push(required(ACTIONS, 'at least one validation action is required'));
  return errors;
}
