import { define } from '../definition.js';
import { at, type FieldError } from '../meta/field-errors.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { validateImmutable, validateNonNegative } from '../meta/metadata.js';
import { formatLabelSelector } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validateReplicatedTemplate } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import { scaleSubresource } from '../shared/scale.js';
import {
  compileSelector,
  replicaRow,
  validateAmong,
  validateCounters,
  validateWorkloadSelector,
  workloadWarnings,
} from '../shared/workload.js';
import type { ReplicaSet, ReplicaSetSpec, ReplicaSetStatus } from '../types/apps-v1.gen.js';

export default define<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
  ownMetadataChecks: { whole: false },
  generation: true,
  blank: { spec: { replicas: 0 } },
  defaults({ spec }) {
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  prepare: ({ spec }) => dropDisabledFields(spec.template?.spec),
  validate: ({ spec }, { services }) => validateSpec(spec, services.settings),
  validateUpdate: ({ spec }, { spec: old }, { services }) => [
    ...validateSpec(spec, services.settings),
    ...validateImmutable(spec.selector, old.selector, SPEC.child('selector')),
  ],
  warnings: (set, old) => workloadWarnings(set, old, () => templateWarnings(set.spec.template, SPEC.child('template'))),
  row: (set, { now }) => replicaRow(set, formatLabelSelector(set.spec.selector), now),
  subresources: {
    scale: scaleSubresource({ group: 'apps', resource: 'replicasets' }, ({ spec }) => labelSelectorText(spec.selector)),
    status: { validate: ({ status }) => validateStatus(status) },
  },
});

const SPEC = at('spec');

function validateSpec(spec: ReplicaSetSpec, scope: TemplateScope): FieldError[] {
  const errors = [
    ...validateNonNegative(spec.replicas ?? 0, SPEC.child('replicas')),
    ...validateNonNegative(spec.minReadySeconds ?? 0, SPEC.child('minReadySeconds')),
    // upstream's message says deployment here too
    ...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'deployment'),
  ];
  const selector = compileSelector(spec.selector, SPEC.child('selector'));
  if ('message' in selector) return [...errors, selector];
  return [...errors, ...validateReplicatedTemplate(spec.template ?? {}, SPEC.child('template'), selector, 'ReplicaSet', scope)];
}

function validateStatus(status: ReplicaSetStatus): FieldError[] {
  const counters = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'terminatingReplicas'] as const;
  return [
    ...validateCounters(status, [...counters, 'observedGeneration']),
    ...validateAmong(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', 'status.replicas'),
    ...validateAmong(status, ['availableReplicas'], 'readyReplicas'),
  ];
}
