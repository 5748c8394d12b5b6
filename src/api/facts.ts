// Reads the structure of the API, kept as data in facts/ (read off a v1.36 server).
import { readFileSync } from 'node:fs';

const directory = new URL('../../facts/', import.meta.url);
const loaded = new Map<string, unknown>();

/** The parsed content of facts/<name>.json; parsed once, on first use. Must not be modified. */
export function fact<T>(name: string): T {
  let value = loaded.get(name);
  if (value === undefined) {
    value = JSON.parse(readFileSync(new URL(`${name}.json`, directory), 'utf8'));
    loaded.set(name, value);
  }
  return value as T;
}
