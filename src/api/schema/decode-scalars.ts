// How values without parts are read: what Go's decoder takes for them, in the form in which Go writes them.
import { copy } from '../../util/equal.js';
import { canonical } from '../meta/quantity.js';
import { canonicalBase64 } from './base64.js';
import type { State } from './decode-state.js';
import { canonicalMicroTime, canonicalTime } from './time.js';
import type { ScalarType, Type } from './types.js';
import { integerOf } from '../../util/exact-json.js';

/** Reads a value that is neither absent nor null. */
export type Decode = (value: unknown, state: State) => unknown;

/** How values of one type are read. */
export interface Compiled {
  readonly decode: Decode;
  /** What Go writes for a value that is not set. */
  readonly zero: (state: State) => unknown;
}

/** What reads values of a scalar type. */
export function compileScalar(type: ScalarType): Compiled {
  const integer = (min: number, max: number): Compiled => ({
    zero: () => 0,
    decode: (value, state) => {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
      if (typeof value !== 'number' && typeof value !== 'bigint') throw state.mismatch(value, type);
      if (typeof value === 'bigint' && max === Number.MAX_SAFE_INTEGER) return value;
      // what is a number or a text reads its JSON itself
      if (state.converts && type.scalar !== 'intOrString' && (typeof value === 'bigint' || Number.isInteger(value)))
        return cutOff(value, max);
      throw state.mismatch(value, type, true);
    },
  });
  switch (type.scalar) {
    case 'string':
      return { zero: () => '', decode: (value, state) => (typeof value === 'string' ? value : fail(value, state, type)) };
    case 'bool':
      return { zero: () => false, decode: (value, state) => (typeof value === 'boolean' ? value : fail(value, state, type)) };
    case 'int32':
      return integer(-(2 ** 31), 2 ** 31 - 1);
    case 'uint8':
      return integer(0, 255);
    case 'uint32':
      return integer(0, 2 ** 32 - 1);
    // beyond that they are bigints (util/exact-json.ts)
    case 'int64':
      return integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case 'float64':
      return {
        zero: () => 0,
        decode: (value, state) => (['number', 'bigint'].includes(typeof value) ? Number(value) : fail(value, state, type)),
      };
    case 'bytes':
      return {
        zero: () => null,
        decode: (value, state) => (typeof value === 'string' ? canonicalBase64(value) : bytesOf(value, state, type)),
      };
    case 'quantity':
      return { zero: () => '0', decode: decodeQuantity };
    case 'time':
      return {
        zero: () => null,
        decode: (value, state) => (typeof value === 'string' ? canonicalTime(value) : fail(value, state, type)),
      };
    case 'microTime':
      return {
        zero: () => null,
        decode: (value, state) => (typeof value === 'string' ? canonicalMicroTime(value) : fail(value, state, type)),
      };
    case 'intOrString': {
      const { decode: decodeInt } = integer(-(2 ** 31), 2 ** 31 - 1);
      return { zero: () => 0, decode: (value, state) => (typeof value === 'string' ? value : decodeInt(value, state)) };
    }
    case 'any':
      return { zero: () => null, decode: (value, state) => (state.isInput ? copy(value) : value) };
  }
}

const BYTE = compileScalar({ kind: 'scalar', scalar: 'uint8', goName: 'uint8' });

function fail(value: unknown, state: State, type: Type): never {
  throw state.mismatch(value, type);
}

/** What is left of a number in fewer bits; a float64 that is no int64 becomes the smallest one first. */
function cutOff(value: number | bigint, max: number): number | bigint {
  const whole = typeof value === 'bigint' || Math.abs(value) < 2 ** 63 ? BigInt(value) : -(2n ** 63n);
  if (max === 255) return Number(BigInt.asUintN(8, whole));
  if (max === 2 ** 31 - 1) return Number(BigInt.asIntN(32, whole));
  if (max === 2 ** 32 - 1) return Number(BigInt.asUintN(32, whole));
  return integerOf(String(whole));
}

/** Go takes a list of numbers for bytes as well. */
function bytesOf(value: unknown, state: State, type: ScalarType): string {
  if (!Array.isArray(value)) throw state.mismatch(value, type);
  const bytes = value.map((item: unknown) => (item === null ? 0 : BYTE.decode(item, state)));
  return Buffer.from(bytes as number[]).toString('base64');
}

function decodeQuantity(value: unknown): string {
  if (typeof value === 'string') return canonical(value.trim());
  if (typeof value === 'number' || typeof value === 'bigint') return canonical(String(value));
  // upstream tries to read the JSON text itself
  return canonical(JSON.stringify(value));
}
