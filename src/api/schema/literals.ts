// Numbers whose text says more than their value: Go reads 5.0 and 1e3 into no integer, tells what it refuses as it was written,
// and takes quantities from their text.
import { hasFractions, hasLongDigits } from '../../util/exact-json.js';
import { DecodeError, State } from './decode-state.js';
import { numbersOf, type WrittenNumber } from './json.js';
import type { ScalarType, Type } from './types.js';

/**
 * Looks at the numbers of a document that JSON.parse has made others of: those for quantities become texts in `value`.
 * @throws DecodeError for a number that the type does not take as it is written
 */
export function respectLiterals(type: Type, value: unknown, text: string): void {
  if (!hasLongDigits(text) && !hasFractions(text)) return;
  for (const number of numbersOf(text)) if (String(number.value) !== number.literal) respect(type, value, number);
}

function respect(root: Type, document: unknown, { path, value, literal }: WrittenNumber): void {
  const type = typeAt(root, path);
  const last = path.at(-1);
  if (type === undefined || last === undefined) return;
  if (type === 'any' || type.scalar === 'any' || type.scalar === 'float64') {
    if (!Number.isFinite(Number(value))) throw new DecodeError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
  } else if (type.scalar === 'quantity') {
    let parent = document;
    for (const step of path.slice(0, -1)) parent = (parent as Record<string | number, unknown> | undefined)?.[step];
    if (typeof parent === 'object' && parent !== null) (parent as Record<string | number, unknown>)[last] = literal;
  } else if (INTEGERS.has(type.scalar) && !isDecimal(literal, value)) {
    const state = new State(root, true);
    state.path.push(...path);
    throw state.mismatch(value, type, literal);
  }
}

const INTEGERS: ReadonlySet<string> = new Set(['int32', 'int64', 'uint32', 'intOrString'] satisfies ScalarType['scalar'][]);

/** -0 is one, too. */
function isDecimal(literal: string, value: number | bigint): boolean {
  return /^-?\d+$/.test(literal) && (typeof value === 'bigint' || Number.isSafeInteger(value));
}

/** The type of a value without parts; `any`: of no type; undefined: no number is read there. */
function typeAt(root: Type, path: readonly (string | number)[]): ScalarType | 'any' | undefined {
  let type: Type = root;
  for (const step of path) {
    let next: Type | undefined;
    if (type.kind === 'union') type = typeof step === 'number' && type.other !== 'bool' ? type.other : type.object;
    if (type.kind === 'struct') {
      next = type.byName.get(String(step))?.type;
      if (!next) return type.open ? 'any' : undefined;
    } else if (type.kind === 'list') next = typeof step === 'number' ? type.items : undefined;
    else if (type.kind === 'map') next = typeof step === 'string' ? type.values : undefined;
    else if (type.kind === 'scalar' && type.scalar === 'any') return 'any';
    if (!next) return undefined;
    type = next;
  }
  return type.kind === 'scalar' ? type : undefined;
}
