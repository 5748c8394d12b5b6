// How values without parts are read: what Go's decoder takes for them, in the form in which Go writes them.
import { copy } from '../../util/equal.js';
import { canonical } from '../meta/quantity.js';
import { canonicalBase64 } from './base64.js';
import { isGoInteger, type State } from './decode-state.js';
import { canonicalMicroTime, canonicalTime } from './time.js';
import type { ScalarType, Type } from './types.js';

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
      if (typeof value !== 'number') throw state.mismatch(value, type);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      // what is a number or a text reads its JSON itself
      if (state.converts && type.scalar !== 'intOrString' && Number.isInteger(value)) return cutOff(value, max);
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
    // beyond 2^53 JSON.parse has rounded already
    case 'int64':
      return integer(-(2 ** 63), 2 ** 63);
    case 'uint64':
      return integer(0, 2 ** 64);
    case 'float64':
      return { zero: () => 0, decode: (value, state) => (typeof value === 'number' ? value : fail(value, state, type)) };
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
function cutOff(value: number, max: number): number {
  const whole = isGoInteger(value) ? BigInt(value) : -(2n ** 63n);
  if (max === 255) return Number(BigInt.asUintN(8, whole));
  if (max === 2 ** 31 - 1) return Number(BigInt.asIntN(32, whole));
  if (max === 2 ** 32 - 1) return Number(BigInt.asUintN(32, whole));
  return Number(max === 2 ** 63 ? BigInt.asIntN(64, whole) : BigInt.asUintN(64, whole));
}

/** Go takes a list of numbers for bytes as well. */
function bytesOf(value: unknown, state: State, type: ScalarType): string {
  if (!Array.isArray(value)) throw state.mismatch(value, type);
  const bytes = value.map((item: unknown) => (item === null ? 0 : BYTE.decode(item, state)));
  return Buffer.from(bytes as number[]).toString('base64');
}

function decodeQuantity(value: unknown): string {
  if (typeof value === 'string') return canonical(value.trim());
  if (typeof value === 'number') return canonical(String(value));
  // upstream tries to read the JSON text itself
  return canonical(JSON.stringify(value));
}
