// Selectable fields of custom resources.
import type { KubeObject } from '../api/meta/object.js';
import type { SelectableField } from '../api/types/apiextensions-v1.gen.js';
import { jsonPath } from '../util/json-path.js';
import { writeJson } from '../util/exact-json.js';

/** The names by which a version's fields may be selected, and their values for an object. */
export function selectable(fields: readonly SelectableField[] | undefined): {
  readonly names: string[];
  readonly values: (object: KubeObject) => Record<string, string>;
} {
  const found = (fields ?? []).map(({ jsonPath: path }) => ({ name: path.replace(/^\./, ''), find: jsonPath(path) }));
  return {
    names: found.map(({ name }) => name),
    values: (object) => Object.fromEntries(found.map(({ name, find }) => [name, textOf(find(object)[0])])),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : writeJson(value);
}
