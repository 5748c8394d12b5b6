import { define } from '../definition.js';
import { at, type FieldError, forbidden } from '../meta/field-errors.js';
import { equalData } from '../shared/data.js';
import { age } from '../shared/format.js';
import { validateParameters, validateProvisioner } from '../shared/storage-classes.js';
import type { VolumeAttributesClass } from '../types/storage-v1.gen.js';

export default define<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'volumeattributesclasses',
  returnDeletedObject: true,
  validate,
  validateUpdate: (attributes, old) => {
    const errors: FieldError[] = [];
    if (attributes.driverName !== old.driverName) errors.push(forbidden(at('driverName'), 'updates to driverName are forbidden.'));
    if (!equalData(attributes.parameters, old.parameters)) errors.push(forbidden(at('parameters'), 'updates to parameters are forbidden.'));
    return [...errors, ...validate(attributes)];
  },
  row: (attributes, { now }) => [attributes.metadata.name, attributes.driverName, age(attributes, now)],
});

function validate({ driverName, parameters }: VolumeAttributesClass): FieldError[] {
  return [...validateProvisioner(driverName, at('driverName')), ...validateParameters(parameters, at('parameters'), true)];
}
