// What a namespace may use is limited by its quotas; every write that uses more is booked before it is stored.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#resourcequota
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { resourcequotas } from '../api/meta/resources.gen.js';
import type { Quantities } from '../api/shared/pod/resources.js';
import { increase, exceeding, isAbout, isCountedBy, isTerminating, missingIn, sum, usageOf } from '../api/shared/quota.js';
import type { Pod, ResourceQuota } from '../api/types/core-v1.gen.js';
import type { Step } from './step.js';

export const resourceQuota: Step = {
  name: 'ResourceQuota',
  onByDefault: true,
  handles,
  async validate(attributes) {
    const { context, namespace } = attributes;
    // no quota at all, as nearly everywhere, costs no more than this look
    const quotas = context.services.reader.list(resourcequotas, namespace);
    const booked = quotas.filter((quota) => Object.keys(charge(quota, attributes)).length > 0);
    // none is charged when one of them refuses
    for (const quota of booked) {
      const key = { namespace, name: quota.metadata.name };
      await context.services.writer.update(context, resourcequotas, key, 'status', (current) => {
        const used = sum(current.status?.used ?? {}, charge(current, attributes));
        return { ...structuredClone(current), status: { ...current.status, used } };
      });
    }
  },
};

function handles({ definition: { group, resource, namespaced }, subresource, operation, object, old }: AdmissionAttributes): boolean {
  if (!namespaced) return false;
  if (operation === 'CREATE') return subresource === '';
  if (operation !== 'UPDATE' || group !== '') return false;
  if (resource === 'pods')
    return subresource === 'resize' || (subresource === '' && isTerminating(object as Pod) !== isTerminating(old as Pod));
  return subresource === '' && (resource === 'services' || resource === 'persistentvolumeclaims');
}

/** What the write uses more of a quota. @throws ApiError Forbidden when that is too much, or cannot be told */
function charge(quota: ResourceQuota, { definition, name, object, old, context }: AdmissionAttributes): Quantities {
  const { hard = {}, used = {} } = quota.status ?? {};
  const next = object as KubeObject;
  const forbidden = (text: string) => errors.forbidden(definition, name, text);
  if (!isCountedBy(quota, hard, definition, next)) return {};
  const about = Object.keys(hard).filter((n) => isAbout(n, definition));
  if (definition.group === '' && definition.resource === 'pods') {
    const missing = missingIn(next as Pod, hard);
    if (missing) throw forbidden(`failed quota: ${quota.metadata.name}: ${missing}`);
  }
  const unknown = about.filter((n) => used[n] === undefined);
  if (unknown.length > 0) throw forbidden(`status unknown for quota: ${quota.metadata.name}, resources: ${unknown.sort().join(',')}`);
  const now = context.services.clock.now();
  const before = old && isCountedBy(quota, hard, definition, old) ? usageOf(definition, old, now) : {};
  const more = Object.fromEntries(Object.entries(increase(usageOf(definition, next, now), before)).filter(([n]) => hard[n] !== undefined));
  const total = sum(used, more);
  const over = exceeding(Object.fromEntries(Object.keys(more).map((n) => [n, total[n] as string])), hard).sort();
  if (over.length === 0) return more;
  const shown = (amounts: Quantities) => over.map((n) => `${n}=${amounts[n] ?? '0'}`).join(',');
  throw forbidden(`exceeded quota: ${quota.metadata.name}, requested: ${shown(more)}, used: ${shown(used)}, limited: ${shown(hard)}`);
}
