// Affinity to nodes and to other pods.
import { type FieldError, type FieldPath, forbidden, invalid, required } from '../../meta/field-errors.js';
import { validateLabelSelector } from '../../meta/label-selector.js';
import { isLabelValue, nameIsDNSLabel } from '../../meta/names.js';
import type { LabelSelector } from '../../types/meta-v1.gen.js';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../types/core-v1.gen.js';
import { invalids, validateDNSSubdomain, validateQualifiedName } from '../../meta/checks.js';

/** @returns all that is wrong with a pod's affinity */
export function validateAffinity(affinity: Affinity | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (affinity?.nodeAffinity) errors.push(...validateNodeAffinity(affinity.nodeAffinity, path.child('nodeAffinity')));
  for (const name of ['podAffinity', 'podAntiAffinity'] as const)
    if (affinity?.[name]) errors.push(...validatePodAffinity(affinity[name], path.child(name)));
  return errors;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

function validateNodeAffinity(affinity: NodeAffinity, path: FieldPath): FieldError[] {
  const errors = affinity[REQUIRED] ? validateNodeSelector(affinity[REQUIRED], path.child(REQUIRED)) : [];
  for (const [i, { weight, preference }] of (affinity[PREFERRED] ?? []).entries()) {
    const at = path.child(PREFERRED).index(i);
    errors.push(...validateWeight(weight, at));
    // labels that no node can have are let through where they are only preferred
    errors.push(...validateNodeSelectorTerm(preference, at.child('preference'), true));
  }
  return errors;
}

function validateWeight(weight: number, path: FieldPath): FieldError[] {
  return weight > 0 && weight <= 100 ? [] : [invalid(path.child('weight'), weight, 'must be in the range 1-100')];
}

/** Terms that a node must match one of. */
export function validateNodeSelector(selector: NodeSelector, path: FieldPath): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  const at = path.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => validateNodeSelectorTerm(term, at.index(i), false));
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, anyValues: boolean): FieldError[] {
  const labels = (term.matchExpressions ?? []).flatMap((r, i) =>
    validateLabelRequirement(r, path.child('matchExpressions').index(i), anyValues),
  );
  const fields = (term.matchFields ?? []).flatMap((r, i) => validateFieldRequirement(r, path.child('matchFields').index(i)));
  return [...labels, ...fields];
}

function validateLabelRequirement(requirement: NodeSelectorRequirement, path: FieldPath, anyValues: boolean): FieldError[] {
  const { key, operator } = requirement;
  const values = requirement.values ?? [];
  const at = path.child('values');
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  errors.push(...validateQualifiedName(key, path.child('key')));
  if (!anyValues) for (const [i, value] of values.entries()) errors.push(...invalids(at.index(i), value, isLabelValue(value)));
  return errors;
}

function validateFieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  else if (values.length !== 1)
    errors.push(required(path.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key !== 'metadata.name') errors.push(invalid(path.child('key'), key, 'not a valid field selector key'));
  else for (const [i, value] of values.entries()) errors.push(...validateDNSSubdomain(value, path.child('values').index(i)));
  return errors;
}

function validatePodAffinity(affinity: PodAffinity, path: FieldPath): FieldError[] {
  const errors = (affinity[REQUIRED] ?? []).flatMap((term, i) => validateTerm(term, path.child(REQUIRED).index(i)));
  for (const [i, { weight, podAffinityTerm }] of (affinity[PREFERRED] ?? []).entries()) {
    const at = path.child(PREFERRED).index(i);
    errors.push(...validateWeight(weight, at), ...validateTerm(podAffinityTerm, at.child('podAffinityTerm')));
  }
  return errors;
}

function validateTerm(term: PodAffinityTerm, path: FieldPath): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, path.child('labelSelector')),
    ...validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector')),
  ];
  for (const name of term.namespaces ?? []) errors.push(...invalids(path.child('namespace'), name, nameIsDNSLabel(name, false)));
  errors.push(...validateLabelKeys(term, path));
  if (!term.topologyKey) errors.push(required(path.child('topologyKey'), 'can not be empty'));
  return [...errors, ...validateQualifiedName(term.topologyKey ?? '', path.child('topologyKey'))];
}

/** A selector that also takes over values of the pod's own labels (KEP-3633). */
export interface LabelKeys {
  readonly labelSelector?: LabelSelector | undefined;
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
}

/** Labels of the pod itself that refine a selector (KEP-3633, KEP-3243). */
export function validateLabelKeys(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: LabelKeys,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, keys] of Object.entries({ matchLabelKeys, mismatchLabelKeys })) {
    if (keys.length > 0 && !labelSelector) errors.push(forbidden(path.child(name), 'must not be specified when labelSelector is not set'));
    else for (const [i, key] of keys.entries()) errors.push(...validateQualifiedName(key, path.child(name).index(i)));
  }
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key);
    // the server adds each key to the selector once; upstream leaves the field's name out of the path
    if (index >= 0 && selected.has(key)) errors.push(invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector'));
    selected.add(key);
  }
  for (const [i, key] of matchLabelKeys.entries())
    if (mismatchLabelKeys.includes(key))
      errors.push(invalid(path.child('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  return errors;
}
