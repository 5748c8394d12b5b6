// Whether a JSON text has a key twice in one object: JSON.parse does not tell, but a value with fewer keys than its text does.

/** How deep a document may be nested. Go allows 10,000, which is more than JavaScript's stack can walk through. */
export const MAX_JSON_DEPTH = 1000;

/** @param value what JSON.parse made of `text`. @throws RangeError when it is nested too deep */
export function hasDuplicateKeys(text: string, value: unknown): boolean {
  return keysOfText(text) !== keysOfValue(value, 0);
}

/** Strings that a colon follows. */
function keysOfText(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    let end = text.indexOf('"', at + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    at = end + 1;
    let code = text.charCodeAt(at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = text.charCodeAt(++at);
    if (code === 58) count++;
  }
  return count;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 92) backslashes++;
  return backslashes % 2 === 1;
}

function keysOfValue(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === MAX_JSON_DEPTH) throw new RangeError('exceeded max depth');
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += keysOfValue(item, depth + 1);
  else for (const key in value) count += 1 + keysOfValue((value as Record<string, unknown>)[key], depth + 1);
  return count;
}

/** Whether a value is nested deeper than `limit`, its own level counting as one. */
export function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], limit - 1)) return true;
  return false;
}
