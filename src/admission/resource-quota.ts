// What a namespace may use is limited by its quotas; every write that uses more is booked before it is stored.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#resourcequota
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { at, required } from '../api/meta/field-errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { sign } from '../api/meta/quantity.js';
import { resourcequotas } from '../api/meta/resources.gen.js';
import { listType, typeOf } from '../api/schema/types.js';
import type { Quantities } from '../api/shared/pod/resources.js';
import {
  exceeding,
  increase,
  isAbout,
  isCountedBy,
  isInScope,
  isTerminating,
  missingIn,
  type ScopeSelector,
  scopesOf,
  sum,
  usageOf,
} from '../api/shared/quota.js';
import type { Pod, ResourceQuota } from '../api/types/core-v1.gen.js';
import { type ConfigurationDocument, configurationType, documentType, STRING } from './configuration/document.js';
import type { ConfiguredStep, Rules } from './step.js';

/** What may be used only where a quota counts it. */
interface LimitedResource {
  readonly apiGroup?: string;
  readonly resource?: string;
  /** Parts of the names under which quotas count it. */
  readonly matchContains?: readonly string[];
  readonly matchScopes?: readonly ScopeSelector[];
}

export const resourceQuota: ConfiguredStep = {
  name: 'ResourceQuota',
  onByDefault: true,
  configure: (document) => rulesFor(readLimited(document)),
};

/** @throws UserError when the configuration is wrong */
function readLimited(document: ConfigurationDocument | undefined): readonly LimitedResource[] {
  if (!document) return [];
  const limited = configurationType('v1.LimitedResource', {
    apiGroup: STRING,
    resource: STRING,
    matchContains: listType(STRING),
    matchScopes: listType(typeOf('io.k8s.api.core.v1.ScopedResourceSelectorRequirement')),
  });
  const { limitedResources = [] } = document.decode<{ readonly limitedResources?: readonly LimitedResource[] }>({
    kinds: [
      { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration' },
      { apiVersion: 'resourcequota.admission.k8s.io/v1beta1', kind: 'Configuration' },
      { apiVersion: 'resourcequota.admission.k8s.io/v1alpha1', kind: 'Configuration' },
    ],
    type: documentType('v1.Configuration', { limitedResources: listType(limited) }),
    strict: true,
  });
  const path = at('limitedResources');
  document.refuse(limitedResources.flatMap(({ resource }, i) => (resource ? [] : [required(path.index(i).child('resource'))])));
  return limitedResources;
}

function rulesFor(limited: readonly LimitedResource[]): Rules {
  return {
    handles,
    async validate(attributes) {
      const { context, namespace } = attributes;
      // no quota at all, as nearly everywhere, costs no more than this look
      const quotas = context.services.reader.list(resourcequotas, namespace);
      if (quotas.length === 0 && limited.length === 0) return;
      // none is charged when one of them refuses
      for (const quota of charged(quotas, limited, attributes)) {
        const key = { namespace, name: quota.metadata.name };
        await context.services.writer.update(context, resourcequotas, key, 'status', (current) => {
          if (!counts(current, attributes)) return current;
          const used = sum(current.status?.used ?? {}, charge(current, moreOf(current, attributes), attributes));
          return { ...structuredClone(current), status: { ...current.status, used } };
        });
      }
    },
  };
}

function handles({ definition: { group, resource, namespaced }, subresource, operation, object, old }: AdmissionAttributes): boolean {
  if (!namespaced) return false;
  if (operation === 'CREATE') return subresource === '';
  if (operation !== 'UPDATE' || group !== '') return false;
  if (resource === 'pods')
    return subresource === 'resize' || (subresource === '' && isTerminating(object as Pod) !== isTerminating(old as Pod));
  return subresource === '' && (resource === 'services' || resource === 'persistentvolumeclaims');
}

/** The quotas of which the write uses more. @throws ApiError Forbidden when that is too much, or must be counted and is not */
function charged(
  quotas: readonly ResourceQuota[],
  limited: readonly LimitedResource[],
  attributes: AdmissionAttributes,
): readonly ResourceQuota[] {
  const counting = quotas.filter((quota) => counts(quota, attributes)).map((quota) => ({ quota, more: moreOf(quota, attributes) }));
  const amounts = counting.length > 0 ? counting.map(({ more }) => more) : [moreOf(undefined, attributes)];
  if (amounts.every((more) => Object.keys(more).length === 0)) return [];
  if (limited.length > 0) {
    const counted = counting.map(({ quota }) => quota);
    checkLimited(limited, quotas, counted, attributes);
  }
  return counting.filter(({ quota, more }) => Object.keys(charge(quota, more, attributes)).length > 0).map(({ quota }) => quota);
}

/** Whether a quota counts what is written. @throws ApiError Forbidden when that cannot be done */
function counts(quota: ResourceQuota, { definition, name, object }: AdmissionAttributes): boolean {
  const { hard = {}, used = {} } = quota.status ?? {};
  const next = object as KubeObject;
  if (!isCountedBy(quota, hard, definition, next)) return false;
  if (definition.group === '' && definition.resource === 'pods') {
    const missing = missingIn(next as Pod, hard);
    if (missing) throw errors.forbidden(definition, name, `failed quota: ${quota.metadata.name}: ${missing}`);
  }
  const about = countedBy([quota], { definition });
  if (about.every((n) => used[n] !== undefined)) return true;
  throw errors.forbidden(definition, name, `status unknown for quota: ${quota.metadata.name}, resources: ${about.sort().join(',')}`);
}

/** The names under which quotas count objects of the kind. */
function countedBy(quotas: readonly ResourceQuota[], { definition }: Pick<AdmissionAttributes, 'definition'>): string[] {
  return quotas.flatMap(({ status }) => Object.keys(status?.hard ?? {}).filter((name) => isAbout(name, definition)));
}

/** What is used more than before. @param quota that counts the object; undefined: none does */
function moreOf(quota: ResourceQuota | undefined, { definition, object, old, context }: AdmissionAttributes): Quantities {
  const now = context.services.clock.now();
  const wasCounted = old && (!quota || isCountedBy(quota, quota.status?.hard ?? {}, definition, old));
  return increase(usageOf(definition, object as KubeObject, now), wasCounted ? usageOf(definition, old, now) : {});
}

/** @throws ApiError when something is used that no quota counts, though one has to */
function checkLimited(
  limited: readonly LimitedResource[],
  quotas: readonly ResourceQuota[],
  counting: readonly ResourceQuota[],
  attributes: AdmissionAttributes,
): void {
  const { definition, name, object, context } = attributes;
  const next = object as KubeObject;
  const parts = limited.filter(({ apiGroup = '', resource }) => apiGroup === definition.group && resource === definition.resource);
  const usage = Object.entries(usageOf(definition, next, context.services.clock.now()));
  const used = usage.filter(
    ([n, amount]) => sign(amount) > 0 && parts.some(({ matchContains = [] }) => matchContains.some((m) => n.includes(m))),
  );
  const counted = new Set(countedBy(counting, attributes));
  const uncounted = used.map(([n]) => n).filter((n) => !counted.has(n));
  if (uncounted.length > 0) throw errors.forbidden(definition, name, `insufficient quota to consume: ${uncounted.sort().join(',')}`);
  const isWithin = (scope: ScopeSelector) => isInScope(scope, definition, next);
  const covered = new Set(quotas.flatMap((quota) => scopesOf(quota).filter(isWithin)).map(({ scopeName }) => scopeName));
  const uncovered = limited
    .flatMap(({ matchScopes = [] }) => matchScopes)
    .filter((scope) => isWithin(scope) && !covered.has(scope.scopeName));
  if (uncovered.length === 0) return;
  const shown = uncovered.map(({ scopeName, operator, values = [] }) => `{${scopeName} ${operator} [${values.join(' ')}]}`);
  throw new errors.ApiError({ code: 500, message: `insufficient quota to match these scopes: [${shown.join(' ')}]` });
}

/** The part of the increase that a quota limits. @throws ApiError Forbidden when that is too much */
function charge({ metadata, status }: ResourceQuota, increased: Quantities, { definition, name }: AdmissionAttributes): Quantities {
  const { hard = {}, used = {} } = status ?? {};
  const more = Object.fromEntries(Object.entries(increased).filter(([n]) => hard[n] !== undefined));
  const total = sum(used, more);
  const over = exceeding(Object.fromEntries(Object.keys(more).map((n) => [n, total[n] as string])), hard).sort();
  if (over.length === 0) return more;
  const shown = (amounts: Quantities) => over.map((n) => `${n}=${amounts[n] ?? '0'}`).join(',');
  const text = `exceeded quota: ${metadata.name}, requested: ${shown(more)}, used: ${shown(used)}, limited: ${shown(hard)}`;
  throw errors.forbidden(definition, name, text);
}
