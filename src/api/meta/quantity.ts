// Resource quantities ("500m", "1536Mi", "1e3"): exact amounts in billionths, and the text the API stores for them
// (k8s.io/apimachinery/pkg/api/resource: a text that already looks canonical is kept, anything else is rewritten).

/** In what units a quantity is written: Ki, k, or e3. */
export type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

/** A parsed quantity: its amount in billionths, and how to write it. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** The text as it was given, where the API keeps it. */
  readonly text?: string;
}

const NANO = 1_000_000_000n;
const MILLI = 1_000_000n;
/** Amounts beyond 2^63-1 are cut to it, as upstream does for binary suffixes. */
const LARGEST = (2n ** 63n - 1n) * NANO;
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const DECIMAL_SUFFIXES = new Map(Object.entries(DECIMAL_EXPONENTS).map(([suffix, exponent]) => [exponent, suffix]));
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const EXPONENT = /^[eE][+-]?\d+$/;
/**
 * More digits than any amount needs. Upstream computes with whatever it is given; here one text must not stop the only
 * thread there is.
 */
const MOST_DIGITS = 1000;
/** Quantities every manifest is full of: small whole numbers with or without a unit, which are canonical as they are. */
const PLAIN = /^[1-9]\d{0,2}(?:m|k|M|G|T|Ki|Mi|Gi)?$/;

/** The text is no quantity. The message is the API's. */
export class QuantityError extends Error {}

/** What texts mean never changes, and manifests repeat few of them. */
const known = new Map<string, Quantity>();
const KNOWN_LIMIT = 1000;

/** @throws QuantityError */
export function parse(text: string): Quantity {
  const found = known.get(text);
  if (found) return found;
  const quantity = read(text);
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(text, quantity);
  return quantity;
}

function read(text: string): Quantity {
  if (text.length > MOST_DIGITS) throw new QuantityError('unable to parse numeric part of quantity');
  const match = text === '' ? null : SHAPE.exec(text);
  if (!match) throw new QuantityError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  const sign = match[1];
  const whole = (match[2] ?? '').replace(/^0+/, '');
  const fraction = match[3] ?? '';
  const suffix = match[4] ?? '';
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  const { exponent, format } = binary > 0 ? { exponent: 0, format: 'BinarySI' as const } : readDecimalSuffix(suffix);
  const digits = (whole || '0') + fraction;
  if (digits.length + exponent > MOST_DIGITS) throw new QuantityError('unable to parse numeric part of quantity');
  const nanos = amount(digits, fraction.length, Math.max(binary, 0), exponent);
  const keep = nanos !== 0n && (binary > 0 ? keepsBinaryText(whole, fraction, binary) : keepsDecimalText(digits, fraction, exponent));
  return { nanos: sign === '-' ? -nanos : nanos, format, ...(keep && { text }) };
}

function readDecimalSuffix(suffix: string): { exponent: number; format: QuantityFormat } {
  if (Object.hasOwn(DECIMAL_EXPONENTS, suffix)) return { exponent: DECIMAL_EXPONENTS[suffix] ?? 0, format: 'DecimalSI' };
  if (EXPONENT.test(suffix)) return { exponent: Number(suffix.slice(1)), format: 'DecimalExponent' };
  throw new QuantityError("unable to parse quantity's suffix");
}

/** The amount in billionths, rounded up: what is left of a billionth counts as one. */
function amount(digits: string, fractionDigits: number, binary: number, exponent: number): bigint {
  // far below a billionth: the power of ten need not be known
  if (exponent < -digits.length - 9) return /[1-9]/.test(digits) ? 1n : 0n;
  let numerator = BigInt(digits) * NANO;
  let denominator = 10n ** BigInt(fractionDigits);
  if (binary > 0) numerator *= 1024n ** BigInt(binary);
  else if (exponent >= 0) numerator *= 10n ** BigInt(exponent);
  else denominator *= 10n ** BigInt(-exponent);
  const nanos = numerator / denominator + (numerator % denominator === 0n ? 0n : 1n);
  return binary > 0 && nanos > LARGEST ? LARGEST : nanos;
}

// Upstream's fast paths keep the text when it fits a machine word and has no factor that a bigger unit would take.
function keepsBinaryText(whole: string, fraction: string, binary: number): boolean {
  const digitsLeft = 15 - whole.length - Math.trunc(Math.fround((binary * 10 * 3) / 10)) - 1;
  return fraction === '' && digitsLeft >= 0 && (BigInt(whole || '0') & 7n) !== 0n;
}
function keepsDecimalText(digits: string, fraction: string, exponent: number): boolean {
  const scale = exponent - fraction.length;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0';
}

/** The text the API shows for a quantity. */
export function format(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  const { nanos } = quantity;
  if (nanos === 0n) return '0';
  const size = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  // what is too small for a binary unit, or no whole number, is written in decimal units
  if (quantity.format === 'BinarySI' && size >= 1024n * NANO && size % NANO === 0n) {
    let value = size / NANO;
    let unit = 0;
    while (value % 1024n === 0n && unit < BINARY_SUFFIXES.length - 1) {
      value /= 1024n;
      unit++;
    }
    return `${sign}${value}${BINARY_SUFFIXES[unit]}`;
  }
  const exponential = quantity.format === 'DecimalExponent';
  let value = size;
  let exponent = -9;
  while (value % 1000n === 0n && (exponent < 18 || exponential)) {
    value /= 1000n;
    exponent += 3;
  }
  if (exponential) return `${sign}${value}${exponent === 0 ? '' : `e${exponent}`}`;
  return `${sign}${value}${DECIMAL_SUFFIXES.get(exponent)}`;
}

/** The text the API stores for a text. @throws QuantityError */
export function canonical(text: string): string {
  return PLAIN.test(text) ? text : format(parse(text));
}

/** Whether the text is a quantity. */
export function isQuantity(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Negative, zero or positive, as `a` is less than, equal to or more than `b`. @throws QuantityError */
export function compare(a: string, b: string): number {
  const x = parse(a).nanos;
  const y = parse(b).nanos;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The sum, written in the units of `a` (of `b` when `a` is 0). @throws QuantityError */
export function add(a: string, b: string): string {
  const x = parse(a);
  const y = parse(b);
  return format({ nanos: x.nanos + y.nanos, format: x.nanos === 0n ? y.format : x.format });
}

/** The difference, written in the units of `a` (of `b` when `a` is 0). @throws QuantityError */
export function sub(a: string, b: string): string {
  const x = parse(a);
  const y = parse(b);
  return format({ nanos: x.nanos - y.nanos, format: x.nanos === 0n ? y.format : x.format });
}

/** -1, 0 or 1. @throws QuantityError */
export function sign(text: string): -1 | 0 | 1 {
  const { nanos } = parse(text);
  return nanos < 0n ? -1 : nanos > 0n ? 1 : 0;
}

/** @throws QuantityError */
export function isZero(text: string): boolean {
  return parse(text).nanos === 0n;
}

function roundUp(nanos: bigint, unit: bigint): bigint {
  const value = nanos / unit;
  return nanos > 0n && nanos % unit !== 0n ? value + 1n : value;
}

/** The amount in whole units, rounded up (upstream's Value): bytes of memory. Exact up to 2^53. @throws QuantityError */
export function value(text: string): number {
  return Number(roundUp(parse(text).nanos, NANO));
}

/** The amount in thousandths, rounded up (upstream's MilliValue): thousandths of a CPU. Exact up to 2^53. @throws QuantityError */
export function milliValue(text: string): number {
  return Number(roundUp(parse(text).nanos, MILLI));
}
