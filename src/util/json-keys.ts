// Whether a JSON text has a key twice in one object: JSON.parse does not tell, but a value with fewer keys than its text does.

/** Go's limit of nesting. */
export const MAX_JSON_DEPTH = 10_000;

/** @param value what JSON.parse made of `text`. @throws RangeError when it is nested too deep */
export function hasDuplicateKeys(text: string, value: unknown): boolean {
  return keysOfText(text) !== keysOfValue(value);
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

/** Level by level, since the stack may be less deep than the value. */
function keysOfValue(value: unknown): number {
  let count = 0;
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= MAX_JSON_DEPTH) throw new RangeError('exceeded max depth');
    const next: unknown[] = [];
    for (const item of level) count += visit(item, next);
    level = next;
  }
  return count;
}

/** The keys of a value itself; objects and lists in it are added to `inner`. */
function visit(value: unknown, inner: unknown[]): number {
  if (typeof value !== 'object' || value === null) return 0;
  const keep = (item: unknown): void => {
    if (typeof item === 'object' && item !== null) inner.push(item);
  };
  let count = 0;
  if (Array.isArray(value)) value.forEach(keep);
  else {
    for (const key in value) {
      count++;
      keep((value as Record<string, unknown>)[key]);
    }
  }
  return count;
}
