import { define } from '../definition.js';
import { at, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import { FIELD_IMMUTABLE } from '../meta/metadata.js';
import * as quantity from '../meta/quantity.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { roundQuantities } from '../shared/pod/defaults.js';
import { isStandardQuotaResource, validateQuotaResourceName, validateResourceAmount } from '../shared/resource-names.js';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../types/core-v1.gen.js';

const PODS = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
/** The resources that make sense in a scope. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: PODS,
  NotTerminating: PODS,
  NotBestEffort: PODS,
  PriorityClass: PODS,
  CrossNamespacePodAffinity: PODS,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};
const EXISTS_ONLY = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const CONFLICTS = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export default define<ResourceQuota>({
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  ownMetadataChecks: { whole: false },
  returnDeletedObject: true,
  defaults: ({ spec, status }) => {
    for (const amounts of [spec.hard, status.hard, status.used]) roundQuantities(amounts);
  },
  validate: ({ spec, status }) => [...validateSpec(spec), ...validateStatus(status)],
  validateUpdate: (quota, old) => {
    const errors = validateSpec(quota.spec);
    if (!sameSet(quota.spec.scopes, old.spec.scopes))
      errors.push(invalid(at('spec', 'scopes'), asGiven(quota.spec, 'scopes'), FIELD_IMMUTABLE));
    return errors;
  },
  subresources: { status: { validate: ({ status }) => validateStatus(status) } },
  warnings: (quota, old) => (old ? [] : requestWarnings(quota)),
  row: (quota, { now }) => {
    const { hard = {}, used = {} } = quota.status;
    const names = Object.keys(hard).sort();
    const cell = (wanted: boolean) =>
      names
        .filter((name) => name.startsWith('limits.') === wanted)
        .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
        .join(', ');
    return [quota.metadata.name, cell(false), cell(true), age(quota, now)];
  },
});

function sameSet(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.every((item) => b.includes(item)) && b.every((item) => a.includes(item));
}

function validateAmounts(amounts: Readonly<Record<string, string>> = {}, path: FieldPath): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) => [
    ...validateQuotaResourceName(name, path.key(name)),
    ...validateResourceAmount(name, amount, path.key(name)),
  ]);
}

function validateStatus({ hard, used }: ResourceQuota['status']): FieldError[] {
  return [...validateAmounts(hard, at('status', 'hard')), ...validateAmounts(used, at('status', 'used'))];
}

function validateSpec(spec: ResourceQuotaSpec): FieldError[] {
  const { hard = {}, scopes = [], scopeSelector } = spec;
  const errors = validateAmounts(hard, at('spec', 'hard'));
  const path = at('spec', 'scopes');
  const counted = Object.keys(hard).filter(isStandardQuotaResource).sort();
  for (const scope of scopes) {
    if (!SCOPES[scope]) errors.push(invalid(path, scopes, 'unsupported scope'));
    for (const name of counted) if (!isCountedIn(scope, name)) errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
  }
  errors.push(...validateConflicts(scopes, path, scopes));
  if (!scopeSelector) return errors;
  const selectorPath = at('spec', 'scopeSelector', 'matchExpressions');
  const requirements = scopeSelector.matchExpressions ?? [];
  for (const requirement of requirements) {
    if (!SCOPES[requirement.scopeName]) errors.push(invalid(selectorPath.child('scopeName'), requirement.scopeName, 'unsupported scope'));
    for (const name of counted)
      if (!isCountedIn(requirement.scopeName, name))
        errors.push(invalid(selectorPath, goValue(scopeSelector, 'core.ScopeSelector'), 'unsupported scope applied to resource'));
    errors.push(...validateRequirement(requirement, selectorPath));
  }
  const names = requirements.map(({ scopeName }) => scopeName);
  return [...errors, ...validateConflicts(names, selectorPath, asGiven(spec, 'scopes'))];
}

function isCountedIn(scope: string, resource: string): boolean {
  return SCOPES[scope]?.includes(resource) ?? true;
}

function validateConflicts(scopes: readonly string[], path: FieldPath, shown: unknown): FieldError[] {
  return CONFLICTS.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() => invalid(path, shown, 'conflicting scopes'));
}

function validateRequirement({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (EXISTS_ONLY.includes(scopeName) && operator !== 'Exists')
    errors.push(
      invalid(
        path.child('operator'),
        operator,
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      ),
    );
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.push(required(path.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.push(
          invalid(path.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"),
        );
      break;
    default:
      errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  return errors;
}

function requestWarnings({ spec: { hard = {} } }: ResourceQuota): string[] {
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const bare = name === 'cpu' || name === 'memory' ? name : undefined;
    const requestName = [`requests.${name}`, bare].find((key) => key !== undefined && hard[key] !== undefined);
    const request = requestName === undefined ? undefined : hard[requestName];
    const limit = hard[`limits.${name}`];
    if (request === undefined || limit === undefined || quantity.compare(request, limit) <= 0) return [];
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`];
  });
}
