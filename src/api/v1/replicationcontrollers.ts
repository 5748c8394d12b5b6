import { define } from '../definition.js';
import { at, type FieldError, required } from '../meta/field-errors.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { validateNonNegative } from '../meta/metadata.js';
import { nameIsLongName } from '../meta/names.js';
import { formatLabels } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validateReplicatedTemplate } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import { scaleSubresource } from '../shared/scale.js';
import { replicaRow, validateAmong, validateCounters, workloadWarnings } from '../shared/workload.js';
import type { ReplicationController, ReplicationControllerSpec, ReplicationControllerStatus } from '../types/core-v1.gen.js';

export default define<ReplicationController>({
  group: '',
  version: 'v1',
  resource: 'replicationcontrollers',
  validateName: nameIsLongName,
  shownAs: 'controllers',
  ownMetadataChecks: { whole: false },
  generation: true,
  defaultPropagation: 'Orphan',
  selectableFields: ['status.replicas'],
  fields: ({ status }) => ({ 'status.replicas': String(status.replicas) }),
  defaults(controller) {
    const { spec } = controller;
    defaultLabels(controller);
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  prepare: ({ spec }) => dropDisabledFields(spec.template?.spec),
  validate: ({ spec }, { services }) => validateSpec(spec, services.settings),
  validateUpdate: ({ spec }, _old, { services }) => validateSpec(spec, services.settings),
  // of an update upstream tells what is wrong with the old template
  warnings: (controller, old) =>
    workloadWarnings(controller, old, () => templateWarnings((old ?? controller).spec.template, SPEC.child('template'))),
  row: (controller, { now }) => replicaRow(controller, formatLabels(controller.spec.selector), now),
  subresources: {
    scale: scaleSubresource({ group: '', resource: 'replicationcontrollers' }, (rc) =>
      labelSelectorText({ matchLabels: rc.spec.selector }),
    ),
    // who writes the status may leave out the template that the labels come from
    status: { prepare: defaultLabels, validate: ({ status }) => validateStatus(status) },
  },
});

const SPEC = at('spec');

/** Labels and selector are those of the pods, unless they are given. */
function defaultLabels({ metadata, spec }: ReplicationController): void {
  const labels = spec.template?.metadata?.labels;
  if (!labels) return;
  if (isEmpty(spec.selector)) spec.selector = { ...labels };
  if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
}

function validateSpec(spec: ReplicationControllerSpec, scope: TemplateScope): FieldError[] {
  const errors = validateNonNegative(spec.minReadySeconds ?? 0, SPEC.child('minReadySeconds'));
  if (isEmpty(spec.selector)) errors.push(required(SPEC.child('selector')));
  errors.push(...validateNonNegative(spec.replicas ?? 0, SPEC.child('replicas')));
  // labels were never checked here, so the selector is not compiled
  const selector = {
    matches: (labels: Readonly<Record<string, string>> = {}) => Object.entries(spec.selector ?? {}).every(([k, v]) => labels[k] === v),
  };
  return [...errors, ...validateReplicatedTemplate(spec.template, SPEC.child('template'), selector, 'ReplicationController', scope)];
}

function validateStatus(status: ReplicationControllerStatus): FieldError[] {
  return [
    ...validateCounters(status, ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration']),
    ...validateAmong(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', 'status.replicas'),
    ...validateAmong(status, ['availableReplicas'], 'readyReplicas'),
  ];
}

function isEmpty(map: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}
