// Values against schemas, with the errors of k8s.io/kube-openapi/pkg/validation/validate as apiextensions-apiserver words
// them. An update may keep what was wrong before (ratcheting): errors within values that did not change do not count.
import { type FieldError, type FieldPath, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from '../meta/field-errors.js';
import { goRegExp, GoRegExpError } from '../../util/go-regexp.js';
import { equal } from '../../util/equal.js';
import { formatOf, hasFormat, isTextFormat } from './formats.js';
import { checkNumber } from './numbers.js';
import { Place, Result } from './result.js';
import { additionalOf, fieldOf, itemsOf, propertyOf, type Schema } from './schema.js';
import { isObject } from '../../util/json.js';
import { writeJson } from '../../util/exact-json.js';
import { isGoInteger } from '../schema/decode-state.js';

/** The value at the same place before the update; undefined: there is none, or it cannot be told which. */
type Old = { readonly value: unknown } | undefined;

/**
 * @param path where the value stands; undefined: it is a whole object
 * @param old what the object was before the update
 * @returns all that is wrong with a value
 */
export function validateValue(value: unknown, path: FieldPath | undefined, schema: Schema | undefined, old?: Old): FieldError[] {
  return schema ? check(new Place(path), value, schema, old).errors : [];
}

function check(place: Place, value: unknown, schema: Schema, old?: Old): Result {
  const result = checkAgainst(place, value, schema, old);
  return old && !result.isValid && equal(old.value, value) ? new Result() : result;
}

function checkAgainst(place: Place, value: unknown, schema: Schema, old?: Old): Result {
  const result = new Result();
  const step = (checked: Result | undefined) => {
    if (checked) result.merge(checked);
    result.matches++;
  };
  if (value === null || value === undefined) {
    result.merge(checkType(place, null, schema));
    checkEnum(place, null, schema, result);
    return result;
  }
  if (typesOf(schema).length > 0 || formatOf(schema) !== '') step(checkType(place, value, schema));
  step(checkCombinations(place, value, schema));
  if (typeof value === 'string') {
    step(checkText(place, value, schema));
    if (isTextFormat(formatOf(schema))) step(checkFormat(place, value, schema));
  }
  if (typeof value === 'number' || typeof value === 'bigint') step(checkNumber(place, value, schema));
  if (Array.isArray(value)) step(checkList(place, value, schema, old));
  const enumerated = new Result();
  checkEnum(place, value, schema, enumerated);
  step(enumerated);
  if (isObject(value)) step(checkObject(place, value, schema, old));
  result.matches++;
  return result;
}

function typesOf(schema: Schema): readonly string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

/** What JSON calls the value, and the format Go sees in it. */
function typeOfValue(value: unknown): [type: string, format: string] {
  if (Array.isArray(value)) return ['array', ''];
  if (typeof value === 'number' || typeof value === 'bigint') return isGoInteger(value) ? ['integer', 'int64'] : ['number', 'float64'];
  return [typeof value, ''];
}

function checkType(place: Place, value: unknown, schema: Schema): Result {
  const result = new Result();
  const types = typesOf(schema);
  const wrong = (wanted: string, found: string): Result => {
    const failed = new Result();
    const text = `${place.in}must be of type ${wanted}: ${JSON.stringify(found)}`;
    failed.add(text, typeInvalid(place.path, found, text));
    return failed;
  };
  result.matches = 1;
  if (value === null) return types.length > 0 && !schema.nullable ? wrong(types.join(','), 'null') : result;
  const [type, format] = typeOfValue(value);
  const fits = types.includes(type) || (type === 'integer' && types.includes('number'));
  const wanted = formatOf(schema);
  const isTextLike = type === 'string' || type === 'array';
  if (!isTextLike && wanted !== '' && !fits) return wrong(wanted, format);
  if (isTextLike && wanted !== '' && !types.includes('number') && !types.includes('integer')) return result;
  return fits ? result : wrong(types.join(','), type);
}

function checkEnum(place: Place, value: unknown, schema: Schema, result: Result): void {
  const allowed = schema.enum ?? [];
  if (allowed.length === 0 || (value !== null && allowed.some((a) => equal(a, converted(value, a))))) return;
  const texts = allowed.map((a) => (typeof a === 'string' ? a : writeJson(a)));
  result.add(`${place.in}should be one of [${texts.join(' ')}]`, notSupported(place.path, value, texts));
}

/** Go compares a number as one of the type of that which is allowed: it cuts off what is behind the point. */
function converted(value: unknown, allowed: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(allowed) ? Math.trunc(value) : value;
}

function checkText(place: Place, value: string, schema: Schema): Result {
  const result = new Result();
  const { maxLength, minLength, pattern } = schema;
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength)
    result.add(`${place.in}should be at most ${maxLength} chars long`, tooLong(place.path, maxLength));
  else if (minLength !== undefined && length < minLength) fail(result, place, value, `should be at least ${minLength} chars long`);
  else if (pattern) {
    const shown = patternProblem(value, pattern);
    if (shown !== undefined) fail(result, place, value, `should match '${shown}'`);
  }
  return result;
}

/** @returns the pattern as the error shows it; undefined: the value matches */
function patternProblem(value: string, pattern: string): string | undefined {
  try {
    return goRegExp(pattern).test(value) ? undefined : pattern;
  } catch (e) {
    if (e instanceof GoRegExpError) return `${pattern}, but pattern is invalid: ${e.message}`;
    throw e;
  }
}

function fail(result: Result, place: Place, value: unknown, what: string): void {
  const text = place.in + what;
  result.add(text, invalid(place.path, value, text));
}

function checkFormat(place: Place, value: string, schema: Schema): Result {
  const result = new Result();
  const format = formatOf(schema);
  if (!hasFormat(format, value)) {
    const text = `${place.in}must be of type ${format}: ${JSON.stringify(value)}`;
    result.add(text, typeInvalid(place.path, value, text));
  }
  return result;
}

function checkList(place: Place, list: readonly unknown[], schema: Schema, old: Old): Result {
  const result = new Result();
  const items = itemsOf(schema);
  if (items) list.forEach((item, i) => result.merge(check(place.item(i), item, items, oldItem(old, schema, item))));
  const { minItems, maxItems } = schema;
  if (minItems !== undefined && list.length < minItems) fail(result, place, list.length, `should have at least ${minItems} items`);
  if (maxItems !== undefined && list.length > maxItems)
    result.add(`${place.in}should have at most ${maxItems} items`, tooMany(place.path, list.length, maxItems));
  if (schema.uniqueItems && list.some((v, i) => list.slice(0, i).some((other) => equal(v, other))))
    fail(result, place, '', "shouldn't contain duplicates");
  result.matches++;
  return result;
}

/** Only items of lists that are maps can be told apart. */
function oldItem(old: Old, schema: Schema, item: unknown): Old {
  if (!old || !Array.isArray(old.value) || schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const before: unknown = old.value.find((o: unknown) => isObject(o) && keys.every((k) => equal(o[k], item[k])));
  return before === undefined ? undefined : { value: before };
}

function checkObject(place: Place, object: Record<string, unknown>, schema: Schema, old: Old): Result {
  const result = new Result();
  const names = Object.keys(object).filter((name) => object[name] !== undefined);
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && names.length < minProperties)
    fail(result, place, names.length, `should have at least ${minProperties} properties`);
  if (maxProperties !== undefined && names.length > maxProperties)
    result.add(`${place.in}should have at most ${maxProperties} properties`, tooMany(place.path, names.length, maxProperties));
  const additional = additionalOf(schema);
  const before = (name: string) => oldField(place, old, schema, name);
  for (const name of names) {
    if (propertyOf(schema, name)) continue;
    if (additional) result.merge(check(place.field(name), object[name], additional, before(name)));
    else if (schema.additionalProperties === false) {
      const text = `${place.name}.${name} in body is a forbidden property`;
      result.add(text, invalid(place.path, name, text));
    }
  }
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (isSet(object, name)) result.merge(check(place.property(name), object[name], property, before(name)));
  for (const name of schema.required ?? [])
    if (!isSet(object, name)) result.add(`${place.field(name).in}is required`, required(place.field(name).path));
  return result;
}

function isSet(object: Record<string, unknown>, name: string): boolean {
  return Object.hasOwn(object, name) && object[name] !== undefined;
}

function oldField(place: Place, old: Old, schema: Schema, name: string): Old {
  if (!old || !isObject(old.value) || !Object.hasOwn(old.value, name) || !fieldOf(schema, name)) return undefined;
  // kind and version are those of the request: no change of them shows
  if (place.name === '' && (name === 'kind' || name === 'apiVersion')) return undefined;
  return { value: old.value[name] };
}

/** What was wrong before an update is wrong all the same in alternatives: upstream does not tell these of the old value. */
function checkCombinations(place: Place, value: unknown, schema: Schema): Result {
  const result = new Result();
  const { anyOf = [], oneOf = [], allOf = [], not } = schema;
  const name = JSON.stringify(place.name);
  const general = (text: string) => result.add(text, place.general(text));
  if (anyOf.length > 0) {
    const results = anyOf.map((s) => checkAgainst(place, value, s));
    const good = results.find((r) => r.isValid);
    if (!good) general(`${name} must validate at least one schema (anyOf)`);
    result.merge(good ?? best(results));
  }
  if (oneOf.length > 0) {
    const results = oneOf.map((s) => checkAgainst(place, value, s));
    const good = results.filter((r) => r.isValid);
    if (good.length !== 1)
      general(
        `${name} must validate one and only one schema (oneOf). ${good.length === 0 ? 'Found none valid' : `Found ${good.length} valid alternatives`}`,
      );
    if (good.length === 0) result.merge(best(results));
    else if (good.length === 1) result.merge(good[0] as Result);
  }
  if (allOf.length > 0) {
    const results = allOf.map((s) => checkAgainst(place, value, s));
    const good = results.filter((r) => r.isValid).length;
    for (const r of results) result.merge(r);
    if (good !== allOf.length) general(`${name} must validate all the schemas (allOf)${good === 0 ? '. None validated' : ''}`);
  }
  if (not && checkAgainst(place, value, not).isValid) general(`${name} must not validate the schema (not)`);
  result.matches++;
  return result;
}

/** The first of those with the most checks that went well. */
function best(results: readonly Result[]): Result {
  return results.reduce((a, b) => (b.matches > a.matches ? b : a));
}
