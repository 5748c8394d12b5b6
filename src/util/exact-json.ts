// JSON of objects, as Go has it: integers are int64. Those beyond 2^53, which JSON.parse would round, are bigints in memory and
// digits in the text; everything else is as JSON.parse and JSON.stringify have it. So a number that is no safe integer is what
// Go calls a float64, and a bigint always fits an int64 and never a safe integer. Types of the API call both number: to compare
// and to print them is the same, to calculate with an int64 takes a Number(…).

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** An integer of fewer digits is safe. */
const LONG = 16;
/** A text of a JSON string that looks like it only costs time. */
const LONG_INTEGER = /[:,[]\s*-?\d{16,}\s*[,}\]]/;
const FRACTION = /[:,[]\s*-?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)\s*[,}\]]/;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|-?\d[-+.eE\d]*/gs;
/** Stands before digits while they pass JSON.parse: no string begins with half a character unless an escape says so. */
const MARK = '\udc00';
const MARKED = /^"\\u[dD][cC]00/;

/** A number that is written as a decimal integer: a bigint where JavaScript's number would lose digits; a float64 where an int64 would. */
export function integerOf(digits: string): number | bigint {
  const number = Number(digits);
  // far from any int64 there is nothing to look at: to read a million digits takes BigInt seconds
  if (Number.isSafeInteger(number) || Math.abs(number) > 2 ** 64) return number;
  const exact = BigInt(digits);
  return exact >= MIN && exact <= MAX ? exact : number;
}

/** JSON.parse that keeps the digits of integers. @throws SyntaxError */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return hasLongDigits(text) && LONG_INTEGER.test(text) ? readLong(text) : value;
}

/** Whether there are so many digits in a row: one of them is where every so many-th character is. A search by pattern costs a fifth of the parsing. */
export function hasLongDigits(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let start = at;
    let end = at;
    while (isDigit(text.charCodeAt(start - 1))) start--;
    while (isDigit(text.charCodeAt(end + 1))) end++;
    if (end - start + 1 >= LONG) return true;
  }
  return false;
}

/** Whether a number may be written with a point or an exponent. */
export function hasFractions(text: string): boolean {
  return FRACTION.test(text);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function readLong(text: string): unknown {
  const marked = text.replace(TOKEN, (token) => {
    if (token.endsWith(':')) return token;
    if (token.startsWith('"')) return MARKED.test(token) ? `"\\udc00${token.slice(1)}` : token;
    return /^-?\d{16,}$/.test(token) ? `"\\udc00${token}"` : token;
  });
  return JSON.parse(marked, (_, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
    const rest = value.slice(1);
    return rest.startsWith(MARK) ? rest : integerOf(rest);
  });
}

/** JSON.stringify that writes bigints as numbers. @param space as of JSON.stringify */
export function writeJson(value: unknown, space = 0): string {
  try {
    return JSON.stringify(value, undefined, space);
  } catch (error) {
    // what it says of a bigint, and of nothing else in objects
    if (error instanceof TypeError) return written(value, space, '') ?? 'null';
    throw error;
  }
}

/** @returns undefined for what JSON leaves out */
function written(value: unknown, space: number, margin: string): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) as string | undefined;
  const inner = margin + ' '.repeat(space);
  const enclosed = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close;
    return space === 0 ? open + parts.join(',') + close : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
  };
  if (Array.isArray(value)) {
    return enclosed(
      '[',
      value.map((item) => written(item, space, inner) ?? 'null'),
      ']',
    );
  }
  const colon = space === 0 ? ':' : ': ';
  const parts: string[] = [];
  for (const [key, field] of Object.entries(value)) {
    const text = written(field, space, inner);
    if (text !== undefined) parts.push(JSON.stringify(key) + colon + text);
  }
  return enclosed('{', parts, '}');
}
