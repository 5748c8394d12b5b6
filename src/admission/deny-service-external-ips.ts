// Services get no external addresses that they do not have yet: whoever could write them could take traffic of others.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#denyserviceexternalips
import type { Service } from '../api/types/core-v1.gen.js';
import { forbidden, isCore, type Step } from './step.js';

export const denyServiceExternalIPs: Step = {
  name: 'DenyServiceExternalIPs',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'services', ['CREATE', 'UPDATE']),
  validate(attributes) {
    const before = (attributes.old as Service | undefined)?.spec.externalIPs ?? [];
    const added = ((attributes.object as Service).spec.externalIPs ?? []).filter((ip) => !before.includes(ip));
    if (added.length > 0) throw forbidden(attributes, 'Use of external IPs is denied by admission control');
  },
};
