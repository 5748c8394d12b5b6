// What a pod says to the scheduler beyond affinity: tolerations, spreading, gates.
import { duplicate, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../../meta/field-errors.js';
import { validateLabelSelector } from '../../meta/label-selector.js';
import { isLabelValue } from '../../meta/names.js';
import type { PodSchedulingGate, PodSpec, Toleration, TopologySpreadConstraint } from '../../types/core-v1.gen.js';
import { TAINT_EFFECTS } from '../taints.js';
import { type LabelKeys, validateLabelKeys } from './affinity.js';
import { validateChoice, validateOptionalChoice, validateQualifiedName } from '../../meta/checks.js';

/** @returns all that is wrong with a pod's tolerations */
export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath): FieldError[] {
  return tolerations.flatMap(({ key, operator, value = '', effect, tolerationSeconds }, i) => {
    const at = path.index(i);
    const errors = key ? validateQualifiedName(key, at.child('key')) : [];
    if (!key && operator !== 'Exists') {
      const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(at.child('operator'), operator ?? '', text));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalid(at.child('effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    errors.push(...validateOperator(operator, at.child('operator'), value));
    errors.push(...validateOptionalChoice(effect || undefined, at.child('effect'), TAINT_EFFECTS));
    return errors;
  });
}

function validateOperator(operator: string | undefined, path: FieldPath, value: string): FieldError[] {
  if (!operator || operator === 'Equal') {
    const wrong = isLabelValue(value);
    return wrong.length > 0 ? [invalid(path, value, wrong.join(';'))] : [];
  }
  if (operator === 'Exists') return value === '' ? [] : [invalid(path, value, "value must be empty when `operator` is 'Exists'")];
  // Lt and Gt wait for a feature that v1.36 has switched off, but its message knows them
  const known = operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
  return [notSupported(path, operator, known)];
}

/** @returns all that is wrong with a pod's topology spread constraints */
export function validateSpread(constraints: readonly TopologySpreadConstraint[], path: FieldPath): FieldError[] {
  return constraints.flatMap((constraint, i) => {
    const at = path.index(i);
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const errors: FieldError[] = [];
    if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'));
    errors.push(...validateChoice(whenUnsatisfiable, at.child('whenUnsatisfiable'), ['DoNotSchedule', 'ScheduleAnyway'], 'unsupported'));
    if (constraints.slice(i + 1).some((c) => c.topologyKey === topologyKey && c.whenUnsatisfiable === whenUnsatisfiable))
      errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`));
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(at.child('minDomains'), minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        errors.push(invalid(at.child('minDomains'), minDomains, text));
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
      if (constraint[field] !== undefined)
        errors.push(...validateChoice(constraint[field], at.child(field), ['Honor', 'Ignore'], 'unsupported'));
    errors.push(...validateLabelKeys(constraint, at));
    return [...errors, ...validateLabelSelector(constraint.labelSelector, at.child('labelSelector'))];
  });
}

/** Names of gates are qualified, and each is there once. */
export function validateSchedulingGates(gates: readonly PodSchedulingGate[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return gates.flatMap(({ name }, i) => {
    const errors = validateQualifiedName(name, path.index(i));
    if (seen.has(name)) errors.push(duplicate(path.index(i), name));
    seen.add(name);
    return errors;
  });
}

/** Gates may only go. */
export function validateGatesUpdate(gates: readonly PodSchedulingGate[], old: readonly PodSchedulingGate[], path: FieldPath): FieldError[] {
  return gates.flatMap(({ name }, i) => {
    if (old.some((g) => g.name === name)) return [];
    return [forbidden(path.index(i).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`)];
  });
}

/** Adds what matchLabelKeys and mismatchLabelKeys say to the selectors beside them, in place, by the labels of the pod. */
export function mergeLabelKeys({ affinity, topologySpreadConstraints = [] }: PodSpec, labels: Readonly<Record<string, string>> = {}): void {
  const terms: LabelKeys[] = [...topologySpreadConstraints];
  for (const side of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    terms.push(...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []));
    terms.push(...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((t) => t.podAffinityTerm));
  }
  for (const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } of terms) {
    if (!labelSelector) continue;
    const added = [
      ...matchLabelKeys.map((key) => ({ key, operator: 'In' })),
      ...mismatchLabelKeys.map((key) => ({ key, operator: 'NotIn' })),
    ].filter(({ key }) => labels[key] !== undefined);
    if (added.length === 0) continue;
    const expressions = added.map(({ key, operator }) => ({ key, operator, values: [labels[key] ?? ''] }));
    labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...expressions];
  }
}
