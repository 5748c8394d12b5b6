// What a custom resource says it is: read by upstream without a scheme, so other rules and words hold than for built-in kinds.
import type { GroupVersionKind } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { type FieldError, invalid } from '../api/meta/field-errors.js';
import { apiVersionOf } from '../api/meta/object.js';

/** The data is of another version than the path. */
export function otherVersion(given: string, expected: GroupVersionKind): errors.ApiError {
  return errors.badRequest(`the API version in the data (${given}) does not match the expected API version (${apiVersionOf(expected)})`);
}

/** The body is of another kind or version. */
export function otherCustomKind(given: GroupVersionKind, expected: GroupVersionKind, name: string): errors.ApiError {
  return apiVersionOf(given) === apiVersionOf(expected) ? changedKind(given, expected, name) : otherVersion(apiVersionOf(given), expected);
}

/** An object of another kind or version, which a patch may have made it. */
export function changedKind(given: GroupVersionKind, expected: GroupVersionKind, name: string): errors.ApiError {
  const wrong: FieldError[] = [];
  if (given.kind !== expected.kind) wrong.push(invalid('kind', given.kind, `must be ${expected.kind}`));
  if (apiVersionOf(given) !== apiVersionOf(expected))
    wrong.push(invalid('apiVersion', apiVersionOf(given), `must be ${apiVersionOf(expected)}`));
  return errors.invalid(given, name, wrong);
}
