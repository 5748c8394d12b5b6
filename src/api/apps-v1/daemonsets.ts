import { define } from '../definition.js';
import { at, type FieldError, type FieldPath, invalid, notSupported, required } from '../meta/field-errors.js';
import { isEmptyLabelSelector, validateLabelSelector } from '../meta/label-selector.js';
import { semanticEqual, validateImmutable, validateNonNegative } from '../meta/metadata.js';
import { age, containerCells, formatLabelSelector, formatLabels } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validatePodTemplate, validateRunsForever, validateSelected } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import {
  compileSelector,
  countOrPercent,
  validateAtMost100Percent,
  validateCollisionCount,
  validateCounters,
  validateCountOrPercent,
} from '../shared/workload.js';
import type { DaemonSet, DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy } from '../types/apps-v1.gen.js';

/** A counter of the template's changes that older versions of the API had as a field. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

export default define<DaemonSet>({
  group: 'apps',
  version: 'v1',
  resource: 'daemonsets',
  ownMetadataChecks: { whole: false },
  generation: true,
  carriedAnnotations: [TEMPLATE_GENERATION],
  blank: { annotations: { [TEMPLATE_GENERATION]: '0' } },
  defaults(daemonSet) {
    const { spec } = daemonSet;
    setTemplateGeneration(daemonSet, templateGeneration(daemonSet));
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
  },
  prepare: ({ spec }) => dropDisabledFields(spec.template.spec),
  prepareCreate: (daemonSet) => setTemplateGeneration(daemonSet, Math.max(templateGeneration(daemonSet), 1)),
  prepareUpdate(daemonSet, old) {
    const changed = !semanticEqual(daemonSet.spec.template, old.spec.template);
    setTemplateGeneration(daemonSet, templateGeneration(old) + (changed ? 1 : 0));
  },
  validate: ({ spec }, { services }) => validateSpec(spec, services.settings),
  validateUpdate: ({ spec }, { spec: old }, { services }) => [
    ...validateImmutable(spec.selector, old.selector, SPEC.child('selector')),
    ...validateSpec(spec, services.settings),
  ],
  warnings(daemonSet, old) {
    if (old && templateGeneration(old) === templateGeneration(daemonSet)) return [];
    return templateWarnings(daemonSet.spec.template, SPEC.child('template'));
  },
  row({ metadata, spec, status }, { now }) {
    return [
      metadata.name,
      status.desiredNumberScheduled,
      status.currentNumberScheduled,
      status.numberReady,
      status.updatedNumberScheduled ?? 0,
      status.numberAvailable ?? 0,
      formatLabels(spec.template.spec?.nodeSelector),
      age({ metadata }, now),
      ...containerCells(spec.template.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
  subresources: {
    status: {
      prepare: (daemonSet, old) => setTemplateGeneration(daemonSet, templateGeneration(old)),
      validate: ({ status }, { status: old }) => validateStatus(status, old),
    },
  },
});

function templateGeneration({ metadata }: DaemonSet): number {
  return Number.parseInt(metadata.annotations?.[TEMPLATE_GENERATION] ?? '0', 10) || 0;
}

function setTemplateGeneration({ metadata }: DaemonSet, value: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(value) };
}

const SPEC = at('spec');

function validateSpec(spec: DaemonSetSpec, scope: TemplateScope): FieldError[] {
  const { selector, template } = spec;
  const path = SPEC.child('template');
  const errors = validateLabelSelector(selector, SPEC.child('selector'));
  const compiled = compileSelector(selector, SPEC.child('selector'));
  // one that cannot be compiled has been refused above
  if ('matches' in compiled) errors.push(...validateSelected(template, path, compiled));
  if (selector && isEmptyLabelSelector(selector))
    errors.push(invalid(SPEC.child('selector'), selector, 'empty selector is invalid for daemonset'));
  errors.push(...validatePodTemplate(template, path, scope), ...validateRunsForever(template, path, 'DaemonSet'));
  errors.push(...validateNonNegative(spec.minReadySeconds ?? 0, SPEC.child('minReadySeconds')));
  errors.push(...validateUpdateStrategy(spec.updateStrategy, SPEC.child('updateStrategy')));
  return [...errors, ...validateNonNegative(spec.revisionHistoryLimit ?? 0, SPEC.child('revisionHistoryLimit'))];
}

function validateUpdateStrategy(strategy: DaemonSetUpdateStrategy | undefined, path: FieldPath): FieldError[] {
  const { type, rollingUpdate } = strategy ?? {};
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate')
    return [notSupported(path, goValue(strategy, 'apps.DaemonSetUpdateStrategy'), ['RollingUpdate', 'OnDelete'])];
  const at = path.child('rollingUpdate');
  if (!rollingUpdate) return [required(at)];
  const errors: FieldError[] = [];
  for (const field of ['maxUnavailable', 'maxSurge'] as const)
    errors.push(
      ...validateCountOrPercent(rollingUpdate[field], at.child(field)),
      ...validateAtMost100Percent(rollingUpdate[field], at.child(field)),
    );
  const unavailable = countOrPercent(rollingUpdate.maxUnavailable) !== 0;
  const surge = countOrPercent(rollingUpdate.maxSurge) !== 0;
  if (unavailable && surge)
    errors.push(invalid(at.child('maxSurge'), rollingUpdate.maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!unavailable && !surge) errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  return errors;
}

function validateStatus(status: DaemonSetStatus, old: DaemonSetStatus): FieldError[] {
  const counters = ['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration'] as const;
  const more = ['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'] as const;
  return [...validateCounters(status, [...counters, ...more]), ...validateCollisionCount(status.collisionCount, old.collisionCount)];
}
