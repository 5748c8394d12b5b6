// Where a PersistentVolume's data lies: exactly one storage system.
import { type FieldError, type FieldPath, forbidden, invalid, required } from '../meta/field-errors.js';
import { byteLength, isDNS1123Label, isDNS1123Subdomain, nameIsDNSLabel } from '../meta/names.js';
import { invalids, requireText, validateNoBacksteps } from '../meta/checks.js';
import { NO_INITIATOR, storageVolumeRules, validateISCSI } from './pod/storage-volumes.js';
import { validateDriverName, validateHostPath } from './pod/volumes.js';
import type {
  CSIPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from '../types/core-v1.gen.js';

/** In the order in which upstream looks at them: the first one counts, further ones are refused. */
export const VOLUME_SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];

type Source = (typeof VOLUME_SOURCES)[number];

/** @returns all that is wrong with the volume's source; `name` is the volume's */
export function validateVolumeSource(spec: PersistentVolumeSpec, path: FieldPath, name: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  for (const source of VOLUME_SOURCES) {
    if (spec[source] === undefined) continue;
    // a flexVolume is not counted against what comes before it
    if (found && source !== 'flexVolume') {
      errors.push(forbidden(path.child(source === 'cephfs' ? 'cephFS' : source), 'may not specify more than 1 volume type'));
      continue;
    }
    found = true;
    errors.push(...validateSource(source, path.child(source === 'gcePersistentDisk' ? 'persistentDisk' : source), spec, name));
    if (source === 'local' && !spec.nodeAffinity) errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
  return errors;
}

function validateSource(source: Source, path: FieldPath, spec: PersistentVolumeSpec, name: string): FieldError[] {
  switch (source) {
    case 'hostPath':
      return spec.hostPath ? validateHostPath(spec.hostPath, path) : [];
    case 'local':
      return spec.local?.path ? validateNoBacksteps(spec.local.path, path.child('path')) : [required(path.child('path'))];
    case 'csi':
      return spec.csi ? validateCSI(spec.csi, path) : [];
    case 'iscsi':
      return spec.iscsi ? validatePersistentISCSI(spec.iscsi, path, name) : [];
    default: {
      const rule = storageVolumeRules[source] as (value: unknown, path: FieldPath) => FieldError[];
      return [...rule(spec[source], path), ...validateOwn(source, path, spec)];
    }
  }
}

/** What a PersistentVolume's source has beyond a pod's: objects in other namespaces. */
function validateOwn(source: Source, path: FieldPath, spec: PersistentVolumeSpec): FieldError[] {
  switch (source) {
    case 'cinder':
      return spec.cinder?.secretRef ? requireText(spec.cinder.secretRef.namespace, path.child('secretRef', 'namespace')) : [];
    case 'storageos':
      return spec.storageos?.secretRef ? requireText(spec.storageos.secretRef.namespace, path.child('secretRef', 'namespace')) : [];
    case 'azureFile':
      return spec.azureFile?.secretNamespace === '' ? [required(path.child('secretNamespace'))] : [];
    case 'glusterfs': {
      const namespace = spec.glusterfs?.endpointsNamespace;
      const at = path.child('endpointsNamespace');
      if (namespace === undefined) return [];
      if (namespace === '') return [invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name')];
      return invalids(at, namespace, nameIsDNSLabel(namespace, false));
    }
    default:
      return [];
  }
}

function validatePersistentISCSI(source: ISCSIPersistentVolumeSource, path: FieldPath, name: string): FieldError[] {
  const errors = validateISCSI(source, path, NO_INITIATOR);
  const { initiatorName, targetPortal, secretRef } = source;
  if (secretRef) errors.push(...requireText(secretRef.name, path.child('secretRef', 'name')));
  if (initiatorName !== undefined && byteLength(`${name}:${targetPortal}`) > 64)
    errors.push(
      invalid(
        path.child('targetportal'),
        targetPortal,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  return errors;
}

function validateCSI(csi: CSIPersistentVolumeSource, path: FieldPath): FieldError[] {
  const secrets = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const;
  return [
    ...validateDriverName(csi.driver, path.child('driver')),
    ...requireText(csi.volumeHandle, path.child('volumeHandle')),
    ...secrets.flatMap((field) => (csi[field] ? validateSecret(csi[field], path.child(field)) : [])),
  ];
}

function validateSecret({ name, namespace }: SecretReference, path: FieldPath): FieldError[] {
  const check = (field: string, value: string | undefined, rule: (value: string) => string[]) =>
    value ? invalids(path.child(field), value, rule(value)) : [required(path.child(field))];
  return [...check('name', name, isDNS1123Subdomain), ...check('namespace', namespace, isDNS1123Label)];
}
