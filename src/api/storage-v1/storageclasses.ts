import { define } from '../definition.js';
import { validateDistinct, validateOptionalChoice, validateQualifiedName } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, notSupported, required } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import { validateImmutable } from '../meta/metadata.js';
import { DEFAULT_STORAGE_CLASS_ANNOTATIONS } from '../meta/well-known.js';
import { age } from '../shared/format.js';
import { NODE_LABELS } from '../shared/pod/warnings.js';
import { validateParameters, validateProvisioner } from '../shared/storage-classes.js';
import type { TopologySelectorTerm } from '../types/core-v1.gen.js';
import type { StorageClass } from '../types/storage-v1.gen.js';

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];

export default define<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  returnDeletedObject: true,
  defaults: (storageClass) => {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate: (storageClass, old) => [
    ...validate(storageClass),
    ...validateImmutable(storageClass.parameters, old.parameters, at('parameters'), asGiven(storageClass, 'parameters')),
    ...(['provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
      validateImmutable(storageClass[field], old[field], at(field)),
    ),
  ],
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const path = at('allowedTopologies').index(i).child('matchLabelExpressions').index(j).child('key');
        return NODE_LABELS[key] ? [`${path.toString()}: ${NODE_LABELS[key]}`] : [];
      }),
    ),
  row: (storageClass, { now }) => {
    const { metadata, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion } = storageClass;
    const isDefault = DEFAULT_STORAGE_CLASS_ANNOTATIONS.some((annotation) => metadata.annotations?.[annotation] === 'true');
    return [
      isDefault ? `${metadata.name} (default)` : metadata.name,
      provisioner,
      reclaimPolicy ?? 'Delete',
      volumeBindingMode ?? 'Immediate',
      allowVolumeExpansion ?? false,
      age(storageClass, now),
    ];
  },
});

function validate({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies = [] }: StorageClass): FieldError[] {
  const errors = [...validateProvisioner(provisioner, at('provisioner')), ...validateParameters(parameters, at('parameters'), false)];
  errors.push(...validateOptionalChoice(reclaimPolicy || undefined, at('reclaimPolicy'), RECLAIM_POLICIES));
  if (volumeBindingMode === undefined) errors.push(required(at('volumeBindingMode')));
  else if (!BINDING_MODES.includes(volumeBindingMode)) errors.push(notSupported(at('volumeBindingMode'), volumeBindingMode, BINDING_MODES));
  return [...errors, ...validateTopologies(allowedTopologies)];
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const seen: string[] = [];
  return terms.flatMap((term, i) => {
    const path = at('allowedTopologies').index(i);
    // the order of keys and values says nothing
    const identity = JSON.stringify(
      (term.matchLabelExpressions ?? [])
        .map(({ key, values }) => [key, [...(values ?? [])].sort()])
        .sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    );
    const same = seen.filter((other) => other === identity).length;
    seen.push(identity);
    // upstream compares an empty term with as many empty ones as there are terms, too
    const repeated = term.matchLabelExpressions?.length ? same : same + terms.length;
    return [...validateTerm(term, path), ...Array.from({ length: repeated }, () => duplicate(path.child('matchLabelExpressions'), ''))];
  });
}

function validateTerm({ matchLabelExpressions = [] }: TopologySelectorTerm, path: FieldPath): FieldError[] {
  const keys = new Set<string>();
  return matchLabelExpressions.flatMap(({ key, values: list }, i) => {
    const own = path.child('matchLabelExpressions').index(i);
    const values = list ?? [];
    const errors: FieldError[] = values.length === 0 ? [required(own.child('values'))] : [];
    errors.push(...validateDistinct(values, (j) => own.child('values').index(j)));
    errors.push(...validateQualifiedName(key, own.child('key')));
    if (keys.has(key)) errors.push(duplicate(own.child('key'), key));
    keys.add(key);
    return errors;
  });
}
