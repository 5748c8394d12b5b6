// Steps of a path through an object: fields, items of lists by their keys, values of sets.
import { goJson } from '../../api/meta/field-errors.js';
import { goQuote } from '../../api/meta/quote.js';
import { goString } from '../../util/go-format.js';
import { readJson, writeJson } from '../../util/exact-json.js';

/** The step to an item of a list of maps: the item's key fields, sorted by name. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): string {
  const fields = keys.map(([name, value]) => `${json(name)}:${json(value)}`);
  return `k:{${fields.join(',')}}`;
}

/** The step to a value of a set. */
export function valueElement(value: unknown): string {
  return `v:${json(value)}`;
}

function json(value: unknown): string {
  return goJson(writeJson(value));
}

/** As messages show a step: `.spec`, `[name="c"]`, `[="x"]`, `[0]`. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k':
      return `[${Object.entries(read(rest) as Record<string, unknown>)
        .map(([name, value]) => `${name}=${valueText(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${valueText(read(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

/** A value as structured-merge-diff prints it; also what can be no key is shown, for it is refused by that name. */
function valueText(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (typeof value !== 'object') return goString(value);
  return Object.entries(value)
    .map(([name, item]) => `${name}=${valueText(item)}`)
    .join('');
}

/** Text of a step that cannot be read stands for itself. */
function read(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    return text;
  }
}

const KINDS = '.fkvi';

/** Upstream's order: fields, keys, values, indices; within each by content, numbers by their value. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  const kind = KINDS.indexOf(a[0] ?? '') - KINDS.indexOf(b[0] ?? '');
  if (kind !== 0) return kind;
  if (a.startsWith('f') || (startsWithText(a) && startsWithText(b))) return a < b ? -1 : 1;
  const x = read(a.slice(2));
  const y = read(b.slice(2));
  return a.startsWith('k') ? compareKeys(x as Record<string, unknown>, y as Record<string, unknown>) : compareValues(x, y);
}

/** The first value of a key is a text, so that keys of one list stand in the order of their texts. */
function startsWithText(element: string): boolean {
  return element.startsWith('k') && element[element.indexOf('":') + 2] === '"';
}

function compareKeys(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const x = Object.entries(a);
  const y = Object.entries(b);
  for (const [i, [name, value]] of x.entries()) {
    const other = y[i];
    if (!other) return 1;
    if (name !== other[0]) return name < other[0] ? -1 : 1;
    const order = compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

const TYPES = ['number', 'string', 'boolean', 'object'];

function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  const [x, y] = [typeOf(a), typeOf(b)];
  if (x !== y) return TYPES.indexOf(x) - TYPES.indexOf(y);
  return (a as number | bigint | string) < (b as number | bigint | string) ? -1 : 1;
}

function typeOf(value: unknown): string {
  return typeof value === 'bigint' ? 'number' : typeof value;
}
