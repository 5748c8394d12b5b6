import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../meta/field-errors.js';
import { byteLength, nameIsDNSSubdomain, rangeMessage } from '../meta/names.js';
import { age } from '../shared/format.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import { validateDriverName } from '../shared/pod/volumes.js';
import { validateInlineVolumeSpec } from '../shared/volume-spec.js';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../types/storage-v1.gen.js';

const SPEC = at('spec');
const MAX_METADATA = 256 * 1024;
const MAX_MESSAGE = 1024;

export default define<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattachments',
  ownMetadataChecks: { change: false },
  returnDeletedObject: true,
  unconditionalUpdate: false,
  prepareCreate: (attachment) => {
    attachment.status = { attached: false };
  },
  validate,
  validateUpdate: validateChange,
  subresources: { status: { keeps: ['metadata'], ownMetadataChecks: { whole: true }, validate: validateChange } },
  row: (attachment, { now }) => {
    const { metadata, spec, status } = attachment;
    return [metadata.name, spec.attacher, spec.source.persistentVolumeName ?? '', spec.nodeName, status.attached, age(attachment, now)];
  },
});

function validateChange(attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] {
  return [...validate(attachment), ...validateImmutableStruct(attachment.spec, old.spec, SPEC, 'storage.VolumeAttachmentSpec')];
}

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const errors = [
    ...validateDriverName(spec.attacher, SPEC.child('attacher')),
    ...validateSource(spec.source),
    ...invalids(SPEC.child('nodeName'), spec.nodeName, nameIsDNSSubdomain(spec.nodeName, false)),
  ];
  const size = Object.entries(status.attachmentMetadata ?? {}).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > MAX_METADATA) errors.push(tooLong(at('status', 'attachmentMetadata'), MAX_METADATA));
  errors.push(
    ...validateVolumeError(status.attachError, at('status', 'attachError')),
    ...validateVolumeError(status.detachError, at('status', 'detachError')),
  );
  const volume = spec.source.persistentVolumeName;
  if (volume === undefined) return errors;
  return [...errors, ...invalids(at('spec.source.persistentVolumeName'), volume, nameIsDNSSubdomain(volume, false))];
}

function validateSource({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource): FieldError[] {
  const path = SPEC.child('source');
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec)
    return persistentVolumeName === undefined
      ? validateInlineVolumeSpec(inlineVolumeSpec, path.child('inlineVolumeSpec'))
      : [forbidden(path, one)];
  if (persistentVolumeName === undefined) return [required(path, one)];
  return persistentVolumeName === '' ? [required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')] : [];
}

function validateVolumeError(error: VolumeError | undefined, path: FieldPath): FieldError[] {
  if (!error) return [];
  const errors: FieldError[] = [];
  // upstream names the wrong limit
  if (byteLength(error.message ?? '') > MAX_MESSAGE) errors.push(tooLong(path.child('message'), MAX_METADATA));
  if ((error.errorCode ?? 0) < 0) errors.push(invalid(path.child('errorCode'), error.errorCode, rangeMessage(0, 2 ** 31 - 1)));
  return errors;
}
