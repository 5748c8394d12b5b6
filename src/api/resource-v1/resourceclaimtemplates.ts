import { define } from '../definition.js';
import { at, type FieldError } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import { validateTemplateMetadata } from '../shared/template-metadata.js';
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
  validate: (template, { services }) => {
    const { metadata, spec } = template;
    return [...validateAdminRequests(spec.spec.devices?.requests, metadata.namespace ?? '', services.reader), ...validate(template)];
  },
  validateUpdate: (template, old) => [
    ...validate(template),
    ...validateImmutableStruct(template.spec, old.spec, SPEC, 'resource.ResourceClaimTemplateSpec'),
  ],
  row: (template, { now }) => [template.metadata.name, age(template, now)],
});

function validate({ spec: { metadata, spec } }: ResourceClaimTemplate): FieldError[] {
  return [
    ...validateTemplateMetadata(metadata, SPEC.child('metadata')),
    ...validateDeviceClaim(spec.devices ?? {}, SPEC.child('spec', 'devices')),
  ];
}
