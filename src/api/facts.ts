// Reads the structure of the API, kept as data in facts/ (read off a v1.36 server).
import { readFileSync } from 'node:fs';
import { packageFile } from '../util/package-files.js';

const loaded = new Map<string, unknown>();

/** The parsed content of facts/<name>.json; parsed once, on first use. Must not be modified. */
export function fact<T>(name: string): T {
  let value = loaded.get(name);
  if (value === undefined) {
    value = JSON.parse(readFileSync(packageFile(`facts/${name}.json`), 'utf8'));
    loaded.set(name, value);
  }
  return value as T;
}
