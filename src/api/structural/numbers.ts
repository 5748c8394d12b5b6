// Numbers against the bounds, factors and formats of a schema.
import { invalid } from '../meta/field-errors.js';
import { isGoInteger } from '../schema/decode-state.js';
import { formatOf } from './formats.js';
import { type Place, Result } from './result.js';
import type { Schema } from './schema.js';

const MAX_FLOAT = 3.4028234663852886e38;

/** @returns what is wrong with a number */
export function checkNumber(place: Place, value: number | bigint, schema: Schema): Result {
  const result = new Result();
  const range = (number: number | bigint, what: string): boolean => {
    const problem = rangeProblem(number, schema);
    if (problem !== undefined) {
      const text = `${what} value must be of type ${problem} in ${place.name}`;
      result.add(text, place.general(text));
    }
    return problem === undefined;
  };
  const fail = (what: string): void => {
    const text = place.in + what;
    result.add(text, invalid(place.path, value, text));
  };
  range(value, 'Checked');
  // Go compares integers as such: what a bound has behind the point does not count then
  const whole = isGoInteger(value);
  const native = (bound: number, fits: boolean): number => (whole && fits ? Math.trunc(bound) : bound);
  const { multipleOf, maximum, minimum } = schema;
  if (multipleOf !== undefined) {
    const fits = range(multipleOf, 'MultipleOf');
    const factor = native(multipleOf, fits);
    if (factor <= 0) {
      const text = `factor MultipleOf declared for ${place.name} must be positive: ${goNumber(factor, whole && fits)}`;
      result.add(text, invalid(place.path, factor, text));
    } else if (!isMultiple(value, factor)) fail(`should be a multiple of ${goNumber(factor, whole && fits)}`);
  }
  if (maximum !== undefined) {
    const fits = range(maximum, 'Maximum boundary');
    const bound = native(maximum, fits);
    const shown = goNumber(bound, whole && fits);
    if (schema.exclusiveMaximum ? value >= bound : value > bound)
      fail(schema.exclusiveMaximum ? `should be less than ${shown}` : `should be less than or equal to ${shown}`);
  }
  if (minimum !== undefined) {
    const fits = range(minimum, 'Minimum boundary');
    const bound = native(minimum, fits);
    const shown = goNumber(bound, whole && fits);
    if (schema.exclusiveMinimum ? value <= bound : value < bound)
      fail(schema.exclusiveMinimum ? `should be greater than ${shown}` : `should be greater than or equal to ${shown}`);
  }
  result.matches++;
  return result;
}

/** What the number is not, in upstream's words; undefined: it is within the range of the schema's type and format. */
function rangeProblem(value: number | bigint, schema: Schema): string | undefined {
  const type = schema['x-kubernetes-int-or-string'] ? '' : schema.type;
  const format = formatOf(schema);
  if (type === 'integer') {
    const limit = format === 'int32' ? 2 ** 31 : 2 ** 63;
    const isWhole = typeof value === 'bigint' || Number.isInteger(value);
    // upstream finds the least int64 too small when it is a float64
    const fits = isWhole && value >= -limit && value < limit && value !== -(2 ** 63);
    return fits ? undefined : `integer ${format === '' ? '(default format)' : `with format ${format}`}`;
  }
  return type === 'number' && format === 'float' && Math.abs(Number(value)) > MAX_FLOAT ? `number with format float` : undefined;
}

function isMultiple(number: number | bigint, factor: number): boolean {
  if (typeof number === 'bigint' && Number.isInteger(factor)) return number % BigInt(factor) === 0n;
  const value = Number(number);
  if (Number.isSafeInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  if (Math.abs(times) > Number.MAX_SAFE_INTEGER) return false;
  const nearest = Math.round(times);
  // as swag.IsFloat64AJSONInteger: what is lost to binary fractions does not count
  return Math.abs(times - nearest) <= 1e-9 * Math.max(Math.abs(times), Number.MIN_VALUE) || Math.abs(times - nearest) < 1e-9;
}

/** A number as Go's %v prints it: large floats have an exponent, integers have none. */
function goNumber(value: number, isInteger = false): string {
  if (isInteger || value === 0) return String(value);
  const exponent = Number(value.toExponential().split('e')[1]);
  if (exponent >= -4 && exponent < 6) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
