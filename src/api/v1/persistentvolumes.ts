import { timestamp } from '../../util/clock.js';
import { define } from '../definition.js';
import { at, type FieldError, forbidden, invalid } from '../meta/field-errors.js';
import { semanticEqual, validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/metadata.js';
import { RENAMED_LABELS, STORAGE_CLASS_ANNOTATION } from '../meta/well-known.js';
import { age } from '../shared/format.js';
import { difference } from '../shared/pod/rules.js';
import { goValue } from '../shared/go-value.js';
import { defaultStorageVolume, roundQuantities } from '../shared/pod/defaults.js';
import { termWarnings } from '../shared/pod/warnings.js';
import { VOLUME_SOURCES } from '../shared/volume-sources.js';
import { validateVolumeSpec } from '../shared/volume-spec.js';
import { accessModesText, storageClassOf } from '../shared/storage.js';
import type { NodeSelectorRequirement, PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../types/core-v1.gen.js';

const SPEC = at('spec');
const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';
/** Volumes that are mounted with options; the others do not have them. */
const MOUNTABLE = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

export default define<PersistentVolume>({
  group: '',
  version: 'v1',
  resource: 'persistentvolumes',
  ownMetadataChecks: { change: false },
  returnDeletedObject: true,
  defaults: ({ spec, status }) => {
    status.phase ??= 'Pending';
    spec.persistentVolumeReclaimPolicy ??= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    roundQuantities(spec.capacity);
    if (spec.hostPath) spec.hostPath.type ??= '';
    defaultStorageVolume(spec);
  },
  prepareCreate: (volume, { services }) => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(services.clock.now()) };
  },
  validate: (volume) => [...validateVolumeSpec(volume.spec, SPEC, volume.metadata.name), ...validateMountOptions(volume)],
  // upstream checks the whole object twice, and says so twice; of the metadata it checks no change a second time
  validateUpdate: (volume, old) => [
    ...validateObjectMeta(volume.metadata, { namespaced: false }),
    ...validateVolumeSpec(volume.spec, SPEC, volume.metadata.name),
    ...validateMountOptions(volume),
    ...validateVolumeSpec(volume.spec, SPEC, volume.metadata.name),
    ...validateChange(volume, old),
  ],
  warnings,
  subresources: {
    status: {
      validate: ({ metadata }, old) => validateObjectMetaUpdate(metadata, old.metadata),
      prepare: ({ status }, { status: old }, { services }) => {
        if (old.phase === status.phase) status.lastPhaseTransitionTime ??= old.lastPhaseTransitionTime;
        else if (!status.lastPhaseTransitionTime || status.lastPhaseTransitionTime === old.lastPhaseTransitionTime)
          status.lastPhaseTransitionTime = timestamp(services.clock.now());
      },
    },
  },
  row: (volume, context) => {
    const { metadata, spec, status } = volume;
    const { claimRef } = spec;
    return [
      metadata.name,
      spec.capacity?.storage ?? '0',
      accessModesText(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      metadata.deletionTimestamp ? 'Terminating' : (status.phase ?? ''),
      claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '',
      storageClassOf(volume),
      spec.volumeAttributesClassName ?? '<unset>',
      status.reason ?? '',
      age(volume, context.now),
      spec.volumeMode ?? '<unset>',
    ];
  },
});

function validateMountOptions({ metadata, spec }: PersistentVolume): FieldError[] {
  if (metadata.annotations?.[MOUNT_OPTIONS] === undefined || MOUNTABLE.some((source) => spec[source] !== undefined)) return [];
  return [forbidden(at('metadata', 'annotations', MOUNT_OPTIONS), 'may not specify mount options for this volume type')];
}

function validateChange({ spec }: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  const source = sourceOf(spec);
  // the secret for growing may be given later
  if (source.csi && old.csi && !old.csi.controllerExpandSecretRef) source.csi = { ...source.csi, controllerExpandSecretRef: undefined };
  const before = sourceOf(old);
  if (!semanticEqual(source, before))
    errors.push(
      forbidden(
        SPEC.child('persistentvolumesource'),
        `spec.persistentvolumesource is immutable after creation\n${difference(before, source, 'core.PersistentVolumeSource')}`,
      ),
    );
  errors.push(...validateImmutable(spec.volumeMode, old.volumeMode, at('volumeMode')));
  if (old.nodeAffinity && !semanticEqual(spec.nodeAffinity, withLaterKeys(old.nodeAffinity, spec.nodeAffinity)))
    errors.push(
      invalid(
        at('nodeAffinity'),
        goValue(spec.nodeAffinity, '*core.VolumeNodeAffinity'),
        'field is immutable, except for updating from beta label to GA',
      ),
    );
  if (old.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.push(forbidden(SPEC.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'));
  return errors;
}

/** The old affinity with the keys of the next one, where these are the names that labels have today. */
function withLaterKeys(old: VolumeNodeAffinity, next: VolumeNodeAffinity | undefined): VolumeNodeAffinity {
  const { required } = old;
  const terms = next?.required?.nodeSelectorTerms;
  const rename = (own: readonly NodeSelectorRequirement[] = [], other: readonly NodeSelectorRequirement[] = []) =>
    own.map((term, i) => (other[i]?.key === laterKey(term.key) ? { ...term, key: other[i].key } : term));
  return {
    required: required && {
      nodeSelectorTerms: required.nodeSelectorTerms.map(({ matchExpressions, matchFields }, i) => {
        const other = terms?.[i];
        return {
          matchExpressions: rename(matchExpressions, other?.matchExpressions),
          matchFields: rename(matchFields, other?.matchFields),
        };
      }),
    },
  };
}

/** Upstream looks a key up in a map, and takes the "" of one that it lacks for a new name too. */
function laterKey(key: string): string {
  return RENAMED_LABELS.get(key) ?? '';
}

function sourceOf(spec: PersistentVolumeSpec): Pick<PersistentVolumeSpec, (typeof VOLUME_SOURCES)[number]> {
  return Object.fromEntries(VOLUME_SOURCES.map((source) => [source, spec[source]]));
}

function warnings({ metadata, spec }: PersistentVolume): string[] {
  const texts: string[] = [];
  const annotations = metadata.annotations ?? {};
  if (Object.hasOwn(annotations, STORAGE_CLASS_ANNOTATION))
    texts.push(`metadata.annotations[${STORAGE_CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (Object.hasOwn(annotations, MOUNT_OPTIONS))
    texts.push(`metadata.annotations[${MOUNT_OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    texts.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  const terms = SPEC.child('nodeAffinity', 'required', 'nodeSelectorTerms');
  spec.nodeAffinity?.required?.nodeSelectorTerms.forEach((term, i) => texts.push(...termWarnings(term, false, terms.index(i))));
  for (const [source, shown, text] of RETIRED) if (spec[source] !== undefined) texts.push(`spec.${shown}: ${text}`);
  return texts;
}

const RETIRED = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;
