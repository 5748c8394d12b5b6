import { define } from '../definition.js';
import { validateChoice, validateDNSLabel } from '../meta/checks.js';
import { at, type FieldError, forbidden, invalid } from '../meta/field-errors.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { semanticEqual, validateAnnotations, validateLabels, validateNonNegative } from '../meta/metadata.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { defaultClaimSpec, validateClaimSpec } from '../shared/claim-spec.js';
import { age, containerCells } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { validatePodAnnotations } from '../shared/pod/annotations.js';
import { defaultPodTemplate, roundQuantities } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validatePodTemplate, validateRunsForever, validateSelected } from '../shared/pod/template.js';
import { claimWarnings, templateWarnings } from '../shared/pod/warnings.js';
import { scaleSubresource } from '../shared/scale.js';
import { compileSelector, validateAmong, validateCollisionCount, validateCounters, validateWorkloadSelector } from '../shared/workload.js';
import type { StatefulSet, StatefulSetSpec, StatefulSetStatus } from '../types/apps-v1.gen.js';
import type { PodTemplateSpec } from '../types/core-v1.gen.js';

export default define<StatefulSet>({
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  ownMetadataChecks: { whole: false },
  generation: true,
  validateName: nameIsDNSLabel,
  blank: { spec: { replicas: 0 } },
  defaults({ spec }) {
    spec.podManagementPolicy ||= 'OrderedReady';
    defaultUpdateStrategy(spec);
    spec.persistentVolumeClaimRetentionPolicy ??= {};
    spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
    spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
    defaultClaimTemplates(spec);
  },
  prepare: ({ spec }) => drop(spec),
  validate: ({ spec }, { services }) => validateSpec(spec, services.settings),
  validateUpdate: ({ spec }, { spec: old }, { services }) => [
    ...validateSpec(spec, services.settings, 'update'),
    ...validateFixedFields(spec, old),
  ],
  warnings,
  row({ metadata, spec, status }, { now }) {
    const ready = `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    return [metadata.name, ready, age({ metadata }, now), ...containerCells(spec.template.spec?.containers)];
  },
  subresources: {
    scale: scaleSubresource({ group: 'apps', resource: 'statefulsets' }, ({ spec }) => labelSelectorText(spec.selector)),
    status: { validate: ({ status }, { status: old }) => validateStatus(status, old) },
  },
});

function defaultUpdateStrategy(spec: StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type !== 'RollingUpdate' || !strategy.rollingUpdate) return;
  strategy.rollingUpdate.partition ??= 0;
}

function defaultClaimTemplates(spec: StatefulSetSpec): void {
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
    defaultClaimSpec(claim.spec);
    roundQuantities(claim.spec.resources?.limits);
    roundQuantities(claim.spec.resources?.requests);
  }
}

/** Fields of features that v1.36 has switched off. */
function drop(spec: StatefulSetSpec): void {
  delete spec.updateStrategy?.rollingUpdate?.maxUnavailable;
  dropDisabledFields(spec.template.spec);
}

const SPEC = at('spec');

function validateSpec(spec: StatefulSetSpec, scope: TemplateScope, when: 'create' | 'update' = 'create'): FieldError[] {
  const errors = validatePolicies(spec);
  // what cannot change need not be judged again
  if (when === 'create') {
    for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries())
      errors.push(...validateClaimSpec(claim.spec, SPEC.child('volumeClaimTemplates').index(i).child('spec')));
    if (spec.serviceName) errors.push(...validateDNSLabel(spec.serviceName, SPEC.child('serviceName')));
  }
  for (const field of ['replicas', 'minReadySeconds'] as const) errors.push(...validateNonNegative(spec[field] ?? 0, SPEC.child(field)));
  errors.push(...validateNonNegative(spec.ordinals?.start ?? 0, SPEC.child('ordinals.start')));
  errors.push(...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'statefulset'));
  const selector = compileSelector(spec.selector, SPEC.child('selector'), '');
  const path = SPEC.child('template');
  if ('message' in selector) errors.push(selector);
  else {
    const template = withClaimVolumes(spec);
    const { labels, annotations = {} } = template.metadata ?? {};
    errors.push(...validateSelected(template, path, selector), ...validatePodTemplate(template, path, scope));
    // upstream judges the template's metadata a second time
    errors.push(...validateLabels(labels, path.child('labels')), ...validateAnnotations(annotations, path.child('annotations')));
    errors.push(...validatePodAnnotations(annotations, path.child('annotations'), template.spec ?? { containers: [] }));
  }
  return [...errors, ...validateRunsForever(spec.template, path, 'StatefulSet')];
}

/** The template with what the controller will add to each pod: a volume for each claim, and its own host names. */
function withClaimVolumes({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const claims = new Map(
    volumeClaimTemplates.map(({ metadata: { name } }) => [name, { name, persistentVolumeClaim: { claimName: name } }]),
  );
  const { volumes = [], subdomain: _, hostname: __, ...spec } = template.spec ?? { containers: [] };
  return { ...template, spec: { ...spec, volumes: [...claims.values(), ...volumes.filter((v) => !claims.has(v.name))] } };
}

function validatePolicies(spec: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = [];
  const management = spec.podManagementPolicy;
  if (management !== 'OrderedReady' && management !== 'Parallel')
    errors.push(invalid(SPEC.child('podManagementPolicy'), management, "must be 'OrderedReady' or 'Parallel'"));
  const path = SPEC.child('updateStrategy');
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'OnDelete') {
    if (rollingUpdate)
      errors.push(
        invalid(
          path.child('rollingUpdate'),
          goValue(rollingUpdate, 'apps.RollingUpdateStatefulSetStrategy'),
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      );
  } else if (type === 'RollingUpdate')
    errors.push(...validateNonNegative(rollingUpdate?.partition ?? 0, path.child('rollingUpdate', 'partition')));
  else errors.push(invalid(path, goValue(spec.updateStrategy, 'apps.StatefulSetUpdateStrategy'), "must be 'RollingUpdate' or 'OnDelete'"));
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const path = SPEC.child('persistentVolumeClaimRetentionPolicy', field);
    errors.push(...validateChoice(spec.persistentVolumeClaimRetentionPolicy?.[field], path, ['Retain', 'Delete'], 'unsupported'));
  }
  return errors;
}

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const satisfies (keyof StatefulSetSpec)[];

function validateFixedFields(spec: StatefulSetSpec, old: StatefulSetSpec): FieldError[] {
  const munged = { ...spec };
  for (const field of MUTABLE) Object.assign(munged, { [field]: old[field] });
  if (semanticEqual(munged, old)) return [];
  const list = MUTABLE.map((f) => `'${f}'`);
  const text = `updates to statefulset spec for fields other than ${list.slice(0, -1).join(', ')} and ${list.at(-1)} are forbidden`;
  return [forbidden(SPEC, text)];
}

function validateStatus(status: StatefulSetStatus, old: StatefulSetStatus): FieldError[] {
  const counters = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;
  return [
    ...validateCounters(status, [...counters, 'observedGeneration', 'collisionCount']),
    ...validateAmong(status, ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], 'replicas', 'status.replicas'),
    ...validateAmong(status, ['availableReplicas'], 'readyReplicas', 'status.readyReplicas'),
    ...validateCollisionCount(status.collisionCount, old.collisionCount),
  ];
}

function warnings(set: StatefulSet, old: StatefulSet | undefined): string[] {
  const changed = !old || old.metadata.generation !== set.metadata.generation;
  const found = changed ? templateWarnings(set.spec.template, SPEC.child('template')) : [];
  for (const [i, claim] of (set.spec.volumeClaimTemplates ?? []).entries()) {
    const path = SPEC.child('volumeClaimTemplates').index(i);
    // the paths differ upstream
    found.push(...claimWarnings(claim.spec, old ? path.child('Spec') : path));
  }
  if ((set.spec.revisionHistoryLimit ?? 0) < 0)
    found.push('spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended');
  return found;
}
