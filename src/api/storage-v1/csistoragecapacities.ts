import { define } from '../definition.js';
import { validateDNSSubdomain } from '../meta/checks.js';
import { at, type FieldError, invalid } from '../meta/field-errors.js';
import { hasInvalidValues, validateLabelSelector } from '../meta/label-selector.js';
import { FIELD_IMMUTABLE, NOT_NEGATIVE, semanticEqual } from '../meta/metadata.js';
import { sign } from '../meta/quantity.js';
import { NODE_LABELS } from '../shared/pod/warnings.js';
import type { CSIStorageCapacity } from '../types/storage-v1.gen.js';

export default define<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'csistoragecapacities',
  unconditionalUpdate: false,
  validate: (capacity) => validate(capacity, false),
  validateUpdate: (capacity, old) => {
    const errors = validate(capacity, hasInvalidValues(old.nodeTopology));
    // a selector of everything is not none
    const appeared = (capacity.nodeTopology === undefined) !== (old.nodeTopology === undefined);
    if (appeared || !semanticEqual(capacity.nodeTopology, old.nodeTopology))
      errors.push(invalid(at('nodeTopology'), capacity.nodeTopology ?? null, FIELD_IMMUTABLE));
    if (capacity.storageClassName !== old.storageClassName)
      errors.push(invalid(at('storageClassName'), capacity.storageClassName, FIELD_IMMUTABLE));
    return errors;
  },
  warnings: ({ nodeTopology }) => {
    const path = at('nodeTopology');
    const labels = Object.keys(nodeTopology?.matchLabels ?? {}).map((key) => [path.child('matchLabels').key(key), key] as const);
    const keys = (nodeTopology?.matchExpressions ?? []).map(
      ({ key }, i) => [path.child('matchExpressions').index(i).child('key'), key] as const,
    );
    return [...keys, ...labels].flatMap(([where, key]) => (NODE_LABELS[key] ? [`${where.toString()}: ${key} is ${NODE_LABELS[key]}`] : []));
  },
});

function validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity, allowInvalidValues: boolean): FieldError[] {
  const errors = validateLabelSelector(nodeTopology, at('nodeTopology'), { allowInvalidValues });
  errors.push(...validateDNSSubdomain(storageClassName, at('storageClassName')));
  if (capacity !== undefined && sign(capacity) < 0) errors.push(invalid(at('capacity'), capacity, NOT_NEGATIVE));
  return errors;
}
