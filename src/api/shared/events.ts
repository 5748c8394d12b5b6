// Events of both groups: v1 and events.k8s.io are two shapes of one stored object, and the stored one is v1's.
import { validateDNSSubdomain, validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { type GoKind, validateImmutableStruct } from './go-value.js';
import type { Event, ObjectReference } from '../types/core-v1.gen.js';
import { since } from './format.js';

/** What never changes in an Event of events.k8s.io, and how upstream prints it. Some is asked, and told, twice. */
const FROZEN: readonly (readonly [key: keyof Event, kind: GoKind])[] = [
  ['involvedObject', 'core.ObjectReference'],
  ['reason', 's'],
  ['message', 's'],
  ['source', 'core.EventSource'],
  ['firstTimestamp', 't'],
  ['lastTimestamp', 't'],
  ['count', 'n'],
  ['reason', 's'],
  ['type', 's'],
  ['eventTime', 't'],
  ['action', 's'],
  ['related', '*core.ObjectReference'],
];
const MAX_LENGTH = 128;
const MAX_NOTE_LENGTH = 1024;

/** How the two groups call the controller in errors. */
export type ReportingField = 'reportingComponent' | 'reportingController';

/** What both groups ask of an Event, new or changed. Events with an eventTime are of the newer API and have stricter rules. */
export function validateEvent(event: Event, reporting: ReportingField): FieldError[] {
  const { involvedObject, metadata } = event;
  const namespace = metadata.namespace ?? '';
  const mismatch = invalid(at('involvedObject', 'namespace'), involvedObject.namespace ?? '', 'does not match event.namespace');
  const errors: FieldError[] = [];
  if (event.eventTime) {
    if (!involvedObject.namespace && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    errors.push(...validateReporter(event, reporting), ...validateTexts(event));
  } else if (involvedObject.namespace ? namespace !== involvedObject.namespace : namespace !== '' && namespace !== 'default') {
    errors.push(mismatch);
  }
  return [...errors, ...validateDNSSubdomain(namespace, at('namespace'))];
}

function validateReporter({ reportingComponent = '', reportingInstance = '' }: Event, reporting: ReportingField): FieldError[] {
  return [
    ...(reportingComponent === '' ? [required(at(reporting))] : []),
    ...validateQualifiedName(reportingComponent, at(reporting)),
    ...validateText('reportingInstance', reportingInstance),
  ];
}

function validateTexts({ action = '', reason = '', message = '' }: Event): FieldError[] {
  const errors = [...validateText('action', action), ...validateText('reason', reason)];
  if (Buffer.byteLength(message) > MAX_NOTE_LENGTH)
    errors.push(invalid(at('message'), '', `can have at most ${MAX_NOTE_LENGTH} characters`));
  return errors;
}

function validateText(field: string, text: string): FieldError[] {
  if (text === '') return [required(at(field))];
  return Buffer.byteLength(text) > MAX_LENGTH ? [invalid(at(field), '', `can have at most ${MAX_LENGTH} characters`)] : [];
}

/** What events.k8s.io asks of a new Event beyond `validateEvent`. */
export function validateStrictly(event: Event): FieldError[] {
  const errors = validateSeries(event);
  const { type = '', source } = event;
  if (!event.eventTime) errors.push(required(at('eventTime')));
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid(at('type'), '', `has invalid value: ${type}`));
  const unset = (field: string, isSet: unknown) => isSet && errors.push(invalid(at(field), '', 'needs to be unset'));
  unset('firstTimestamp', event.firstTimestamp);
  unset('lastTimestamp', event.lastTimestamp);
  unset('count', event.count);
  unset('source', source?.component || source?.host);
  return errors;
}

/** What events.k8s.io asks of a changed Event beyond `validateEvent`: only the series may go on. */
export function validateStrictChange(event: Event, old: Event): FieldError[] {
  const errors = JSON.stringify(event.series) === JSON.stringify(old.series) ? [] : validateSeries(event);
  const frozen = (field: string, key: keyof Event, kind: GoKind) =>
    errors.push(...validateImmutableStruct(event[key], old[key], at(field), kind));
  for (const [key, kind] of FROZEN) frozen(key, key, kind);
  frozen('reportingController', 'reportingComponent', 's');
  frozen('reportingInstance', 'reportingInstance', 's');
  return errors;
}

function validateSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid(at('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(at('series.lastObservedTime')));
  return errors;
}

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

/** The field selectors of an Event that are about its object. @param field how the group calls that */
export function objectSelectors(field: string): string[] {
  return OBJECT_FIELDS.map((name) => `${field}.${name}`);
}

/** The values of `objectSelectors`. */
export function objectFields(field: string, object: ObjectReference | undefined): Record<string, string> {
  return Object.fromEntries(OBJECT_FIELDS.map((name) => [`${field}.${name}`, object?.[name] ?? '']));
}

/** Cells of the table both groups show. */
export function eventRow(event: Event, { now }: { now: number }): unknown[] {
  const { involvedObject: object, series, source } = event;
  const first = event.firstTimestamp ? since(event.firstTimestamp, now) : since(event.eventTime, now);
  const last = series ? since(series.lastObservedTime, now) : event.lastTimestamp ? since(event.lastTimestamp, now) : first;
  const kind = (object.kind ?? '').toLowerCase();
  const reporter = [source?.component || event.reportingComponent || '', source?.host || event.reportingInstance || ''];
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    object.name ? `${kind}/${object.name}` : kind,
    object.fieldPath ?? '',
    reporter[1] ? reporter.join(', ') : reporter[0],
    (event.message ?? '').trim(),
    first,
    series ? (series.count ?? 0) : event.count || 1,
    event.metadata.name,
  ];
}
