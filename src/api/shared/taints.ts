import { validateChoice, validateQualifiedName } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { isLabelValue } from '../meta/names.js';
import { goValue } from '../shared/go-value.js';
import type { Taint } from '../types/core-v1.gen.js';

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** @returns all that is wrong with a node's taints */
export function validateTaints(taints: readonly Taint[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const at = path.index(i);
    const errors = validateQualifiedName(taint.key, at.child('key'));
    const value = isLabelValue(taint.value ?? '');
    if (value.length > 0) errors.push(invalid(at.child('value'), taint.value, value.join(';')));
    errors.push(...validateChoice(taint.effect, at.child('effect'), TAINT_EFFECTS));
    const identity = JSON.stringify([taint.key, taint.effect]);
    if (seen.has(identity))
      errors.push(
        duplicate(
          at,
          goValue({ key: taint.key, value: taint.value ?? '', effect: taint.effect, timeAdded: taint.timeAdded ?? null }),
          'taints must be unique by key and effect pair',
        ),
      );
    seen.add(identity);
    return errors;
  });
}
