import { define } from '../definition.js';
import { at } from '../meta/field-errors.js';
import { validateAnnotations, validateLabels } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import type { ResourceClaimTemplate } from '../types/resource-v1.gen.js';
import { validateAdminRequests } from './claim-access.js';
import { setDeviceDefaults, validateDeviceClaim } from './claim-devices.js';

const SPEC = at('spec');

export default define<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'resourceclaimtemplates',
  returnDeletedObject: true,
  defaults: ({ spec }) => {
    setDeviceDefaults(spec.spec.devices);
  },
  validate: ({ metadata: { namespace = '' }, spec: { metadata, spec } }, { services }) => [
    ...validateAdminRequests(spec.devices?.requests, namespace, services.reader),
    ...validateAnnotations(metadata?.annotations, SPEC.child('metadata', 'annotations')),
    ...validateLabels(metadata?.labels, SPEC.child('metadata', 'labels')),
    ...validateDeviceClaim(spec.devices ?? {}, SPEC.child('spec', 'devices')),
  ],
  validateUpdate: (template, old) => validateImmutableStruct(template.spec, old.spec, SPEC, 'resource.ResourceClaimTemplateSpec'),
  row: (template, { now }) => [template.metadata.name, age(template, now)],
});
