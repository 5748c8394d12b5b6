import { invalids } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, invalid, required, tooMany } from '../meta/field-errors.js';
import { type FieldPlace, FieldPathError, resolveFieldPath } from '../structural/field-path.js';
import { type Schema, unsupported } from '../structural/schema.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from '../types/apiextensions-v1.gen.js';
import { MAX_SELECTABLE_FIELDS } from './update-strictness.js';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE_TYPES = ['string', 'boolean', 'integer'];
const MAX_WARNING_BYTES = 256;

/** @returns what is wrong with the warning of a deprecated version */
export function validateDeprecation(
  { deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion,
  path: FieldPath,
): FieldError[] {
  if (text === undefined) return [];
  return invalids(path, text, deprecationProblems(deprecated ?? false, text));
}

function deprecationProblems(deprecated: boolean, text: string): string[] {
  if (!deprecated) return ['can only be set for deprecated versions'];
  const problems: string[] = [];
  if (Buffer.byteLength(text) > MAX_WARNING_BYTES) problems.push('must be <= 256 characters long');
  if (text === '') problems.push('must not be an empty string');
  const odd = Array.from(text).find((c) => !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c));
  if (odd !== undefined)
    problems.push(
      `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, text.indexOf(odd)))}`,
    );
  return problems;
}

/** @returns what is wrong with the columns of tables */
export function validateColumns(columns: readonly CustomResourceColumnDefinition[] | undefined, path: FieldPath): FieldError[] {
  return (columns ?? []).flatMap((column, i) => validateColumn(column, path.index(i)));
}

function validateColumn({ name, type, format, jsonPath }: CustomResourceColumnDefinition, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (!name) errors.push(required(path.child('name')));
  if (!type) errors.push(required(path.child('type'), types));
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(path.child('type'), type, types));
  if (format && !COLUMN_FORMATS.includes(format))
    errors.push(invalid(path.child('format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`));
  return [...errors, ...(jsonPath ? validateJsonPath(jsonPath, path.child('JSONPath')) : [required(path.child('JSONPath'))])];
}

function validateJsonPath(jsonPath: string, path: FieldPath): FieldError[] {
  return jsonPath.startsWith('.') ? [] : [invalid(path, jsonPath, 'must be a simple json path starting with .')];
}

/** @returns what is wrong with the subresources */
export function validateSubresources(subresources: CustomResourceSubresources | undefined, path: FieldPath): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const check = (name: string, value: string | undefined, roots: readonly string[], isRequired: boolean): FieldError[] => {
    const at = path.child(`scale.${name}`);
    if (!value) return isRequired ? [required(at)] : [];
    const wrong = validateJsonPath(value, at);
    if (wrong.length > 0 || roots.some((root) => value.startsWith(`${root}.`))) return wrong;
    return [invalid(at, value, `should be a json path under ${roots.length > 1 ? 'either ' : ''}${roots.join(' or ')}`)];
  };
  return [
    ...check('specReplicasPath', scale.specReplicasPath, ['.spec'], true),
    ...check('statusReplicasPath', scale.statusReplicasPath, ['.status'], true),
    ...check('labelSelectorPath', scale.labelSelectorPath, ['.spec', '.status'], false),
  ];
}

/** What the fields are looked up in, and what is said where that is not possible. */
export interface SelectableOptions {
  readonly schema: Schema | undefined;
  /** What is said when there is no schema. */
  readonly missing: string;
  readonly tooManyAllowed: boolean;
}

/** @returns what is wrong with the fields that may be selected by */
export function validateSelectableFields(
  fields: readonly SelectableField[] | undefined,
  path: FieldPath,
  { schema, missing, tooManyAllowed }: SelectableOptions,
): FieldError[] {
  if (!fields?.length) return [];
  if (!schema) return [invalid(path, '', missing)];
  // such a schema is refused for itself
  if (unsupported(schema) !== undefined) return [];
  const seen = new Set<string>();
  const errors = fields.flatMap(({ jsonPath }, i) => {
    const at = path.index(i).child('jsonPath');
    if (!jsonPath) return [required(at)];
    try {
      return validateSelected(resolveFieldPath(jsonPath, schema, { brackets: false }), at, jsonPath, seen);
    } catch (e) {
      if (e instanceof FieldPathError) return [invalid(at, jsonPath, `is an invalid path: ${e.message}`)];
      throw e;
    }
  });
  if (seen.size > MAX_SELECTABLE_FIELDS && !tooManyAllowed) errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return errors;
}

function validateSelected({ steps, schema }: FieldPlace, at: FieldPath, jsonPath: string, seen: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  if (steps[0] === 'metadata') errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
  if (!SELECTABLE_TYPES.includes(schema?.type ?? ''))
    errors.push(
      invalid(
        at,
        jsonPath,
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      ),
    );
  const name = JSON.stringify(steps);
  if (seen.has(name)) errors.push(duplicate(at, jsonPath));
  seen.add(name);
  return errors;
}
