// What a claim for storage asks for: in PersistentVolumeClaims, in ephemeral volumes, in the templates of StatefulSets.
import { invalids, validateDNSSubdomain, validateOptionalChoice } from '../meta/checks.js';
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { validateLabelSelector } from '../meta/label-selector.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { sign } from '../meta/quantity.js';
import type { PersistentVolumeClaimSpec, TypedLocalObjectReference, TypedObjectReference } from '../types/core-v1.gen.js';

/** What a claim that exists makes acceptable. */
export interface ClaimSpecOptions {
  /** What a stored object already has goes on being accepted. */
  readonly allowInvalidSelectorValues?: boolean;
  readonly allowInvalidAPIGroup?: boolean;
}

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] as const;
export const VOLUME_MODES = ['Block', 'Filesystem'] as const;

/** Fills in what every claim has (SetDefaults_PersistentVolumeClaimSpec). */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
}

/** @returns all that is wrong with what a claim asks for */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath, options: ClaimSpecOptions = {}): FieldError[] {
  const errors = validateAccessModes(spec.accessModes ?? [], path.child('accessModes'));
  errors.push(
    ...validateLabelSelector(spec.selector, path.child('selector'), { allowInvalidValues: options.allowInvalidSelectorValues ?? false }),
  );
  const storage = spec.resources?.requests?.storage;
  const storagePath = path.child('resources').key('storage');
  if (storage === undefined) errors.push(required(storagePath));
  else if (sign(storage) <= 0) errors.push(invalid(storagePath, storage, 'must be greater than zero'));
  errors.push(...validateClassName(spec.storageClassName, path.child('storageClassName')));
  errors.push(...validateOptionalChoice(spec.volumeMode, path.child('volumeMode'), VOLUME_MODES));
  errors.push(...validateSources(spec, path, options));
  errors.push(...validateClassName(spec.volumeAttributesClassName, path.child('volumeAttributesClassName')));
  return errors;
}

function validateAccessModes(modes: readonly string[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (modes.length === 0) errors.push(required(path, 'at least 1 access mode is required'));
  for (const mode of modes) if (!(ACCESS_MODES as readonly string[]).includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES));
  const others = modes.some((m) => m !== 'ReadWriteOncePod' && (ACCESS_MODES as readonly string[]).includes(m));
  if (modes.includes('ReadWriteOncePod') && others) errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateClassName(name: string | undefined, path: FieldPath): FieldError[] {
  return name ? validateDNSSubdomain(name, path) : [];
}

function validateSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: FieldPath,
  options: ClaimSpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateSource(dataSource, path.child('dataSource'), options));
  if (dataSourceRef) {
    errors.push(...validateSource(dataSourceRef, path.child('dataSourceRef'), options));
    const { namespace } = dataSourceRef;
    if (namespace) errors.push(...invalids(path.child('dataSourceRef', 'namespace'), namespace, nameIsDNSLabel(namespace, false)));
  }
  if (!dataSource || !dataSourceRef) return errors;
  // upstream shows the path of the field where its value is meant, which prints as {}
  if (dataSourceRef.namespace) errors.push(invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  else if ((['apiGroup', 'kind', 'name'] as const).some((f) => dataSource[f] !== dataSourceRef[f]))
    errors.push(invalid(path, {}, 'must match dataSourceRef'));
  return errors;
}

function validateSource(
  source: TypedLocalObjectReference | TypedObjectReference,
  path: FieldPath,
  options: ClaimSpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup, kind, name } = source;
  if (!name) errors.push(required(path.child('name')));
  if (!kind) errors.push(required(path.child('kind')));
  if (!apiGroup && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup && !options.allowInvalidAPIGroup) errors.push(...validateDNSSubdomain(apiGroup, path.child('apiGroup')));
  return errors;
}
