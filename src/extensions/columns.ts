// Tables of custom resources: the columns their definition names. k8s.io/apiextensions-apiserver's tableconvertor.
import type { Column, Table } from '../api/definition.js';
import { since } from '../api/shared/format.js';
import type { CustomResourceColumnDefinition } from '../api/types/apiextensions-v1.gen.js';
import { jsonPath, JsonPathError } from '../util/json-path.js';
import { writeJson } from '../util/exact-json.js';

const NAME: Column = { name: 'Name', type: 'string', format: 'name', priority: 0 };
const AGE: CustomResourceColumnDefinition = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The table of a version; without columns of its own: name and age. */
export function tableOf(given: readonly CustomResourceColumnDefinition[] | undefined): Table {
  const columns = given?.length ? given : [AGE];
  const cells = columns.map((column) => ({ column, find: finder(column.jsonPath) }));
  return {
    // without a text of its own, a column is described as the field of all metadata
    columns: [NAME, ...(given?.length ? given.map(columnOf) : [{ name: AGE.name, type: AGE.type, format: '', priority: 0 }])],
    row: (object, { now }) => [object.metadata.name, ...cells.map(({ column, find }) => cell(column.type, find(object), now))],
  };
}

function columnOf({ name, type, format = '', description, jsonPath: path, priority = 0 }: CustomResourceColumnDefinition): Column {
  return { name, type, format, description: description || `Custom resource definition column (in JSONPath format): ${path}`, priority };
}

/** A path that cannot be read leads to nothing. */
function finder(path: string): (object: unknown) => unknown[] {
  try {
    return jsonPath(path);
  } catch (e) {
    if (e instanceof JsonPathError) return () => [];
    throw e;
  }
}

function cell(type: string, [value]: readonly unknown[], now: number): unknown {
  if (value === undefined) return null;
  switch (type) {
    case 'string':
      return textOf(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, now);
    default:
      return null;
  }
}

/** As kubectl's JSONPath prints a value. */
function textOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : writeJson(value);
}
