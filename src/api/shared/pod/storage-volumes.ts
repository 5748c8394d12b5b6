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
import { checkLabel, checkOptionalChoice, invalids, requireText } from '../../meta/checks.js';

/** The rules of one kind of volume source. */
type Rule<K extends keyof Volume> = (source: NonNullable<Volume[K]>, path: FieldPath) => FieldError[];

/** Rules by the field of the volume that holds the source. */
export const storageVolumeRules = {
  gcePersistentDisk: (s, path) => [...requireText(path.child('pdName'), s.pdName), ...checkPartition(path, s.partition)],
  awsElasticBlockStore: (s, path) => [...requireText(path.child('volumeID'), s.volumeID), ...checkPartition(path, s.partition)],
  nfs: validateNFS,
  iscsi: validateISCSI,
  glusterfs: (s, path) => [...requireText(path.child('endpoints'), s.endpoints), ...requireText(path.child('path'), s.path)],
  flocker: validateFlocker,
  rbd: (s, path) => [...requireList(path.child('monitors'), s.monitors), ...requireText(path.child('image'), s.image)],
  cinder: (s, path) => [...requireText(path.child('volumeID'), s.volumeID), ...checkSecretRef(path, s.secretRef)],
  cephfs: (s, path) => requireList(path.child('monitors'), s.monitors),
  quobyte: validateQuobyte,
  fc: validateFC,
  flexVolume: validateFlex,
  azureFile: (s, path) => [...requireText(path.child('secretName'), s.secretName), ...requireText(path.child('shareName'), s.shareName)],
  vsphereVolume: (s, path) => requireText(path.child('volumePath'), s.volumePath),
  photonPersistentDisk: (s, path) => requireText(path.child('pdID'), s.pdID),
  portworxVolume: (s, path) => requireText(path.child('volumeID'), s.volumeID),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOS,
  scaleIO: (s, path) => [
    ...requireText(path.child('gateway'), s.gateway),
    ...requireText(path.child('system'), s.system),
    ...requireText(path.child('volumeName'), s.volumeName),
  ],
} as const satisfies { [K in keyof Volume]?: Rule<K> };

function requireList(path: FieldPath, list: readonly string[] | undefined): FieldError[] {
  return list?.length ? [] : [required(path)];
}

function checkSecretRef(path: FieldPath, ref: { name?: string | undefined } | undefined): FieldError[] {
  return ref && !ref.name ? [required(path.child('secretRef', 'name'))] : [];
}

function checkPartition(path: FieldPath, partition = 0): FieldError[] {
  // 0, the whole disk, is accepted too
  return partition < 0 || partition > 255 ? [invalid(path.child('partition'), partition, rangeMessage(1, 255))] : [];
}

function validateNFS(source: NFSVolumeSource, path: FieldPath): FieldError[] {
  const errors = [...requireText(path.child('server'), source.server), ...requireText(path.child('path'), source.path)];
  if (!source.path?.startsWith('/')) errors.push(invalid(path.child('path'), source.path ?? '', 'must be an absolute path'));
  return errors;
}

const INITIATORS: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function checkInitiator(path: FieldPath, name: string): FieldError[] {
  const pattern = INITIATORS[name.slice(0, 3)];
  if (!pattern) return [invalid(path, name, 'must be valid format starting with iqn, eui, or naa')];
  return pattern.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

function validateISCSI(source: ISCSIVolumeSource, path: FieldPath): FieldError[] {
  const errors = requireText(path.child('targetPortal'), source.targetPortal);
  if (!source.iqn) errors.push(required(path.child('iqn')));
  else errors.push(...checkInitiator(path.child('iqn'), source.iqn));
  errors.push(...invalids(path.child('lun'), source.lun, isInRange(source.lun, 0, 255)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.push(required(path.child('secretRef')));
  if (source.initiatorName !== undefined) errors.push(...checkInitiator(path.child('initiatorname'), source.initiatorName));
  return errors;
}

/** The name under which the node mounts an iSCSI volume is made of both, and has little room. */
export function checkISCSIName({ name, iscsi }: Volume, path: FieldPath): FieldError[] {
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
  return [...errors, ...requireText(path.child('volume'), source.volume)];
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
  const errors = requireText(path.child('driver'), source.driver);
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
  const errors = [...requireText(path.child('diskName'), source.diskName), ...requireText(path.child('diskURI'), source.diskURI)];
  const { cachingMode, kind } = source;
  const [modes, kinds] = [
    ['None', 'ReadOnly', 'ReadWrite'],
    ['Dedicated', 'Managed', 'Shared'],
  ];
  errors.push(...checkOptionalChoice(path.child('cachingMode'), cachingMode, modes));
  if (kind === undefined) return errors;
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
  const [prefix, form] = kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK];
  if (!source.diskURI?.startsWith(prefix)) errors.push(notSupported(path.child('diskURI'), source.diskURI ?? '', [form]));
  return errors;
}

function validateStorageOS(source: StorageOSVolumeSource, path: FieldPath): FieldError[] {
  const errors = source.volumeName ? checkLabel(path.child('volumeName'), source.volumeName) : [required(path.child('volumeName'))];
  if (source.volumeNamespace) errors.push(...checkLabel(path.child('volumeNamespace'), source.volumeNamespace));
  return [...errors, ...checkSecretRef(path, source.secretRef)];
}
