// LabelSelector objects (matchLabels, matchExpressions), as workloads, budgets and policies carry them.
import type { LabelSelector, LabelSelectorRequirement } from '../types/meta-v1.gen.js';
import { validateQualifiedName } from './checks.js';
import { type FieldError, type FieldPath, forbidden, invalid, required } from './field-errors.js';
import { validateLabels } from './metadata.js';
import { isLabelValue } from './names.js';
import { aggregate, type LabelOperator, type LabelRequirement, LabelSelection, validateRequirement } from './selectors.js';

const OPERATORS: Readonly<Record<string, LabelOperator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/** What a selector that exists makes acceptable. */
export interface LabelSelectorOptions {
  /** Values of expressions are not checked: for objects that were stored when they were not. */
  readonly allowInvalidValues?: boolean;
}

/** @returns all that is wrong with a selector; nothing for an absent one */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, path.child('matchLabels'));
  for (const [i, expression] of (selector.matchExpressions ?? []).entries())
    errors.push(...validateExpression(expression, path.child('matchExpressions').index(i), options));
  return errors;
}

function validateExpression(expression: LabelSelectorRequirement, path: FieldPath, options: LabelSelectorOptions): FieldError[] {
  const errors: FieldError[] = [];
  const values = expression.values ?? [];
  if (expression.operator === 'In' || expression.operator === 'NotIn') {
    if (values.length === 0) errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (expression.operator === 'Exists' || expression.operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else errors.push(invalid(path.child('operator'), expression.operator, 'not a valid selector operator'));
  errors.push(...validateQualifiedName(expression.key, path.child('key')));
  if (!options.allowInvalidValues)
    for (const [i, value] of values.entries())
      errors.push(...isLabelValue(value).map((m) => invalid(path.child('values').index(i), value, m)));
  return errors;
}

/** Labels as messages show them: sorted, as Go prints maps. */
export function shownLabels(labels: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  return labels && Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A selector as messages show it: fields in the order of the API, absent ones left out. */
export function shownSelector({ matchLabels, matchExpressions }: LabelSelector): LabelSelector {
  return {
    ...(matchLabels && { matchLabels: shownLabels(matchLabels) }),
    ...(matchExpressions && {
      matchExpressions: matchExpressions.map(({ key, operator, values }) => ({ key, operator, ...(values && { values }) })),
    }),
  };
}

/** Whether a stored selector has values that would be refused today, and so must go on being accepted. */
export function hasInvalidValues(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((e) => (e.values ?? []).some((v) => isLabelValue(v).length > 0));
}

/** It selects everything. */
export function isEmptyLabelSelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/**
 * Compiles a selector. An empty one matches everything.
 * @throws Error, worded as upstream's, for one that validation refuses
 */
export function compileLabelSelector(selector: LabelSelector): LabelSelection {
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = OPERATORS[operator];
    if (!known) throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push({ key, operator: known, values: values ?? [] });
  }
  const errors = requirements.flatMap(validateRequirement);
  if (errors.length) throw new Error(aggregate(errors.map((e) => `${e.field}: ${e.message}`)));
  return new LabelSelection(requirements);
}

/** Tells whether labels match; an absent selector matches nothing, an empty one everything. */
export function labelMatcher(selector: LabelSelector | undefined): (labels: Readonly<Record<string, string>> | undefined) => boolean {
  if (!selector) return () => false;
  const compiled = compileLabelSelector(selector);
  return (labels) => compiled.matches(labels);
}

/** A selector in the syntax of URLs: `app in (a,b),tier=web`; "" for an empty one. @throws Error as compileLabelSelector */
export function labelSelectorText(selector: LabelSelector): string {
  return compileLabelSelector(selector).toString();
}
