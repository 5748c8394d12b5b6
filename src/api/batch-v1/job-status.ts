// What may be written into the status of a job. Rules that came late (v1.30) look only at what a write changes, so that
// older objects stay writable.
import { at, duplicate, type FieldError, invalid, required } from '../meta/field-errors.js';
import { semanticEqual, validateNonNegative } from '../meta/metadata.js';
import { goValue } from '../shared/go-value.js';
import type { Job, JobSpec, JobStatus } from '../types/batch-v1.gen.js';
import { invalidWhole, parseIndexes, parseInterval } from './job-policies.js';

const STATUS = at('status');
const CONDITIONS = STATUS.child('conditions');

/** Whether the job has a condition with this status. */
export function hasCondition(status: JobStatus, type: string, value = 'True'): boolean {
  return status.conditions?.some((c) => c.type === type && c.status === value) ?? false;
}

function isFinished(status: JobStatus): boolean {
  return hasCondition(status, 'Complete') || hasCondition(status, 'Failed');
}

/** @returns all that is wrong with a change of a job's status */
export function validateJobStatusUpdate({ spec, status }: Job, { status: old }: Job): FieldError[] {
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((f) =>
      validateNonNegative(status[f] ?? 0, STATUS.child(f)),
    ),
    ...validateUncounted(status),
    ...validateConditions(spec, status, old),
    ...validateTimes(spec, status, old),
    ...validateFinished(status, old),
    ...validateIndexes(spec, status, old),
    ...validateProgress(spec, status, old),
  ];
}

function validateUncounted({ uncountedTerminatedPods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (uncountedTerminatedPods?.[list] ?? []).flatMap((uid, i) => {
      const path = STATUS.child('uncountedTerminatedPods', list).index(i);
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Which conditions exclude or need one another. */
function validateConditions(spec: JobSpec, status: JobStatus, old: JobStatus): FieldError[] {
  const has = (type: string) => hasCondition(status, type);
  const changed = (...types: string[]) => types.some((type) => has(type) !== hasCondition(old, type));
  const failedIndexes = status.failedIndexes !== old.failedIndexes;
  const rules: readonly (readonly [wrong: boolean, text: string])[] = [
    [changed('Complete', 'Failed') && has('Complete') && has('Failed'), 'cannot set Complete=True and Failed=true conditions'],
    [
      changed('Complete', 'FailureTarget') && has('Complete') && has('FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      (changed('Failed') || failedIndexes) && has('Failed') && !has('FailureTarget'),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      changed('Complete', 'SuccessCriteriaMet') && has('Complete') && !has('SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [has('SuccessCriteriaMet') && has('Failed'), 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [has('SuccessCriteriaMet') && has('FailureTarget'), 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
    [
      spec.successPolicy !== undefined && !has('SuccessCriteriaMet') && has('Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ];
  return rules.filter(([wrong]) => wrong).map(([, text]) => invalidWhole(CONDITIONS, text));
}

function validateTimes(spec: JobSpec, status: JobStatus, old: JobStatus): FieldError[] {
  const { startTime, completionTime } = status;
  const path = STATUS.child('completionTime');
  const complete = hasCondition(status, 'Complete');
  const timeChanged = completionTime !== old.completionTime;
  const errors: FieldError[] = [];
  if (timeChanged || complete !== hasCondition(old, 'Complete')) {
    if (completionTime && !complete)
      errors.push(invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    if (!completionTime && complete) errors.push(required(path, 'completionTime is required for Complete jobs'));
  }
  if ((timeChanged || startTime !== old.startTime) && startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime))
    errors.push(invalid(path, completionTime, 'must be equal to or after `startTime`'));
  if (completionTime && old.completionTime && timeChanged) errors.push(invalid(path, completionTime, 'field is immutable'));
  const resuming = hasCondition(old, 'Suspended') && hasCondition(status, 'Suspended', 'False');
  if (old.startTime && startTime !== old.startTime && !spec.suspend && !resuming)
    errors.push(invalid(STATUS.child('startTime'), startTime ?? null, 'field is immutable for unsuspended job once set'));
  const nothingToDo = spec.suspend === true && spec.completions === 0;
  const finishedChanged = isFinished(status) !== isFinished(old);
  if ((finishedChanged || startTime !== old.startTime) && !nothingToDo && !startTime && isFinished(status))
    errors.push(required(STATUS.child('startTime'), 'startTime is required for finished job'));
  return errors;
}

/** Nothing runs, ends or waits to be counted once a job is over. */
function validateFinished(status: JobStatus, old: JobStatus): FieldError[] {
  const { active = 0, terminating = 0, ready, uncountedTerminatedPods: uncounted } = status;
  const errors: FieldError[] = [];
  if ((ready !== old.ready || active !== (old.active ?? 0)) && ready !== undefined && ready > active)
    errors.push(invalid(STATUS.child('ready'), ready, 'cannot set more ready pods than active'));
  if (!isFinished(status)) return errors;
  const changed = !isFinished(old);
  if ((changed || active !== (old.active ?? 0)) && active > 0)
    errors.push(invalid(STATUS.child('active'), active, 'active>0 is invalid for finished job'));
  const uncountedChanged = changed || !semanticEqual(uncounted, old.uncountedTerminatedPods);
  if (uncountedChanged && (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0) > 0)
    errors.push(
      invalid(
        STATUS.child('uncountedTerminatedPods'),
        goValue(uncounted, 'batch.UncountedTerminatedPods'),
        'must be empty for finished job',
      ),
    );
  if ((changed || status.terminating !== old.terminating) && terminating > 0)
    errors.push(invalid(STATUS.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  return errors;
}

function validateIndexes(spec: JobSpec, status: JobStatus, old: JobStatus): FieldError[] {
  const { completedIndexes: completed = '', failedIndexes: failed } = status;
  const { completions } = spec;
  const [completedPath, failedPath] = [STATUS.child('completedIndexes'), STATUS.child('failedIndexes')];
  const completedChanged = completed !== (old.completedIndexes ?? '');
  const failedChanged = failed !== old.failedIndexes;
  const errors: FieldError[] = [];
  if (completedChanged && completions !== undefined) {
    const parsed = parseIndexes(completed, completions);
    if (typeof parsed === 'string') errors.push(invalid(completedPath, completed, `error parsing completedIndexes: ${parsed}`));
  }
  if (failedChanged && completions !== undefined && spec.backoffLimitPerIndex !== undefined && failed !== undefined) {
    const parsed = parseIndexes(failed, completions);
    if (typeof parsed === 'string') errors.push(invalid(failedPath, failed, `error parsing failedIndexes: ${parsed}`));
  }
  if (completedChanged && completed !== '' && spec.completionMode !== 'Indexed')
    errors.push(invalid(completedPath, completed, 'cannot set non-empty completedIndexes when non-indexed completion mode'));
  if (failedChanged && spec.backoffLimitPerIndex === undefined && failed !== undefined)
    errors.push(invalid(failedPath, failed, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  if ((failedChanged || completedChanged) && completions !== undefined && failed !== undefined) {
    const common = overlap(completed, failed, completions);
    if (common !== undefined) errors.push(invalid(failedPath, failed, `failedIndexes and completedIndexes overlap at index: ${common}`));
  }
  return errors;
}

/** The first index that both lists have. Parts that cannot be read are passed over. */
function overlap(completed: string, failed: string, completions: number): number | undefined {
  const read = (text: string) =>
    text
      .split(',')
      .map((part) => parseInterval(part, completions))
      .filter((i) => typeof i !== 'string');
  const others = read(failed);
  for (const [first, last] of read(completed))
    for (const [from, to] of others) if (first <= to && from <= last) return Math.max(first, from);
  return undefined;
}

/** What has happened does not go back. */
function validateProgress(spec: JobSpec, status: JobStatus, old: JobStatus): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget'])
    if (hasCondition(old, type) && !hasCondition(status, type))
      errors.push(invalidWhole(CONDITIONS, `cannot disable the terminal ${type}=True condition`));
  const { failed = 0, succeeded = 0 } = status;
  if (failed < (old.failed ?? 0)) errors.push(invalid(STATUS.child('failed'), failed, 'cannot decrease the failed counter'));
  // an indexed job that can be scaled loses the successes of indexes that are no more
  const scalable = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!scalable && succeeded < (old.succeeded ?? 0))
    errors.push(invalid(STATUS.child('succeeded'), succeeded, 'cannot decrease the succeeded counter'));
  const [met, wasMet] = [hasCondition(status, 'SuccessCriteriaMet'), hasCondition(old, 'SuccessCriteriaMet')];
  if (wasMet && !met) errors.push(invalidWhole(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'));
  if (hasCondition(old, 'Complete') && !wasMet && met)
    errors.push(invalidWhole(CONDITIONS, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  return errors;
}
