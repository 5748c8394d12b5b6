// The spec of a PersistentVolume, by itself or within a VolumeAttachment.
import { validateDNSSubdomain, validateOptionalChoice } from '../meta/checks.js';
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import { sign } from '../meta/quantity.js';
import type { PersistentVolumeSpec } from '../types/core-v1.gen.js';
import { ACCESS_MODES, VOLUME_MODES } from './claim-spec.js';
import { validateNodeSelector } from './pod/affinity.js';
import { validateVolumeSource } from './volume-sources.js';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

/** @returns all that is wrong with the spec of the volume `name` */
export function validateVolumeSpec(spec: PersistentVolumeSpec, path: FieldPath, name: string): FieldError[] {
  const errors = [...validateAccessModes(spec, path), ...validateCapacity(spec, path)];
  const policy = spec.persistentVolumeReclaimPolicy;
  const policyPath = path.child('persistentVolumeReclaimPolicy');
  errors.push(...validateOptionalChoice(policy || undefined, policyPath, RECLAIM_POLICIES));
  if (spec.nodeAffinity) {
    const selector = spec.nodeAffinity.required;
    const at = path.child('nodeAffinity', 'required');
    errors.push(...(selector ? validateNodeSelector(selector, at) : [required(at, 'must specify required node constraints')]));
  }
  errors.push(...validateVolumeSource(spec, path, name), ...validateRecycling(spec, policyPath));
  const className = spec.storageClassName;
  if (className) errors.push(...validateDNSSubdomain(className, path.child('storageClassName')));
  errors.push(...validateOptionalChoice(spec.volumeMode, path.child('volumeMode'), VOLUME_MODES));
  return [...errors, ...validateAttributesClass(spec, path)];
}

/** A VolumeAttachment holds the spec of a volume that was named in a pod and translated to CSI; it has nothing else. */
export function validateInlineVolumeSpec(spec: PersistentVolumeSpec, path: FieldPath): FieldError[] {
  const inline = 'in the context of inline volumes';
  const errors: FieldError[] = [];
  const forbid = (field: string, text = 'may not be specified') => errors.push(forbidden(path.child(field), `${text} ${inline}`));
  if (spec.claimRef) forbid('claimRef');
  if (Object.keys(spec.capacity ?? {}).length > 0) forbid('capacity');
  if (!spec.csi) errors.push(required(path.child('csi'), `has to be specified ${inline}`));
  errors.push(...validateAccessModes(spec, path));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain') forbid('persistentVolumeReclaimPolicy', 'may only be Retain');
  if (spec.nodeAffinity) forbid('nodeAffinity');
  errors.push(...validateVolumeSource(spec, path, ''), ...validateRecycling(spec, path.child('persistentVolumeReclaimPolicy')));
  if (spec.storageClassName) forbid('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    forbid('volumeMode', 'may not specify volumeMode other than Filesystem');
  return errors;
}

function validateRecycling({ hostPath, persistentVolumeReclaimPolicy: policy }: PersistentVolumeSpec, path: FieldPath): FieldError[] {
  const isRoot = hostPath?.path.startsWith('/') === true && /^[/.]*$/.test(hostPath.path);
  return policy === 'Recycle' && isRoot ? [forbidden(path, "may not be 'recycle' for a hostPath mount of '/'")] : [];
}

function validateAccessModes({ accessModes = [] }: PersistentVolumeSpec, parent: FieldPath): FieldError[] {
  const path = parent.child('accessModes');
  if (accessModes.length === 0) return [required(path)];
  const errors = accessModes.filter((mode) => !ACCESS_MODES.includes(mode)).map((mode) => notSupported(path, mode, ACCESS_MODES));
  if (accessModes.includes('ReadWriteOncePod') && accessModes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode)))
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateCapacity(spec: PersistentVolumeSpec, parent: FieldPath): FieldError[] {
  const { capacity = {} } = spec;
  const path = parent.child('capacity');
  const names = Object.keys(capacity);
  const errors: FieldError[] = [];
  if (names.length === 0) errors.push(required(path));
  if (capacity.storage === undefined || names.length > 1) errors.push(notSupported(path, asGiven(spec, 'capacity'), ['storage']));
  for (const [name, amount] of Object.entries(capacity)) {
    if (sign(amount) < 0) errors.push(invalid(path.key(name), Number(amount), 'must be a valid resource quantity'));
    if (sign(amount) <= 0) errors.push(invalid(path.key(name), amount, 'must be greater than zero'));
  }
  return errors;
}

function validateAttributesClass({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, parent: FieldPath): FieldError[] {
  if (name === undefined) return [];
  const path = parent.child('volumeAttributesClassName');
  const errors = name === '' ? [required(path, 'an empty string is disallowed')] : validateDNSSubdomain(name, path);
  if (!csi) errors.push(required(parent.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  return errors;
}
