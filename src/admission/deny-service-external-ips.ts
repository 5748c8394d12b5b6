// Services get no external addresses that they do not have yet: whoever could write them could take traffic of others.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#denyserviceexternalips
import * as errors from '../api/meta/errors.js';
import type { Service } from '../api/types/core-v1.gen.js';
import { isCore, type Step } from './step.js';

export const denyServiceExternalIPs: Step = {
  name: 'DenyServiceExternalIPs',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'services', ['CREATE', 'UPDATE']),
  validate({ definition, name, object, old }) {
    const before = (old as Service | undefined)?.spec.externalIPs ?? [];
    const added = ((object as Service).spec.externalIPs ?? []).filter((ip) => !before.includes(ip));
    if (added.length > 0) throw errors.forbidden(definition, name, 'Use of external IPs is denied by admission control');
  },
};
