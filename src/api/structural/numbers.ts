// Numbers against the bounds, factors and formats of a schema.
import { invalid } from '../meta/field-errors.js';
import { formatOf } from './formats.js';
import { type Place, Result } from './result.js';
import type { Schema } from './schema.js';

const MAX_FLOAT = 3.4028234663852886e38;

/** Whether Go reads a number as an integer: others, and those that are too large, are floats. */
export function isInteger(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
}

/** @returns what is wrong with a number */
export function checkNumber(place: Place, value: number, schema: Schema): Result {
  const result = new Result();
  const range = (number: number, what: string): boolean => {
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
  const whole = isInteger(value);
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
function rangeProblem(value: number, schema: Schema): string | undefined {
  const type = schema['x-kubernetes-int-or-string'] ? '' : schema.type;
  const format = formatOf(schema);
  if (type === 'integer') {
    const limit = format === 'int32' ? 2 ** 31 : 2 ** 63;
    const fits = Number.isInteger(value) && value >= -limit && value < limit;
    return fits ? undefined : `integer ${format === '' ? '(default format)' : `with format ${format}`}`;
  }
  return type === 'number' && format === 'float' && Math.abs(value) > MAX_FLOAT ? `number with format float` : undefined;
}

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  const times = factor < 1 ? (1 / factor) * value : value / factor;
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
