// Schedules of CronJobs, read as github.com/robfig/cron/v3 reads the five standard fields, with its messages.
import { DURATION_UNITS } from '../../util/duration.js';

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  dayOfMonth: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: MONTHS },
  dayOfWeek: { min: 0, max: 6, names: DAYS },
} as const satisfies Record<string, Bounds>;

/** Names of schedules, in terms of the five fields. */
const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The values of one field that match; `star`: the field was `*` or `?`, which matters for the two fields of days. */
export interface FieldMatch {
  readonly values: ReadonlySet<number>;
  readonly star: boolean;
}

/** A schedule that was read: fields of times in a zone, or a fixed interval. */
export type Schedule =
  | { readonly fields: { readonly [F in keyof typeof FIELDS]: FieldMatch }; readonly zone: string | undefined }
  /** `@every 90m`; never less than a second. */
  | { readonly everyMs: number };

/** A text that is no schedule. */
export class ScheduleError extends Error {}

/** @throws ScheduleError */
export function parseSchedule(text: string): Schedule {
  if (text === '') throw new ScheduleError('empty spec string');
  const zoned = /^(?:CRON_)?TZ=([^ ]*) (.*)$/s.exec(text);
  // upstream falls over a zone that nothing follows, and reports how
  if (!zoned && /^(?:CRON_)?TZ=/.test(text))
    throw new ScheduleError(`invalid schedule format: runtime error: slice bounds out of range [${text.indexOf('=') + 1}:-1]`);
  const zone = zoned?.[1];
  if (zone && !isTimeZone(zone)) throw new ScheduleError(`provided bad location ${zone}: unknown time zone ${zone}`);
  const spec = zoned ? (zoned[2] ?? '').trim() : text;
  if (spec.startsWith('@every ')) return { everyMs: parseEvery(spec) };
  const named = Object.hasOwn(NAMED, spec) ? NAMED[spec] : undefined;
  if (spec.startsWith('@') && !named) throw new ScheduleError(`unrecognized descriptor: ${spec}`);
  const parts = (named ?? spec).split(/\s+/).filter(Boolean);
  if (parts.length !== 5) throw new ScheduleError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = parts;
  return {
    zone,
    fields: {
      minute: parseField(minute, FIELDS.minute),
      hour: parseField(hour, FIELDS.hour),
      dayOfMonth: parseField(dayOfMonth, FIELDS.dayOfMonth),
      month: parseField(month, FIELDS.month),
      dayOfWeek: parseField(dayOfWeek, FIELDS.dayOfWeek),
    },
  };
}

function parseField(text: string, bounds: Bounds): FieldMatch {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',').filter(Boolean)) {
    const range = parseRange(part, bounds);
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    star ||= range.star;
  }
  return { values, star };
}

/** `5`, `1-5`, `*`, each with a step: `5/15` means from 5 to the end. */
function parseRange(text: string, bounds: Bounds): { start: number; end: number; step: number; star: boolean } {
  const [range = '', stepText, ...more] = text.split('/');
  const limits = range.split('-');
  const all = limits[0] === '*' || limits[0] === '?';
  let start = bounds.min;
  let end = bounds.max;
  if (!all) {
    start = parseValue(limits[0] ?? '', bounds);
    if (limits.length > 2) throw new ScheduleError(`too many hyphens: ${text}`);
    end = limits.length === 2 ? parseValue(limits[1] ?? '', bounds) : start;
  }
  if (more.length > 0) throw new ScheduleError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : parseNumber(stepText);
  if (stepText !== undefined && limits.length === 1) end = bounds.max;
  if (start < bounds.min) throw new ScheduleError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new ScheduleError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`);
  return { start, end, step, star: all && step === 1 };
}

function parseValue(text: string, { names, min }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new ScheduleError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function parseEvery(spec: string): number {
  const text = spec.slice('@every '.length);
  const fail = (why: string) => new ScheduleError(`failed to parse duration ${spec}: time: ${why} ${JSON.stringify(text)}`);
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 1000;
  if (!/^(?:\d+\.?\d*|\.\d+)/.test(body)) throw fail('invalid duration');
  let ms = 0;
  for (let rest = body; rest !== ''; ) {
    const part = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (!part) throw fail('invalid duration');
    const unit = part[2] ?? '';
    if (unit === '') throw fail('missing unit in duration');
    const size = DURATION_UNITS[unit];
    if (size === undefined) throw fail(`unknown unit ${JSON.stringify(unit)} in duration`);
    ms += Number(part[1]) * size;
    rest = rest.slice(part[0].length);
  }
  // fractions of a second are dropped
  return Math.max(text.startsWith('-') ? 0 : Math.floor(ms / 1000) * 1000, 1000);
}

/** Whether the IANA database knows the zone. */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}
