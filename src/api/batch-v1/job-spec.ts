// Rules of what a job is to do, in Jobs and in the templates of CronJobs.
import { type FieldError, type FieldPath, invalid, notSupported, required, tooLong } from '../meta/field-errors.js';
import { validateDomainPath, validateOptionalChoice } from '../meta/checks.js';
import { validateNonNegative } from '../meta/metadata.js';
import { byteLength } from '../meta/names.js';
import { goValue } from '../shared/go-value.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { type TemplateScope, validatePodTemplate } from '../shared/pod/template.js';
import { templateWarnings } from '../shared/pod/warnings.js';
import type { JobSpec } from '../types/batch-v1.gen.js';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.js';

/** What the server fills into both Jobs and the templates of CronJobs. */
export function defaultJobTemplate(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  defaultPodTemplate(spec.template);
}

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

/** @returns all that is wrong with a job's spec but for its selector */
export function validateJobTemplate(spec: JobSpec, path: FieldPath, scope: TemplateScope): FieldError[] {
  const errors = COUNTS.flatMap((field) => validateNonNegative(spec[field] ?? 0, path.child(field)));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  if (spec.managedBy !== undefined) errors.push(...validateManagedBy(spec.managedBy, path.child('managedBy')));
  errors.push(...validateCompletionMode(spec, path));
  if (spec.podFailurePolicy) errors.push(...validateFailurePolicy(spec.podFailurePolicy, path.child('podFailurePolicy'), spec));
  if (spec.successPolicy) {
    if (spec.completionMode === 'Indexed')
      errors.push(...validateSuccessPolicy(spec.successPolicy, path.child('successPolicy'), spec.completions ?? 0));
    else
      errors.push(
        invalid(path.child('successPolicy'), goValue(spec.successPolicy, '*batch.SuccessPolicy'), 'requires indexed completion mode'),
      );
  }
  errors.push(...validateReplacement(spec, path.child('podReplacementPolicy')));
  errors.push(...validatePodTemplate(spec.template, path.child('template'), scope));
  return [...errors, ...validateRestartPolicy(spec, path.child('template', 'spec', 'restartPolicy'))];
}

/** `acme.io/controller`: who runs the job instead of the job controller. */
function validateManagedBy(name: string, path: FieldPath): FieldError[] {
  return [...validateDomainPath(name, path), ...(byteLength(name) > 63 ? [tooLong(path, 63)] : [])];
}

const MAX_INDEXED = 100_000;
const MANY_COMPLETIONS = 100_000;
const MAX_WITH_MANY = 10_000;

function validateCompletionMode(spec: JobSpec, path: FieldPath): FieldError[] {
  const { completionMode: mode, maxFailedIndexes, backoffLimitPerIndex } = spec;
  if (mode === 'Indexed') return validateIndexed(spec, path);
  if (mode !== undefined && mode !== 'NonIndexed') return [notSupported(path.child('completionMode'), mode, ['NonIndexed', 'Indexed'])];
  const errors: FieldError[] = [];
  for (const [field, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes }))
    if (value !== undefined) errors.push(invalid(path.child(field), value, 'requires indexed completion mode'));
  return errors;
}

function validateIndexed({ completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex }: JobSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('maxFailedIndexes');
  const failed = maxFailedIndexes ?? 0;
  if (completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if (parallelism > MAX_INDEXED)
    errors.push(
      invalid(path.child('parallelism'), parallelism, `must be less than or equal to ${MAX_INDEXED} when completion mode is Indexed`),
    );
  if (completions !== undefined && maxFailedIndexes !== undefined && failed > completions)
    errors.push(invalid(at, failed, 'must be less than or equal to completions'));
  if (failed > MAX_INDEXED) errors.push(invalid(at, failed, `must be less than or equal to ${MAX_INDEXED}`));
  if ((completions ?? 0) <= MANY_COMPLETIONS || backoffLimitPerIndex === undefined) return errors;
  const text = `must be less than or equal to ${MAX_WITH_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) errors.push(required(at, `must be specified when completions is above ${MANY_COMPLETIONS}`));
  if (parallelism > MAX_WITH_MANY) errors.push(invalid(path.child('parallelism'), parallelism, text));
  if (failed > MAX_WITH_MANY) errors.push(invalid(at, failed, text));
  return errors;
}

function validateReplacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, path: FieldPath): FieldError[] {
  const allowed = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return validateOptionalChoice(policy, path, allowed);
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: FieldPath): FieldError[] {
  const policy = template.spec?.restartPolicy;
  if (!policy || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** Warnings about what a job is to do, in Jobs and in templates. */
export function jobWarnings(spec: JobSpec, path: FieldPath): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec;
  const found = templateWarnings(template, path.child('template'));
  if (completionMode !== 'Indexed' || completions <= MANY_COMPLETIONS || parallelism <= MAX_WITH_MANY) return found;
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return [`${path.toString()}: ${text}`, ...found];
}
