/** A JSON value as Go's fmt prints it with %v: `map[a:1 b:[x y]]`, keys sorted, strings without quotes. */
export function goString(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goString).join(' ')}]`;
  if (typeof value === 'object') {
    const keys = Object.keys(value).sort();
    return `map[${keys.map((key) => `${key}:${goString((value as Record<string, unknown>)[key])}`).join(' ')}]`;
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return JSON.stringify(value);
  // %v writes large and small float64 with an exponent of two digits
  const [digits = '', exponent] = (
    Math.abs(value) >= 1e21 || (Math.abs(value) < 1e-4 && value !== 0) || Number.isInteger(value) ? value.toExponential() : String(value)
  ).split('e');
  return exponent === undefined ? digits : `${digits}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}
