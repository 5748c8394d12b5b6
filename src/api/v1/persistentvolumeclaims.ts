import { define } from '../definition.js';
import { validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { hasInvalidValues } from '../meta/label-selector.js';
import { semanticEqual, validateImmutable } from '../meta/metadata.js';
import { compare, sign } from '../meta/quantity.js';
import { STORAGE_CLASS_ANNOTATION } from '../meta/well-known.js';
import { defaultClaimSpec, validateClaimSpec } from '../shared/claim-spec.js';
import { difference } from '../shared/pod/rules.js';
import { age } from '../shared/format.js';
import { roundQuantities } from '../shared/pod/defaults.js';
import { claimWarnings } from '../shared/pod/warnings.js';
import { isNativeResource, validateResourceAmount } from '../shared/resource-names.js';
import { accessModesText, storageClassOf } from '../shared/storage.js';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../types/core-v1.gen.js';

const SPEC = at('spec');
const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

export default define<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  resource: 'persistentvolumeclaims',
  returnDeletedObject: true,
  defaults: ({ spec, status }) => {
    status.phase ||= 'Pending';
    defaultClaimSpec(spec);
    for (const amounts of [spec.resources?.limits, spec.resources?.requests, status.capacity, status.allocatedResources])
      roundQuantities(amounts);
  },
  prepare: ({ spec }, old) => prepareSources(spec, old?.spec),
  prepareCreate: (claim) => {
    claim.status = {};
  },
  complete: (claim) => (claim.status.phase ? claim : { ...claim, status: { ...claim.status, phase: 'Pending' } }),
  validate: ({ spec }) => validateClaimSpec(spec, SPEC),
  validateUpdate: validateChange,
  subresources: { status: { validate: validateStatus } },
  warnings: ({ metadata, spec }) => {
    const beta = `metadata.annotations[${STORAGE_CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`;
    return [...(Object.hasOwn(metadata.annotations ?? {}, STORAGE_CLASS_ANNOTATION) ? [beta] : []), ...claimWarnings(spec, SPEC)];
  },
  row: (claim, { now }) => {
    const { metadata, spec, status } = claim;
    const bound = Boolean(spec.volumeName);
    return [
      metadata.name,
      metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? ''),
      spec.volumeName ?? '',
      bound ? (status.capacity?.storage ?? '0') : '',
      bound ? accessModesText(status.accessModes) : '',
      storageClassOf(claim),
      spec.volumeAttributesClassName ?? '<unset>',
      age(claim, now),
      spec.volumeMode ?? '<unset>',
    ];
  },
});

/**
 * dataSource came first and holds claims and snapshots only: anything else there was always dropped. dataSourceRef holds
 * anything, and each of the two is filled in from the other (KEP-1495).
 */
function prepareSources(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec | undefined): void {
  const { dataSource: source, dataSourceRef: ref } = spec;
  // reading from another namespace is off by default (KEP-3294)
  if (ref?.namespace && !old?.dataSourceRef) spec.dataSourceRef = undefined;
  const inUse = Boolean(old?.dataSource ?? old?.dataSourceRef);
  if (!inUse && !spec.dataSourceRef && source && !isClassicSource(source)) spec.dataSource = undefined;
  normalizeSources(spec);
}

function isClassicSource({ apiGroup, kind }: { apiGroup?: string | undefined; kind: string }): boolean {
  return (kind === 'PersistentVolumeClaim' && !apiGroup) || (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');
}

function normalizeSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource: source, dataSourceRef: ref } = spec;
  if (source && !ref) spec.dataSourceRef = { ...source };
  else if (ref && !source && !ref.namespace) spec.dataSource = { apiGroup: ref.apiGroup, kind: ref.kind, name: ref.name };
}

function validateChange(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const { spec } = claim;
  const errors = validateClaimSpec(spec, SPEC, {
    allowInvalidSelectorValues: hasInvalidValues(old.spec.selector),
    allowInvalidAPIGroup: Boolean(old.spec.dataSource?.apiGroup ?? old.spec.dataSourceRef?.apiGroup),
  });
  errors.push(...validateFrozen(claim, old));
  const size = spec.resources?.requests?.storage ?? '0';
  if (compare(size, old.spec.resources?.requests?.storage ?? '0') < 0 && compare(size, old.status.capacity?.storage ?? '0') <= 0)
    errors.push(forbidden(SPEC.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'));
  errors.push(...validateImmutable(spec.volumeMode, old.spec.volumeMode, at('volumeMode')));
  const path = SPEC.child('volumeAttributesClassName');
  const current = 'is forbidden when status.currentVolumeAttributesClassName is not nil';
  const changed = spec.volumeAttributesClassName !== old.spec.volumeAttributesClassName;
  if (!changed || old.status.currentVolumeAttributesClassName === undefined) return errors;
  if (spec.volumeAttributesClassName === undefined) errors.push(forbidden(path, `update to nil ${current}`));
  else if (spec.volumeAttributesClassName === '') errors.push(forbidden(path, `update to empty string ${current}`));
  return errors;
}

/** All but the size and the attributes of a bound claim; the volume and the class may be set once. */
function validateFrozen(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  const next = structuredClone(claim.spec);
  const before = structuredClone(old.spec);
  normalizeSources(before);
  if (!before.volumeName) before.volumeName = next.volumeName;
  const [annotation, oldAnnotation] = [
    claim.metadata.annotations?.[STORAGE_CLASS_ANNOTATION],
    old.metadata.annotations?.[STORAGE_CLASS_ANNOTATION],
  ];
  const unclassed = before.storageClassName === undefined && next.storageClassName !== undefined;
  const movesToField = unclassed && oldAnnotation === next.storageClassName && (annotation ?? oldAnnotation) === oldAnnotation;
  if (!movesToField && (annotation ?? '') !== (oldAnnotation ?? ''))
    errors.push(invalid(at('metadata', 'annotations', STORAGE_CLASS_ANNOTATION), annotation ?? '', 'field is immutable'));
  if (unclassed && (oldAnnotation ?? next.storageClassName) === next.storageClassName) next.storageClassName = undefined;
  if (claim.status.phase === 'Bound') {
    if (next.resources?.requests) next.resources.requests.storage = before.resources?.requests?.storage ?? '0';
    next.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!semanticEqual(next, before))
    errors.push(
      forbidden(
        SPEC,
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${difference(before, next, 'core.PersistentVolumeClaimSpec')}`,
      ),
    );
  return errors;
}

function validateStatus({ spec, status }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.accessModes?.length) errors.push(required(at('Spec', 'accessModes')));
  for (const [name, amount] of Object.entries(status.capacity ?? {}))
    errors.push(...validateNotNegative(amount, at('status', 'capacity').key(name)));
  const statuses = at('status', 'allocatedResourceStatuses');
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...validateResource(name, statuses));
    if (!RESIZE_STATES.includes(state)) errors.push(notSupported(statuses, name, RESIZE_STATES));
  }
  const allocated = at('status', 'allocatedResources');
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const wrong = [...validateResource(name, allocated), ...validateNotNegative(amount, allocated.key(name))];
    errors.push(...(wrong.length > 0 ? wrong : validateResourceAmount('storage', amount, allocated.key(name))));
  }
  return errors;
}

function validateResource(name: string, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(name, path);
  if (errors.length === 0 && isNativeResource(name) && name !== 'storage') errors.push(notSupported(path, name, ['storage']));
  return errors;
}

function validateNotNegative(amount: string, path: FieldPath): FieldError[] {
  return sign(amount) < 0 ? [invalid(path, Number(amount), 'must be a valid resource quantity')] : [];
}
