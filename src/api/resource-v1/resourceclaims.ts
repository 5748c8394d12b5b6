import { define } from '../definition.js';
import { at } from '../meta/field-errors.js';
import { validateImmutable } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import type { ResourceClaim } from '../types/resource-v1.gen.js';
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
  validate: ({ spec }) => validateDeviceClaim(spec.devices ?? {}, at('spec', 'devices')),
  validateUpdate: (claim, old) => validateImmutable(claim.spec, old.spec, at('spec'), goValue(claim.spec)),
  subresources: {
    status: { withoutTable: true, keeps: ['metadata'], prepare: dropDeallocatedDevices, validate: validateClaimStatus },
  },
  row: (claim, { now }) => [claim.metadata.name, state(claim), age(claim, now)],
});

function state({ metadata, status }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp !== undefined;
  const states = deleted ? ['deleted'] : [];
  if (status.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []));
  else if (!deleted) states.push('pending');
  return states.join(',');
}
