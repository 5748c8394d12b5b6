import { define } from '../definition.js';
import { at, type FieldError, invalid } from '../meta/field-errors.js';
import { nameIsLongName } from '../meta/names.js';
import { age } from '../shared/format.js';
import { isExtendedResource } from '../shared/resource-names.js';
import type { DeviceClass } from '../types/resource-v1.gen.js';
import { MAX_LIST, validateOpaque, validateSelectors } from './claim-devices.js';
import { validateList } from './device-lists.js';

const SPEC = at('spec');

export default define<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'deviceclasses',
  validateName: nameIsLongName,
  returnDeletedObject: true,
  generation: true,
  validate,
  row: (deviceClass, { now }) => [deviceClass.metadata.name, age(deviceClass, now)],
});

function validate({ spec }: DeviceClass): FieldError[] {
  const { selectors, config, extendedResourceName: name } = spec;
  const path = SPEC.child('extendedResourceName');
  return [
    ...validateSelectors(selectors, SPEC.child('selectors')),
    ...validateList(config, SPEC.child('config'), MAX_LIST, ({ opaque }, at) => validateOpaque(opaque, at.child('opaque'))),
    ...(name === undefined || isExtendedResource(name) ? [] : [invalid(path, name, 'must be a valid extended resource name')]),
  ];
}
