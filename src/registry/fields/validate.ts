// Whether an applied configuration fits its type, in the words of structured-merge-diff's typed.Validate.
import type { ListType, ScalarType, StructType, Type } from '../../api/schema/types.js';
import { goString } from '../../util/go-format.js';
import { isObject } from '../../util/json.js';
import { elementText } from './path-element.js';
import { ItemError, itemElement, shapeOf } from './shape.js';

/** @returns what is wrong with an applied configuration; undefined: nothing */
export function validateApplied(type: Type, value: unknown): string | undefined {
  return misfit(type, value, false);
}

/** @returns what is wrong with an object that is or will be there, whose sets and maps may have an item twice; undefined: nothing */
export function validateTyped(type: Type, value: unknown): string | undefined {
  return misfit(type, value, true);
}

/** What was found so far, and whether items may occur twice. */
interface Found {
  readonly errors: string[];
  readonly duplicates: boolean;
}

function misfit(type: Type, value: unknown, duplicates: boolean): string | undefined {
  const errors: string[] = [];
  check(type, value, '', { errors, duplicates });
  if (errors.length <= 1) return errors[0];
  return ['errors:', ...errors.map((e) => `  ${e}`)].join('\n');
}

function check(type: Type, value: unknown, path: string, found: Found): void {
  if (value === null || value === undefined) return;
  switch (type.kind) {
    case 'struct':
      // what declares nothing can be anything, in published schemas
      if (type.fields.length === 0 && !type.open) return;
      if (!isObject(value)) found.errors.push(`${path}: expected map, got ${shown(value)}`);
      else checkFields(type, value, path, found);
      return;
    case 'map':
      if (!isObject(value)) found.errors.push(`${path}: expected map, got ${shown(value)}`);
      else for (const [key, item] of Object.entries(value)) check(type.values, item, `${path}.${key}`, found);
      return;
    case 'list':
      if (!Array.isArray(value)) found.errors.push(`${path}: expected list, got ${shown(value)}`);
      else checkItems(type, value, path, found);
      return;
    case 'scalar': {
      const wrong = checkScalar(type, value);
      if (wrong) found.errors.push(`${path}: ${wrong}`);
      return;
    }
    case 'union':
  }
}

/** Upstream stops at the first field of a struct that is not declared. */
function checkFields(type: StructType, value: Record<string, unknown>, path: string, found: Found): void {
  for (const [name, item] of Object.entries(value)) {
    const field = type.byName.get(name);
    if (field) check(field.type, item, `${path}.${name}`, found);
    else if (!type.open) {
      found.errors.push(`${path}.${name}: field not declared in schema`);
      return;
    }
  }
}

function checkItems(type: ListType, items: readonly unknown[], path: string, found: Found): void {
  const seen = new Set<string>();
  const shape = shapeOf(type);
  for (const [i, item] of items.entries()) {
    let step = `[${i}]`;
    if (type.ownership !== 'atomic') {
      try {
        const element = itemElement(shape, item);
        step = elementText(element);
        if (seen.has(element) && !found.duplicates) found.errors.push(`${path}: duplicate entries for key ${step}`);
        seen.add(element);
      } catch (e) {
        if (!(e instanceof ItemError)) throw e;
        found.errors.push(`${path}: element ${i}: ${e.message}`);
        return;
      }
    }
    check(type.items, item, path + step, found);
  }
}

function checkScalar({ scalar }: ScalarType, value: unknown): string | undefined {
  switch (scalar) {
    case 'string':
    case 'bytes':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'bool':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${shown(value)}`;
    case 'quantity':
    case 'time':
    case 'microTime':
      return typeof value === 'object' ? `expected any scalar, got ${shown(value)}` : undefined;
    case 'intOrString':
    case 'any':
      return undefined;
    default:
      return ['number', 'bigint'].includes(typeof value) ? undefined : `expected numeric (int or float), got ${goType(value)}`;
  }
}

function shown(value: unknown): string {
  return `&{${goString(value)}}`;
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** As Go's fmt prints a value with %#v. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'number' || typeof value === 'bigint') return goString(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${fields.map(([name, item]) => `${JSON.stringify(name)}:${goSyntax(item)}`).join(', ')}}`;
}
