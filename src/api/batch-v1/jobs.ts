import { define } from '../definition.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { shownLabels, shownSelector, validateLabelSelector } from '../meta/label-selector.js';
import { validateImmutable, validateLabels } from '../meta/metadata.js';
import { isDNS1123Label } from '../meta/names.js';
import { age, containerCells, formatLabelSelector, humanDuration } from '../shared/format.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { type TemplateScope, validateSelected } from '../shared/pod/template.js';
import { compileSelector, workloadWarnings } from '../shared/workload.js';
import type { Job, JobSpec } from '../types/batch-v1.gen.js';
import type { Affinity, Container, PodSpec, PodTemplateSpec } from '../types/core-v1.gen.js';
import { defaultJobTemplate, jobWarnings, validateJobTemplate } from './job-spec.js';
import { hasCondition, validateJobStatusUpdate } from './job-status.js';

const SPEC = at('spec');
/** Labels that tell the pods of one job from those of another; the older ones have no domain. */
const NAME_LABELS = ['job-name', 'batch.kubernetes.io/job-name'] as const;
const UID_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid'] as const;

export default define<Job>({
  group: 'batch',
  version: 'v1',
  resource: 'jobs',
  generation: true,
  defaultPropagation: 'Orphan',
  propagationWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  selectableFields: ['status.successful'],
  fields: ({ status }) => ({ 'status.successful': String(status.succeeded ?? 0) }),
  defaults,
  prepare: ({ spec }) => dropDisabledFields(spec.template.spec),
  prepareCreate(job) {
    if (!job.spec.manualSelector) generateSelector(job);
    // upstream fills in defaults again when it reads what it stored, and finds the labels just made: good ones, by then
    if (validateLabels(job.spec.template.metadata?.labels, SPEC).length === 0) defaultLabels(job);
  },
  prepareUpdate: defaultLabels,
  validate: (job, { services }) => validateJob(job, services.settings),
  validateUpdate: (job, old, { services }) => [...validateJob(job, services.settings, old), ...validateUpdate(job, old, services.settings)],
  warnings: (job, old) => workloadWarnings(job, old, () => jobWarnings(job.spec, SPEC)),
  row,
  subresources: { status: { prepare: defaultLabels, validate: validateJobStatusUpdate } },
});

/** A job without labels of its own has those of its pods: the same ones, so that what is added to these is the job's too. */
function defaultLabels({ metadata, spec }: Job): void {
  const labels = spec.template.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

function defaults(job: Job): void {
  const { spec } = job;
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
  defaultLabels(job);
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  defaultJobTemplate(spec);
}

function generateSelector({ metadata, spec }: Job): void {
  const own = { ...pairs(NAME_LABELS, metadata.name), ...pairs(UID_LABELS, metadata.uid ?? '') };
  const template = (spec.template.metadata ??= {});
  const labels = (template.labels ??= {});
  for (const [key, value] of Object.entries(own)) labels[key] ??= value;
  spec.selector = { ...spec.selector, matchLabels: { [UID_LABELS[1]]: metadata.uid ?? '', ...spec.selector?.matchLabels } };
}

function pairs(keys: readonly string[], value: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, value]));
}

function validateJob(job: Job, scope: TemplateScope, old?: Job): FieldError[] {
  const { metadata, spec } = job;
  const errors = [...validateGeneratedSelector(job, old), ...validateSpec(spec, scope)];
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const longest = `${metadata.name}-${(spec.completions ?? 0) - 1}`;
    if (isDNS1123Label(longest).length > 0)
      errors.push(invalid(at('metadata', 'name'), metadata.name, `will not able to create pod with invalid DNS label: ${longest}`));
  }
  return errors;
}

function validateGeneratedSelector({ metadata, spec }: Job, old: Job | undefined): FieldError[] {
  if (spec.manualSelector || !spec.selector) return [];
  const { uid = '', name } = metadata;
  const errors: FieldError[] = uid === '' ? [required(at('metadata', 'uid'))] : [];
  // jobs older than v1.27 do not have the labels with a domain
  const oldLabels = old?.spec.template.metadata?.labels;
  const prefixed = !old || (oldLabels?.[NAME_LABELS[1]] !== undefined && oldLabels[UID_LABELS[1]] !== undefined);
  const count = prefixed ? 2 : 1;
  const expected = { ...pairs(NAME_LABELS.slice(0, count), name), ...pairs(UID_LABELS.slice(0, count), uid) };
  const labels = spec.template.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(expected)) {
    const path = SPEC.child('template', 'metadata', 'labels').key(key);
    if (labels[key] === undefined) errors.push(required(path, `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalid(path, shownLabels(labels), `must be '${value}'`));
  }
  const selector = compileSelector(spec.selector, SPEC.child('selector'));
  if ('matches' in selector && !selector.matches(expected))
    errors.push(invalid(SPEC.child('selector'), shownSelector(spec.selector), '`selector` not auto-generated'));
  return errors;
}

function validateSpec(spec: JobSpec, scope: TemplateScope): FieldError[] {
  const path = SPEC.child('selector');
  const errors = validateJobTemplate(spec, SPEC, scope);
  errors.push(...(spec.selector ? validateLabelSelector(spec.selector, path) : [required(path)]));
  const selector = compileSelector(spec.selector, path);
  return 'matches' in selector ? [...errors, ...validateSelected(spec.template, SPEC.child('template'), selector)] : errors;
}

/** Upstream judges the new spec a second time here, and reports it twice. */
function validateUpdate({ spec }: Job, old: Job, scope: TemplateScope): FieldError[] {
  return [
    ...validateSpec(spec, scope),
    ...validateCompletions(spec, old.spec),
    ...validateImmutable(spec.selector, old.spec.selector, SPEC.child('selector')),
    ...validateTemplateUpdate(spec, old),
    ...(['completionMode', 'backoffLimitPerIndex', 'managedBy'] as const).flatMap((f) =>
      validateImmutable(spec[f], old.spec[f], SPEC.child(f)),
    ),
    ...validateImmutableStruct(spec.podFailurePolicy, old.spec.podFailurePolicy, SPEC.child('podFailurePolicy'), '*batch.PodFailurePolicy'),
    ...validateImmutableStruct(spec.successPolicy, old.spec.successPolicy, SPEC.child('successPolicy'), '*batch.SuccessPolicy'),
  ];
}

/** Indexed jobs are scaled by changing both completions and parallelism (KEP-3715). */
function validateCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  const path = SPEC.child('completions');
  if (spec.completionMode !== 'Indexed') return validateImmutable(spec.completions, old.completions, path);
  if (spec.completions === old.completions || spec.completions === undefined || spec.completions === spec.parallelism) return [];
  return [invalid(path, spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** While a job is suspended and has no pods, its scheduling directives and resources may change (KEP-2926, KEP-5440). */
function validateTemplateUpdate({ template }: JobSpec, old: Job): FieldError[] {
  const path = SPEC.child('template');
  const before = old.spec.template;
  const paused = old.spec.suspend === true && (!old.status.startTime || hasCondition(old.status, 'Suspended')) && !old.status.active;
  if (!paused) return validateImmutableStruct(template, before, path, 'core.PodTemplateSpec');
  return validateImmutableStruct(withOldDirectives(template.spec, before.spec), before.spec, SPEC.child('template.spec'), 'core.PodSpec');
}

/** The new spec with the old values of everything that may change. */
function withOldDirectives(spec: PodSpec | undefined, old: PodTemplateSpec['spec']): PodSpec | undefined {
  if (!spec || !old) return spec;
  return {
    ...spec,
    affinity: withOldNodeAffinity(spec.affinity, old.affinity),
    nodeSelector: old.nodeSelector,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    containers: withOldResources(spec.containers ?? [], old.containers),
    initContainers: withOldResources(spec.initContainers ?? [], old.initContainers ?? []),
  };
}

/** An affinity that would hold nothing but what may change counts as none. */
function withOldNodeAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...others } = affinity ?? old ?? {};
  if (!affinity || !old) return Object.keys(others).length === 0 ? old : affinity;
  return old.nodeAffinity ? { ...others, nodeAffinity: old.nodeAffinity } : others;
}

function withOldResources(containers: readonly Container[], old: readonly Container[]): Container[] {
  if (containers.length !== old.length) return [...containers];
  return containers.map((container, i) => (container.name === old[i]?.name ? { ...container, resources: old[i].resources } : container));
}

function row(job: Job, { now }: { now: number }): unknown[] {
  const { metadata, spec, status } = job;
  const { startTime, completionTime } = status;
  const parallelism = spec.parallelism ?? 0;
  const wanted = spec.completions ?? (parallelism > 1 ? `1 of ${parallelism}` : 1);
  const duration = startTime ? humanDuration((completionTime ? Date.parse(completionTime) : now) - Date.parse(startTime)) : '';
  return [
    metadata.name,
    statusCell(job),
    `${status.succeeded ?? 0}/${wanted}`,
    duration,
    age(job, now),
    ...containerCells(spec.template.spec?.containers),
    formatLabelSelector(spec.selector),
  ];
}

function statusCell({ metadata, status }: Job): string {
  if (hasCondition(status, 'Complete')) return 'Complete';
  if (hasCondition(status, 'Failed')) return 'Failed';
  if (metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => hasCondition(status, type)) ?? 'Running';
}
