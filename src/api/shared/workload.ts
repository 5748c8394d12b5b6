// What the kinds that make pods from a template have in common.
import { invalids } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { compileLabelSelector, isEmptyLabelSelector, shownSelector, validateLabelSelector } from '../meta/label-selector.js';
import { validateNonNegative } from '../meta/metadata.js';
import { isDNS1123Label, isPercent } from '../meta/names.js';
import type { KubeObject } from '../meta/object.js';
import type { LabelSelection } from '../meta/selectors.js';
import { age, containerCells } from './format.js';
import type { PodTemplateSpec } from '../types/core-v1.gen.js';
import type { IntOrString, LabelSelector } from '../types/meta-v1.gen.js';

/** Checks a workload's selector, which is required and may not be empty. @param kind as the message names it */
export function validateWorkloadSelector(selector: LabelSelector | undefined, path: FieldPath, kind: string): FieldError[] {
  if (!selector) return [required(path)];
  const errors = validateLabelSelector(selector, path);
  if (isEmptyLabelSelector(selector)) errors.push(invalid(path, shownSelector(selector), `empty selector is invalid for ${kind}`));
  return errors;
}

/** Tells which pods a workload owns, by their labels. */
export type Selecting = Pick<LabelSelection, 'matches'>;

const NOTHING: Selecting = { matches: () => false };

/** @returns the compiled selector, or the error of one that cannot be compiled; an absent one matches nothing */
export function compileSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  detail = 'invalid label selector',
): Selecting | FieldError {
  if (!selector) return NOTHING;
  try {
    return compileLabelSelector(selector);
  } catch {
    return invalid(path, shownSelector(selector), detail);
  }
}

/** A number or a percentage, neither negative. */
export function validateCountOrPercent(value: IntOrString | undefined, path: FieldPath): FieldError[] {
  if (typeof value === 'string') return invalids(path, value, isPercent(value));
  return validateNonNegative(value ?? 0, path);
}

/** The number, or that of the percentage; 0 for text that is neither. */
export function countOrPercent(value: IntOrString | undefined): number {
  if (typeof value !== 'string') return value ?? 0;
  return /^(?:\d+%|[+-]?\d+)$/.test(value) ? Number.parseInt(value, 10) : 0;
}

/** A percentage is no more than the whole; numbers may be anything. */
export function validateAtMost100Percent(value: IntOrString | undefined, path: FieldPath): FieldError[] {
  const over = typeof value === 'string' && isPercent(value).length === 0 && countOrPercent(value) > 100;
  return over ? [invalid(path, value, 'must not be greater than 100%')] : [];
}

/** Counters of a status: none is negative. */
export function validateCounters<K extends string>(status: { readonly [F in K]?: number | undefined }, fields: readonly K[]): FieldError[] {
  return fields.flatMap((field) => validateNonNegative(status[field] ?? 0, at('status', field)));
}

/** Pods counted in `fields` are among those counted in `of`; the message names the latter as `shown`. */
export function validateAmong<K extends string>(
  status: { readonly [F in K]?: number | undefined },
  fields: readonly K[],
  of: K,
  shown: string = of,
): FieldError[] {
  const most = status[of] ?? 0;
  return fields.flatMap((field) => {
    const count: number = status[field] ?? 0;
    return count > most ? [invalid(at('status', field), count, `cannot be greater than ${shown}`)] : [];
  });
}

/** A controller that found its hash taken counts up, never down. */
export function validateCollisionCount(now: number | undefined, old: number | undefined): FieldError[] {
  const decremented = old !== undefined && (now === undefined || now < old);
  return decremented ? [invalid(at('status', 'collisionCount'), now ?? 0, 'cannot be decremented')] : [];
}

/**
 * Warnings about a kind that makes pods: of a new one its name too, of a changed one nothing while its spec is the same.
 * @param ofTemplate finds what is to be said of the pods
 */
export function workloadWarnings({ metadata }: KubeObject, old: KubeObject | undefined, ofTemplate: () => string[]): string[] {
  if (!old) return [...podNameWarnings(metadata.name), ...ofTemplate()];
  return old.metadata.generation === metadata.generation ? [] : ofTemplate();
}

interface Replicated extends KubeObject {
  readonly spec: { readonly replicas?: number | undefined; readonly template?: PodTemplateSpec | undefined };
  readonly status: { readonly replicas: number; readonly readyReplicas?: number | undefined };
}

/** Cells of the table of what keeps a number of equal pods. @param selector the text of its selector */
export function replicaRow({ metadata, spec, status }: Replicated, selector: string, now: number): unknown[] {
  return [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas,
    status.readyReplicas ?? 0,
    age({ metadata }, now),
    ...containerCells(spec.template?.spec?.containers),
    selector,
  ];
}

/** Warns of names that make bad names of pods. */
function podNameWarnings(name: string): string[] {
  const wrong = isDNS1123Label(name);
  if (wrong.length === 0) return [];
  const text = 'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${text}: [${wrong.join(' ')}]`];
}
