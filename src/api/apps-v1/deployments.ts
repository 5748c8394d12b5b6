import { define } from '../definition.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { semanticEqual, validateImmutable, validateNonNegative } from '../meta/metadata.js';
import { age, containerCells, formatLabelSelector } from '../shared/format.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { goValue } from '../shared/go-value.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validateReplicatedTemplate } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import { scaleSubresource } from '../shared/scale.js';
import {
  compileSelector,
  countOrPercent,
  validateAmong,
  validateAtMost100Percent,
  validateCollisionCount,
  validateCounters,
  validateCountOrPercent,
  validateWorkloadSelector,
  workloadWarnings,
} from '../shared/workload.js';
import type { Deployment, DeploymentSpec, DeploymentStatus, DeploymentStrategy } from '../types/apps-v1.gen.js';

/** The revision to go back to: a field of the versions before v1. */
const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

export default define<Deployment>({
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  ownMetadataChecks: { whole: false },
  generation: true,
  carriedAnnotations: [ROLLBACK_TO],
  blank: { spec: { replicas: 0 } },
  defaults({ spec }) {
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodTemplate(spec.template);
  },
  prepare: ({ spec }) => dropDisabledFields(spec.template.spec),
  validate: ({ spec }, { services }) => validateSpec(spec, services.settings),
  validateUpdate: ({ spec }, { spec: old }, { services }) => [
    ...validateSpec(spec, services.settings),
    ...validateImmutable(spec.selector, old.selector, SPEC.child('selector')),
  ],
  warnings: (deployment, old) =>
    workloadWarnings(deployment, old, () => templateWarnings(deployment.spec.template, SPEC.child('template'))),
  // the deployment controller learns of rollbacks and pauses by annotations too
  specChanged: (deployment, old) =>
    !semanticEqual(deployment.spec, old.spec) || !semanticEqual(deployment.metadata.annotations, old.metadata.annotations),
  row({ metadata, spec, status }, { now }) {
    const ready = `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    return [
      metadata.name,
      ready,
      status.updatedReplicas ?? 0,
      status.availableReplicas ?? 0,
      age({ metadata }, now),
      ...containerCells(spec.template.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
  subresources: {
    scale: scaleSubresource({ group: 'apps', resource: 'deployments' }, ({ spec }) => labelSelectorText(spec.selector)),
    status: {
      keeps: ['metadata.labels'],
      validate: ({ status }, { status: old }) => validateStatus(status, old),
    },
  },
});

const SPEC = at('spec');

function validateSpec(spec: DeploymentSpec, scope: TemplateScope): FieldError[] {
  const errors = validateNonNegative(spec.replicas ?? 0, SPEC.child('replicas'));
  errors.push(...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'deployment'));
  const selector = compileSelector(spec.selector, SPEC.child('selector'));
  if ('message' in selector) errors.push(selector);
  // the message names the kind that makes the pods
  else errors.push(...validateReplicatedTemplate(spec.template, SPEC.child('template'), selector, 'ReplicaSet', scope));
  errors.push(...validateStrategy(spec.strategy, SPEC.child('strategy')));
  for (const field of ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'] as const)
    errors.push(...validateNonNegative(spec[field] ?? 0, SPEC.child(field)));
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
    errors.push(invalid(SPEC.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'));
  return errors;
}

function validateStrategy(strategy: DeploymentStrategy | undefined, path: FieldPath): FieldError[] {
  const { type, rollingUpdate } = strategy ?? {};
  const at = path.child('rollingUpdate');
  if (type === 'Recreate') return rollingUpdate ? [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")] : [];
  if (type !== 'RollingUpdate') return [notSupported(path, goValue(strategy, 'apps.DeploymentStrategy'), ['Recreate', 'RollingUpdate'])];
  if (!rollingUpdate) return [required(at, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateCountOrPercent(maxUnavailable, at.child('maxUnavailable')),
    ...validateCountOrPercent(maxSurge, at.child('maxSurge')),
  ];
  if (countOrPercent(maxUnavailable) === 0 && countOrPercent(maxSurge) === 0)
    errors.push(invalid(at.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  return [...errors, ...validateAtMost100Percent(maxUnavailable, at.child('maxUnavailable'))];
}

function validateStatus(status: DeploymentStatus, old: DeploymentStatus): FieldError[] {
  const counters = [
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
  ] as const;
  return [
    ...validateCounters(status, ['observedGeneration', ...counters, 'collisionCount']),
    ...validateAmong(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'replicas', 'status.replicas'),
    ...validateAmong(status, ['availableReplicas'], 'readyReplicas'),
    ...validateCollisionCount(status.collisionCount, old.collisionCount),
  ];
}
