import type { FieldError, FieldPath } from '../meta/field-errors.js';
import { forbidden } from '../meta/field-errors.js';
import { wasGivenEmpty } from '../meta/given-empty.js';
import { validateAnnotations, validateLabels } from '../meta/metadata.js';
import type { ObjectMeta } from '../meta/object.js';

const LISTS = ['finalizers', 'managedFields', 'ownerReferences'];

/** The metadata of a template of claims: labels and annotations only. Upstream names fields as Go does, so that uid is `uID`. */
export function validateTemplateMetadata(metadata: Partial<ObjectMeta> | undefined, path: FieldPath): FieldError[] {
  const { annotations, labels, ...others } = metadata ?? {};
  const set = Object.entries(others).filter(
    ([field, value]) => value !== undefined && value !== null && value !== '' && !(field === 'generation' && value === 0),
  );
  return [
    ...validateAnnotations(annotations, path.child('annotations')),
    ...validateLabels(labels, path.child('labels')),
    ...[...set.map(([field]) => field), ...LISTS.filter((field) => metadata && wasGivenEmpty(metadata, field))].map((field) =>
      forbidden(path.child(field === 'uid' ? 'uID' : field), 'cannot be set'),
    ),
  ];
}
