import { define } from '../definition.js';
import { validateChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, notSupported, required } from '../meta/field-errors.js';
import { validateNonNegative } from '../meta/metadata.js';
import { byteLength } from '../meta/names.js';
import { isTimeZone, parseSchedule, ScheduleError } from '../shared/cron.js';
import { age, containerCells, formatLabelSelector, since } from '../shared/format.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import type { TemplateScope } from '../shared/pod/template.js';
import { workloadWarnings } from '../shared/workload.js';
import type { CronJob, CronJobSpec, JobSpec } from '../types/batch-v1.gen.js';
import { defaultJobTemplate, jobWarnings, validateJobTemplate } from './job-spec.js';

const SPEC = at('spec');
const JOB_SPEC = SPEC.child('jobTemplate', 'spec');
const POLICIES = ['Allow', 'Forbid', 'Replace'];
/** A job's name is the cron job's with a time of up to 11 characters behind it. */
const MAX_NAME = 52;

export default define<CronJob>({
  group: 'batch',
  version: 'v1',
  resource: 'cronjobs',
  ownMetadataChecks: { whole: false },
  generation: true,
  defaults({ spec }) {
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate.spec) defaultJobTemplate(spec.jobTemplate.spec);
  },
  prepare: ({ spec }) => dropDisabledFields(spec.jobTemplate.spec?.template.spec),
  validate({ metadata, spec }, { services }) {
    const errors = validateSpec(spec, undefined, services.settings);
    if (byteLength(metadata.name) > MAX_NAME)
      errors.push(invalid(at('metadata', 'name'), metadata.name, `must be no more than ${MAX_NAME} characters`));
    return errors;
  },
  validateUpdate: ({ spec }, { spec: old }, { services }) => validateSpec(spec, old, services.settings),
  warnings(job, old) {
    const found = workloadWarnings(job, old, () => jobWarnings(jobSpecOf(job.spec), JOB_SPEC));
    if (old && job.spec.schedule.includes('TZ')) {
      const page = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
      found.push(`cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${page} for more details`);
    }
    return found;
  },
  subresources: { status: { ownMetadataChecks: { change: false } } },
  row({ metadata, spec, status }, { now }) {
    const template = spec.jobTemplate.spec;
    return [
      metadata.name,
      spec.schedule,
      spec.timeZone ?? '<none>',
      spec.suspend ? 'True' : 'False',
      status.active?.length ?? 0,
      status.lastScheduleTime ? since(status.lastScheduleTime, now) : '<none>',
      age({ metadata }, now),
      ...containerCells(template?.template.spec?.containers),
      formatLabelSelector(template?.selector),
    ];
  },
});

function jobSpecOf({ jobTemplate }: CronJobSpec): JobSpec {
  return jobTemplate.spec ?? { template: {} };
}

function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined, scope: TemplateScope): FieldError[] {
  const errors = spec.schedule ? validateSchedule(spec, old, SPEC.child('schedule')) : [required(SPEC.child('schedule'))];
  errors.push(...validateNonNegative(spec.startingDeadlineSeconds ?? 0, SPEC.child('startingDeadlineSeconds')));
  if (!old || old.timeZone !== spec.timeZone) errors.push(...validateTimeZone(spec.timeZone, SPEC.child('timeZone')));
  errors.push(...validateChoice(spec.concurrencyPolicy, SPEC.child('concurrencyPolicy'), POLICIES, 'unsupported'));
  const job = jobSpecOf(spec);
  errors.push(...validateJobTemplate(job, JOB_SPEC, scope));
  if (job.selector) errors.push(invalid(JOB_SPEC.child('selector'), job.selector, '`selector` will be auto-generated'));
  if (job.manualSelector) errors.push(notSupported(JOB_SPEC.child('manualSelector'), true, ['nil', 'false']));
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const)
    errors.push(...validateNonNegative(spec[field] ?? 0, SPEC.child(field)));
  return errors;
}

function validateSchedule({ schedule, timeZone }: CronJobSpec, old: CronJobSpec | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  try {
    parseSchedule(schedule);
  } catch (e) {
    if (!(e instanceof ScheduleError)) throw e;
    errors.push(invalid(path, schedule, e.message));
  }
  if (!schedule.includes('TZ')) return errors;
  // what an old object has may stay
  if (!old?.schedule.includes('TZ'))
    errors.push(invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (timeZone !== undefined) errors.push(invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  return errors;
}

function validateTimeZone(zone: string | undefined, path: FieldPath): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')];
  const unknown = invalid(path, zone, `unknown time zone ${zone}`);
  const bad = (part: string) => part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part);
  if (zone.split('/').some(bad)) return [unknown];
  if (zone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    // Go knows the zone under this spelling only
    return [invalid(path, zone, text), ...(zone === 'Local' ? [] : [unknown])];
  }
  return isTimeZone(zone) ? [] : [unknown];
}
