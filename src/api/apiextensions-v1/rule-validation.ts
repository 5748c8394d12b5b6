// The form of x-kubernetes-validations. The expressions themselves are not compiled.
import { validateOptionalChoice } from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { FieldPathError, resolveFieldPath } from '../structural/field-path.js';
import { type Schema, unsupported } from '../structural/schema.js';
import type { ValidationRule } from '../types/apiextensions-v1.gen.js';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const LINE_BREAK = /[\n\r]/;

/** @returns what is wrong with the rules of a schema, but for what they say */
export function validateRules(schema: Schema, path: FieldPath): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) => {
    const at = path.child('x-kubernetes-validations').index(i);
    return [...validateText(rule, at), ...validatePlace(rule, schema, at)];
  });
}

function validateText({ rule, message = '', messageExpression = '' }: ValidationRule, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const [trimmed, text] = [rule.trim(), message.trim()];
  const at = path.child('message');
  if (trimmed === '') errors.push(required(path.child('rule'), 'rule is not specified'));
  else if (message !== '' && text === '') errors.push(invalid(at, message, 'must be non-empty if specified'));
  else if (LINE_BREAK.test(text)) errors.push(invalid(at, message, 'must not contain line breaks'));
  else if (LINE_BREAK.test(trimmed) && text === '') errors.push(required(at, 'message must be specified if rule contains line breaks'));
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  return errors;
}

function validatePlace({ reason, fieldPath = '' }: ValidationRule, schema: Schema, path: FieldPath): FieldError[] {
  const errors = validateOptionalChoice(reason, path.child('reason'), REASONS);
  const at = path.child('fieldPath');
  if (fieldPath !== '' && fieldPath.trim() === '') errors.push(invalid(at, fieldPath, 'must be non-empty if specified'));
  if (LINE_BREAK.test(fieldPath)) errors.push(invalid(at, fieldPath, 'must not contain line breaks'));
  if (fieldPath !== '' && !leadsSomewhere(fieldPath, schema)) errors.push(invalid(at, fieldPath, 'must be a valid path'));
  return errors;
}

function leadsSomewhere(fieldPath: string, schema: Schema): boolean {
  if (unsupported(schema) !== undefined) return true;
  try {
    return Boolean(resolveFieldPath(fieldPath, schema, { brackets: true }));
  } catch (e) {
    if (e instanceof FieldPathError) return false;
    throw e;
  }
}
