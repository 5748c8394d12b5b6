// Volumes of storage systems, named directly in a pod. Most are long gone from Kubernetes, but their fields are still checked.
import { type FieldError, type FieldPath, invalid, notSupported, required } from '../../meta/field-errors.js';
import { byteLength, isInRange, rangeMessage } from '../../meta/names.js';
import type {
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
  Volume,
} from '../../types/core-v1.gen.js';
import { invalids, requireText, validateDNSLabel, validateOptionalChoice } from '../../meta/checks.js';

/** The rules of one kind of volume source. */
type Rule<K extends keyof Volume> = (source: NonNullable<Volume[K]>, path: FieldPath) => FieldError[];

/** Rules by the field of the volume that holds the source. */
export const storageVolumeRules = {
  gcePersistentDisk: (s, path) => [...requireText(s.pdName, path.child('pdName')), ...validatePartition(s.partition, path)],
  awsElasticBlockStore: (s, path) => [...requireText(s.volumeID, path.child('volumeID')), ...validatePartition(s.partition, path)],
  nfs: validateNFS,
  iscsi: validateISCSI,
  glusterfs: (s, path) => [...requireText(s.endpoints, path.child('endpoints')), ...requireText(s.path, path.child('path'))],
  flocker: validateFlocker,
  rbd: (s, path) => [...requireList(s.monitors, path.child('monitors')), ...requireText(s.image, path.child('image'))],
  cinder: (s, path) => [...requireText(s.volumeID, path.child('volumeID')), ...validateSecretRef(s.secretRef, path)],
  cephfs: (s, path) => requireList(s.monitors, path.child('monitors')),
  quobyte: validateQuobyte,
  fc: validateFC,
  flexVolume: validateFlex,
  azureFile: (s, path) => [...requireText(s.secretName, path.child('secretName')), ...requireText(s.shareName, path.child('shareName'))],
  vsphereVolume: (s, path) => requireText(s.volumePath, path.child('volumePath')),
  photonPersistentDisk: (s, path) => requireText(s.pdID, path.child('pdID')),
  portworxVolume: (s, path) => requireText(s.volumeID, path.child('volumeID')),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOS,
  scaleIO: (s, path) => [
    ...requireText(s.gateway, path.child('gateway')),
    ...requireText(s.system, path.child('system')),
    ...requireText(s.volumeName, path.child('volumeName')),
  ],
} as const satisfies { [K in keyof Volume]?: Rule<K> };

function requireList(list: readonly string[] | undefined, path: FieldPath): FieldError[] {
  return list?.length ? [] : [required(path)];
}

function validateSecretRef(ref: { name?: string | undefined } | undefined, path: FieldPath): FieldError[] {
  return ref && !ref.name ? [required(path.child('secretRef', 'name'))] : [];
}

function validatePartition(partition = 0, path: FieldPath): FieldError[] {
  // 0, the whole disk, is accepted too
  return partition < 0 || partition > 255 ? [invalid(path.child('partition'), partition, rangeMessage(1, 255))] : [];
}

function validateNFS(source: NFSVolumeSource, path: FieldPath): FieldError[] {
  const errors = [...requireText(source.server, path.child('server')), ...requireText(source.path, path.child('path'))];
  if (!source.path?.startsWith('/')) errors.push(invalid(path.child('path'), source.path ?? '', 'must be an absolute path'));
  return errors;
}

const INITIATORS: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

/** What is said of names of initiators. */
export const NO_INITIATOR = 'must be valid format';

function validateInitiator(name: string, path: FieldPath, noPrefix: string): FieldError[] {
  const pattern = INITIATORS[name.slice(0, 3)];
  if (!pattern) return [invalid(path, name, noPrefix)];
  return pattern.test(name) ? [] : [invalid(path, name, NO_INITIATOR)];
}

/** @param noPrefix what is said of names without one of the prefixes */
export function validateISCSI(
  source: ISCSIVolumeSource,
  path: FieldPath,
  noPrefix = 'must be valid format starting with iqn, eui, or naa',
): FieldError[] {
  const errors = requireText(source.targetPortal, path.child('targetPortal'));
  if (!source.iqn) errors.push(required(path.child('iqn')));
  else errors.push(...validateInitiator(source.iqn, path.child('iqn'), noPrefix));
  errors.push(...invalids(path.child('lun'), source.lun, isInRange(source.lun, 0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.push(required(path.child('secretRef')));
  if (source.initiatorName !== undefined) errors.push(...validateInitiator(source.initiatorName, path.child('initiatorname'), noPrefix));
  return errors;
}

/** The name under which the node mounts an iSCSI volume is made of both, and has little room. */
export function validateISCSIName({ name, iscsi }: Volume, path: FieldPath): FieldError[] {
  if (iscsi?.initiatorName === undefined || byteLength(`${name}:${iscsi.targetPortal}`) <= 64) return [];
  const text = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  return [invalid(path.child('name'), name, text)];
}

function validateFlocker(source: FlockerVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!source.datasetName && !source.datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (source.datasetName && source.datasetUUID)
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (source.datasetName?.includes('/')) errors.push(invalid(path.child('datasetName'), source.datasetName, "must not contain '/'"));
  return errors;
}

function validateQuobyte(source: QuobyteVolumeSource, path: FieldPath): FieldError[] {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const errors: FieldError[] = [];
  if (!source.registry) errors.push(required(path.child('registry'), pairs));
  else if (byteLength(source.tenant ?? '') >= 65)
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  else
    for (const pair of source.registry.split(','))
      if (!/^(?:\[[^[\]]*\]|[^[\]:]*):[^[\]:]*$/.test(pair)) errors.push(invalid(path.child('registry'), source.registry, pairs));
  return [...errors, ...requireText(source.volume, path.child('volume'))];
}

function validateFC(source: FCVolumeSource, path: FieldPath): FieldError[] {
  const [names, ids] = [source.targetWWNs ?? [], source.wwids ?? []];
  const errors: FieldError[] = [];
  if (names.length < 1 && ids.length < 1)
    errors.push(required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both'));
  if (names.length > 0 && ids.length > 0)
    errors.push(invalid(path.child('targetWWNs'), names, 'targetWWNs and wwids can not be specified simultaneously'));
  if (names.length > 0) {
    if (source.lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
    else errors.push(...invalids(path.child('lun'), source.lun, isInRange(source.lun, 0, 255)));
  }
  return errors;
}

function validateFlex(source: FlexVolumeSource, path: FieldPath): FieldError[] {
  const errors = requireText(source.driver, path.child('driver'));
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io'))
      errors.push(invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
  return errors;
}

const MANAGED_DISK = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function validateAzureDisk(source: AzureDiskVolumeSource, path: FieldPath): FieldError[] {
  const errors = [...requireText(source.diskName, path.child('diskName')), ...requireText(source.diskURI, path.child('diskURI'))];
  const { cachingMode, kind } = source;
  const [modes, kinds] = [
    ['None', 'ReadOnly', 'ReadWrite'],
    ['Dedicated', 'Managed', 'Shared'],
  ];
  errors.push(...validateOptionalChoice(cachingMode, path.child('cachingMode'), modes));
  if (kind === undefined) return errors;
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
  const [prefix, form] = kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK];
  if (!source.diskURI?.startsWith(prefix)) errors.push(notSupported(path.child('diskURI'), source.diskURI ?? '', [form]));
  return errors;
}

function validateStorageOS(source: StorageOSVolumeSource, path: FieldPath): FieldError[] {
  const errors = source.volumeName ? validateDNSLabel(source.volumeName, path.child('volumeName')) : [required(path.child('volumeName'))];
  if (source.volumeNamespace) errors.push(...validateDNSLabel(source.volumeNamespace, path.child('volumeNamespace')));
  return [...errors, ...validateSecretRef(source.secretRef, path)];
}
