import type { Context } from '../context.js';
import { define } from '../definition.js';
import { at, type FieldError } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import type { ResourceClaim } from '../types/resource-v1.gen.js';
import { checkStatusRights, validateAdminRequests, validateAdminResults } from './claim-access.js';
import { setDeviceDefaults, validateDeviceClaim } from './claim-devices.js';
import { dropDeallocatedDevices, validateClaimStatus } from './claim-status.js';

export default define<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'resourceclaims',
  returnDeletedObject: true,
  defaults: ({ spec }) => {
    setDeviceDefaults(spec.devices);
  },
  validate: ({ metadata, spec }, { services }) => [
    ...validateAdminRequests(spec.devices?.requests, metadata.namespace ?? '', services.reader),
    ...validateDeviceClaim(spec.devices ?? {}, at('spec', 'devices')),
  ],
  validateUpdate: (claim, old) => validateImmutableStruct(claim.spec, old.spec, at('spec'), 'resource.ResourceClaimSpec'),
  subresources: {
    status: {
      table: 'none',
      keeps: ['metadata'],
      begin: checkStatusRights,
      prepare: dropDeallocatedDevices,
      validate: validateStatus,
    },
  },
  row: (claim, { now }) => [claim.metadata.name, state(claim), age(claim, now)],
});

function validateStatus(claim: ResourceClaim, old: ResourceClaim, { services }: Context): FieldError[] {
  return [...validateAdminResults(claim, old, services.reader), ...validateClaimStatus(claim, old)];
}

function state({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp !== undefined;
  const states = deleted ? ['deleted'] : [];
  if (status.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []));
  else if (!deleted) states.push('pending');
  return states.join(',');
}
