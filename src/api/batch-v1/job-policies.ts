// When pods of a job count as failed, when the job as done, and the lists of indexes in which both are said (`1,3-5`).
import { validateChoice, validateQualifiedName } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, invalid, required, tooLong, tooMany } from '../meta/field-errors.js';
import { validateNonNegative } from '../meta/metadata.js';
import { byteLength } from '../meta/names.js';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicy,
  SuccessPolicyRule,
} from '../types/batch-v1.gen.js';
import { goQuoteList } from '../meta/quote.js';

const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_INDEXES_TEXT = 64 * 1024;

/** An Invalid that does not show the value. */
export function invalidWhole(path: FieldPath, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field: path.toString(), message: `Invalid value: ${detail}` };
}

// as Go's %q prints a list
function choices(values: readonly string[]): string {
  return `valid values: ${goQuoteList(values)}`;
}

function validateNamedChoice(value: string | undefined, path: FieldPath, allowed: readonly string[]): FieldError[] {
  return value ? validateChoice(value, path, allowed) : [required(path, choices(allowed))];
}

/** @returns what is wrong with the rules of when a failed pod fails the job */
export function validateFailurePolicy(policy: PodFailurePolicy, path: FieldPath, spec: JobSpec): FieldError[] {
  const rules = policy.rules ?? [];
  const many = rules.length > MAX_RULES ? [tooMany(path.child('rules'), rules.length, MAX_RULES)] : [];
  return [...many, ...rules.flatMap((rule, i) => validateFailureRule(rule, path.child('rules').index(i), spec))];
}

function validateFailureRule(rule: PodFailurePolicyRule, path: FieldPath, spec: JobSpec): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalid(path.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
  } else errors.push(...validateNamedChoice(action, path.child('action'), ['Count', 'FailIndex', 'FailJob', 'Ignore']));
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, path.child('onExitCodes'), spec));
  errors.push(...validateConditionPatterns(onPodConditions, path.child('onPodConditions')));
  if (onExitCodes && onPodConditions.length > 0)
    errors.push(invalidWhole(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!onExitCodes && onPodConditions.length === 0)
    errors.push(invalidWhole(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function validateConditionPatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: FieldPath): FieldError[] {
  const many = patterns.length > MAX_RULES ? [tooMany(path, patterns.length, MAX_RULES)] : [];
  return patterns.reduce(
    (errors, { type, status }, i) => [
      ...errors,
      ...validateQualifiedName(type, path.index(i).child('type')),
      ...validateNamedChoice(status, path.index(i).child('status'), ['False', 'True', 'Unknown']),
    ],
    many,
  );
}

function validateExitCodes(requirement: PodFailurePolicyOnExitCodesRequirement, path: FieldPath, { template }: JobSpec): FieldError[] {
  const { operator, containerName } = requirement;
  const values = requirement.values ?? [];
  const errors = validateNamedChoice(operator, path.child('operator'), ['In', 'NotIn']);
  const containers = [...(template.spec?.containers ?? []), ...(template.spec?.initContainers ?? [])];
  if (containerName !== undefined && !containers.some((c) => c.name === containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(path.child('containerName'), containerName, text));
  }
  const at = path.child('values');
  if (values.length === 0) errors.push(invalid(at, requirement.values ?? null, 'at least one value is required'));
  else if (values.length > MAX_EXIT_CODES) errors.push(tooMany(at, values.length, MAX_EXIT_CODES));
  const seen = new Set<number>();
  for (const [i, code] of values.entries()) {
    if (operator === 'In' && code === 0) errors.push(invalid(at.index(i), code, 'must not be 0 for the In operator'));
    if (seen.has(code)) errors.push(duplicate(at.index(i), code));
    seen.add(code);
  }
  if (values.some((code, i) => i > 0 && (values[i - 1] ?? 0) > code)) errors.push(invalid(at, values, 'must be ordered'));
  return errors;
}

/** @returns what is wrong with the rules of when a job has succeeded before all of it has */
export function validateSuccessPolicy(policy: SuccessPolicy, path: FieldPath, completions: number): FieldError[] {
  const rules = policy.rules ?? [];
  const at = path.child('rules');
  const errors: FieldError[] = [];
  if (rules.length === 0) errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > MAX_RULES) errors.push(tooMany(at, rules.length, MAX_RULES));
  return [...errors, ...rules.flatMap((rule, i) => validateSuccessRule(rule, at.index(i), completions))];
}

function validateSuccessRule({ succeededCount, succeededIndexes }: SuccessPolicyRule, path: FieldPath, completions: number): FieldError[] {
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined)
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  let indexes = 0;
  if (succeededIndexes !== undefined) {
    const at = path.child('succeededIndexes');
    if (byteLength(succeededIndexes) > MAX_INDEXES_TEXT) errors.push(tooLong(at, MAX_INDEXES_TEXT));
    const parsed = parseIndexes(succeededIndexes, completions);
    if (typeof parsed === 'string') errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${parsed}`));
    else indexes = parsed.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }
  if (succeededCount === undefined) return errors;
  const at = path.child('succeededCount');
  errors.push(...validateNonNegative(succeededCount, at));
  const atMost = (n: number, what: string) => invalid(at, succeededCount, `must be less than or equal to ${n} (the number of ${what})`);
  if (succeededCount > completions) errors.push(atMost(completions, 'specified completions'));
  if (succeededIndexes !== undefined && succeededCount > indexes)
    errors.push(atMost(indexes, 'indexes in the specified succeededIndexes field'));
  return errors;
}

/** Indexes from one to another, both inclusive. */
export type Interval = readonly [first: number, last: number];

/** Reads `1,3-5`. @returns the intervals, or what is wrong */
export function parseIndexes(text: string, completions: number): Interval[] | string {
  const intervals: Interval[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return interval;
    const previous = intervals.at(-1)?.[1];
    if (previous !== undefined && previous >= interval[0]) return `non-increasing order, previous: ${previous}, current: ${interval[0]}`;
    intervals.push(interval);
  }
  return intervals;
}

/** Reads `3-5` or `3`. @returns the interval, or what is wrong */
export function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  for (const limit of limits) {
    if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
  }
  const [first = 0, last = first] = limits.map(Number);
  if (limits.length === 2 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`;
  return [first, last];
}
