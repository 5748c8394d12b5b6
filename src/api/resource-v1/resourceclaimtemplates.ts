import type { Context } from '../context.js';
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
  validate,
  validateUpdate: (template, old, context) => [
    ...validate(template, context),
    ...validateImmutableStruct(template.spec, old.spec, SPEC, 'resource.ResourceClaimTemplateSpec'),
  ],
  row: (template, { now }) => [template.metadata.name, age(template, now)],
});

function validate({ metadata: { namespace = '' }, spec: { metadata, spec } }: ResourceClaimTemplate, { services }: Context): FieldError[] {
  return [
    ...validateAdminRequests(spec.devices?.requests, namespace, services.reader),
    ...validateTemplateMetadata(metadata, SPEC.child('metadata')),
    ...validateDeviceClaim(spec.devices ?? {}, SPEC.child('spec', 'devices')),
  ];
}
