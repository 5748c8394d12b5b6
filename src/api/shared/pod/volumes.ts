// Volumes of pods: their names, and that each has exactly one source that makes sense.
import { validateTemplateMetadata } from '../template-metadata.js';
import { duplicate, type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../../meta/field-errors.js';

import { byteLength, isDNS1123Subdomain } from '../../meta/names.js';
import { sign } from '../../meta/quantity.js';
import type {
  CSIVolumeSource,
  DownwardAPIVolumeSource,
  EphemeralVolumeSource,
  HostPathVolumeSource,
  KeyToPath,
  Volume,
} from '../../types/core-v1.gen.js';
import { validateClaimSpec } from '../claim-spec.js';
import {
  invalids,
  requireText,
  validateChoice,
  validateDescendingPath,
  validateDNSLabel,
  validateDNSSubdomain,
  validateFileMode,
  validateNoBacksteps,
} from '../../meta/checks.js';
import { validateDownwardFile, validateKeyToPath, validateProjected } from './projected.js';
import { validateISCSIName, storageVolumeRules } from './storage-volumes.js';

/** Where the volumes stand. */
export interface VolumeOwner {
  /** Of a pod, not of a template. */
  readonly isPod: boolean;
  /** The pod's name; templates have none. */
  readonly podName?: string | undefined;
}

/** The volumes of a pod by name. */
export type Volumes = ReadonlyMap<string, Volume>;

/** @returns the volumes that mounts can refer to, and all that is wrong */
export function validateVolumes(
  volumes: readonly Volume[],
  path: FieldPath,
  owner: VolumeOwner,
): { volumes: Volumes; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const good = new Map<string, Volume>();
  const created = new Set(owner.podName ? volumes.filter((v) => v.ephemeral).map((v) => `${owner.podName}-${v.name}`) : []);
  for (const [i, volume] of volumes.entries()) {
    const at = path.index(i);
    const own = validateSource(volume, at, owner);
    own.push(...(volume.name ? validateDNSLabel(volume.name, at.child('name')) : [required(at.child('name'))]));
    if (good.has(volume.name)) own.push(duplicate(at.child('name'), volume.name));
    if (own.length === 0) good.set(volume.name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim))
      errors.push(
        invalid(
          at.child('persistentVolumeClaim', 'claimName'),
          claim,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      );
  }
  return { volumes: good, errors };
}

type Source = Exclude<keyof Volume, 'name'>;

/** In the order in which upstream looks at them: the first one counts, further ones are refused. */
const SOURCES: readonly Source[] = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
];

/** Field names that upstream's messages spell otherwise. */
const SHOWN: Partial<Record<Source, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function validateSource(volume: Volume, path: FieldPath, owner: VolumeOwner): FieldError[] {
  const [source, ...more] = SOURCES.filter((s) => volume[s] !== undefined);
  if (source === undefined) return [required(path, 'must specify a volume type')];
  const errors = validateOne(source, path, volume, owner);
  for (const other of more) errors.push(forbidden(path.child(SHOWN[other] ?? other), 'may not specify more than 1 volume type'));
  return [...errors, ...validateISCSIName(volume, path)];
}

function validateOne(source: Source, path: FieldPath, volume: Volume, owner: VolumeOwner): FieldError[] {
  const at = path.child(source === 'gcePersistentDisk' ? 'persistentDisk' : source);
  if (source in storageVolumeRules) {
    const rule = storageVolumeRules[source as keyof typeof storageVolumeRules] as (value: unknown, path: FieldPath) => FieldError[];
    return rule(volume[source], at);
  }
  const { emptyDir, hostPath, gitRepo, secret, configMap, persistentVolumeClaim, downwardAPI, projected, csi, ephemeral, image } = volume;
  if (emptyDir) {
    const negative = emptyDir.sizeLimit !== undefined && sign(emptyDir.sizeLimit) < 0;
    return negative ? [forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')] : [];
  }
  if (hostPath) return validateHostPath(hostPath, at);
  if (gitRepo)
    return [
      ...requireText(gitRepo.repository, at.child('repository')),
      ...validateDescendingPath(gitRepo.directory ?? '', at.child('directory')),
    ];
  if (secret) return [...requireText(secret.secretName, at.child('secretName')), ...validateFiles(secret, at)];
  if (configMap) return [...requireText(configMap.name, at.child('name')), ...validateFiles(configMap, at)];
  if (persistentVolumeClaim) return requireText(persistentVolumeClaim.claimName, at.child('claimName'));
  if (downwardAPI) return validateDownwardAPI(downwardAPI, at);
  if (projected) return validateProjected(projected, at);
  if (csi) return validateCSI(csi, at);
  if (ephemeral) return validateEphemeral(ephemeral, path, volume.name, owner);
  const reference = owner.isPod ? requireText(image?.reference, at.child('reference')) : [];
  return [...reference, ...validateChoice(image?.pullPolicy, at.child('pullPolicy'), ['Always', 'IfNotPresent', 'Never'])];
}

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

/** A path on the node, and what must be there. */
export function validateHostPath(source: HostPathVolumeSource, path: FieldPath): FieldError[] {
  if (!source.path) return [required(path.child('path'))];
  const type = source.type === undefined ? [] : validateChoice(source.type, path.child('type'), HOST_PATH_TYPES, 'unsupported');
  return [...validateNoBacksteps(source.path, path.child('path')), ...type];
}

function validateFiles(source: { defaultMode?: number | undefined; items?: KeyToPath[] | undefined }, path: FieldPath): FieldError[] {
  const items = (source.items ?? []).flatMap((item, i) => validateKeyToPath(item, path.child('items').index(i)));
  return [...validateFileMode(source.defaultMode, path.child('defaultMode')), ...items];
}

function validateDownwardAPI(source: DownwardAPIVolumeSource, path: FieldPath): FieldError[] {
  const files = (source.items ?? []).flatMap((file) => validateDownwardFile(file, path));
  return [...validateFileMode(source.defaultMode, path.child('defaultMode')), ...files];
}

/** The name of a storage driver: a domain of at most 63 bytes. */
export function validateDriverName(name: string | undefined, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const long = byteLength(name) > 63 ? [tooLong(path, 63)] : [];
  return [...long, ...invalids(path, name, isDNS1123Subdomain(name.toLowerCase()))];
}

function validateCSI(source: CSIVolumeSource, path: FieldPath): FieldError[] {
  const errors = validateDriverName(source.driver, path.child('driver'));
  const ref = source.nodePublishSecretRef;
  if (ref && !ref.name) errors.push(required(path.child('nodePublishSecretRef', 'name')));
  else if (ref?.name) errors.push(...validateDNSSubdomain(ref.name, path.child('name')));
  return errors;
}

function validateEphemeral(source: EphemeralVolumeSource, volumePath: FieldPath, name: string, { podName }: VolumeOwner): FieldError[] {
  const path = volumePath.child('ephemeral', 'volumeClaimTemplate');
  const template = source.volumeClaimTemplate;
  const errors: FieldError[] = [];
  if (!template) errors.push(required(path));
  else {
    errors.push(...validateTemplateMetadata(template.metadata, path.child('metadata')));
    errors.push(...validateClaimSpec(template.spec, path.child('spec')));
  }
  if (podName && name) {
    const claim = `${podName}-${name}`;
    const wrong = isDNS1123Subdomain(claim).map((m) => `PVC name ${JSON.stringify(claim)}: ${m}`);
    errors.push(...invalids(volumePath.child('name'), name, wrong));
  }
  return errors;
}
