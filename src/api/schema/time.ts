// Times as Go's time.Parse reads them (layouts RFC3339 and RFC3339 with six digits of a second), with its messages, and as
// metav1.Time and metav1.MicroTime write them.

const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const CANONICAL_MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const LAYOUT = '2006-01-02T15:04:05Z07:00';
const LAYOUT_MICRO = '2006-01-02T15:04:05.000000Z07:00';
const ZERO = '0001-01-01T00:00:00';

/** A text that is no time. The message is Go's. */
export class TimeError extends Error {}

/** The text metav1.Time is written as, or null for Go's zero time. @throws TimeError */
export function canonicalTime(text: string): string | null {
  if (CANONICAL.test(text) && inRange(text)) return text.startsWith(ZERO) ? null : text;
  const { ms } = new Reader(text, LAYOUT, false).read();
  const result = `${iso(ms).slice(0, 19)}Z`;
  return result.startsWith(ZERO) ? null : result;
}

/** The text metav1.MicroTime is written as, or null for Go's zero time. @throws TimeError */
export function canonicalMicroTime(text: string): string | null {
  if (CANONICAL_MICRO.test(text) && inRange(text)) return text.startsWith(`${ZERO}.000000`) ? null : text;
  const { ms, micros } = new Reader(text, LAYOUT_MICRO, true).read();
  const result = `${iso(ms).slice(0, 19)}.${micros}Z`;
  return result.startsWith(`${ZERO}.000000`) ? null : result;
}

function inRange(text: string): boolean {
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  if (month < 1 || month > 12 || day < 1 || Number(text.slice(11, 13)) > 23) return false;
  if (Number(text.slice(14, 16)) > 59 || Number(text.slice(17, 19)) > 59) return false;
  return day <= 28 || day <= daysIn(Number(text.slice(0, 4)), month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function iso(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.startsWith('+') || text.startsWith('-') ? text.slice(3) : text;
}

/** Reads one time from left to right, as time.Parse does, so that it complains about the same element. */
class Reader {
  readonly #text: string;
  readonly #layout: string;
  readonly #micro: boolean;
  #rest: string;

  constructor(text: string, layout: string, micro: boolean) {
    this.#text = text;
    this.#rest = text;
    this.#layout = layout;
    this.#micro = micro;
  }

  read(): { ms: number; micros: string } {
    const year = this.#number('2006', /^\d{4}/);
    this.#literal('-');
    const month = this.#number('01', /^\d\d/);
    if (month < 1 || month > 12) throw this.#outOfRange('month');
    this.#literal('-');
    const day = this.#number('02', /^\d\d/);
    this.#literal('T');
    const hour = this.#number('15', /^\d\d?/);
    if (hour > 23) throw this.#outOfRange('hour');
    this.#literal(':');
    const minute = this.#number('04', /^\d\d/);
    if (minute > 59) throw this.#outOfRange('minute');
    this.#literal(':');
    const second = this.#number('05', /^\d\d/);
    if (second > 59) throw this.#outOfRange('second');
    const micros = this.#fraction();
    const offset = this.#zone();
    if (this.#rest !== '') throw new TimeError(`parsing time ${quote(this.#text)}: extra text: ${quote(this.#rest)}`);
    if (day < 1 || day > daysIn(year, month)) throw this.#outOfRange('day');
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    date.setUTCHours(hour, minute - offset, second);
    return { ms: date.getTime(), micros };
  }

  #number(element: string, shape: RegExp): number {
    const found = shape.exec(this.#rest)?.[0];
    if (found === undefined) throw this.#bad(element);
    this.#rest = this.#rest.slice(found.length);
    return Number(found);
  }

  #literal(text: string): void {
    if (!this.#rest.startsWith(text)) throw this.#bad(text);
    this.#rest = this.#rest.slice(text.length);
  }

  #fraction(): string {
    const found = (this.#micro ? /^[.,]\d{6}/ : /^[.,]\d+/).exec(this.#rest)?.[0];
    if (found === undefined) {
      if (this.#micro) throw this.#bad('.000000');
      return '000000';
    }
    this.#rest = this.#rest.slice(found.length);
    return found.slice(1, 7);
  }

  /** Minutes east of UTC. */
  #zone(): number {
    if (this.#rest.startsWith('Z')) {
      this.#rest = this.#rest.slice(1);
      return 0;
    }
    const found = /^([+-])(\d\d):(\d\d)/.exec(this.#rest);
    if (!found) throw this.#bad('Z07:00');
    if (Number(found[2]) > 24) throw this.#outOfRange('time zone offset hour');
    if (Number(found[3]) > 60) throw this.#outOfRange('time zone offset minute');
    this.#rest = this.#rest.slice(found[0].length);
    return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
  }

  #bad(element: string): TimeError {
    return new TimeError(
      `parsing time ${quote(this.#text)} as ${quote(this.#layout)}: cannot parse ${quote(this.#rest)} as ${quote(element)}`,
    );
  }

  #outOfRange(what: string): TimeError {
    return new TimeError(`parsing time ${quote(this.#text)}: ${what} out of range`);
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
