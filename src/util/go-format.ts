/** A JSON value as Go's fmt prints it with %v: `map[a:1 b:[x y]]`, keys sorted, strings without quotes. */
export function goString(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goString).join(' ')}]`;
  if (typeof value === 'object') {
    const keys = Object.keys(value).sort();
    return `map[${keys.map((key) => `${key}:${goString((value as Record<string, unknown>)[key])}`).join(' ')}]`;
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
