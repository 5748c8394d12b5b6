// Names and amounts of resources: what may be requested, limited, counted by quotas
// (https://kubernetes.io/docs/concepts/policy/resource-quotas/, k8s.io/kubernetes/pkg/apis/core/helper).
import { validateQualifiedName } from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { NOT_NEGATIVE } from '../meta/metadata.js';
import { isQualifiedName } from '../meta/names.js';
import * as quantity from '../meta/quantity.js';

const HUGE_PAGES = 'hugepages-';
/** What containers use up of a machine, beside huge pages. */
export const COMPUTE: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];
const COUNTS = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const QUOTA = new Set([
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
  'requests.storage',
  ...COUNTS,
]);
const INTEGERS = new Set(COUNTS);

/** `hugepages-2Mi` */
export function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

/** Names without a domain, and those of kubernetes.io and its subdomains. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** Resources of a domain of their own (example.com/gpu): whole numbers, never overcommitted. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
}

/** Whether the sum of limits may exceed what there is. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}

/** Resources of containers that need no domain in their name. */
export function isStandardContainerResource(name: string): boolean {
  return COMPUTE.includes(name) || isHugePages(name);
}

/** A name that quotas know without a domain. */
export function isStandardQuotaResource(name: string): boolean {
  return QUOTA.has(name) || isHugePages(name) || name.startsWith(`requests.${HUGE_PAGES}`);
}

function isIntegerResource(name: string): boolean {
  return INTEGERS.has(name) || isExtendedResource(name);
}

/** Any resource's name: standard, or with a domain. */
export function validateResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(name, path);
  if (errors.length > 0) return errors;
  if (!name.includes('/') && !isStandardQuotaResource(name) && name !== 'storage')
    return [invalid(path, name, 'must be a standard resource type or fully qualified')];
  return [];
}

/** A resource that containers can ask for. */
export function validateContainerResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name)) errors.push(invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** A resource that quotas can count. */
export function validateQuotaResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes('/') && !isStandardQuotaResource(name)) errors.push(invalid(path, name, 'must be a standard resource for quota'));
  return errors;
}

/** An amount of a resource: not negative, and whole where the resource is counted. */
export function validateResourceAmount(name: string, amount: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (quantity.sign(amount) < 0) errors.push(invalid(path, amount, NOT_NEGATIVE));
  if (isIntegerResource(name) && quantity.parse(amount).nanos % 1_000_000_000n !== 0n)
    errors.push(invalid(path, amount, 'must be an integer'));
  return errors;
}

/** All amounts of a resource list; `pathOf` says where each one stands. */
export function validateResourceAmounts(
  amounts: Readonly<Record<string, string>> | undefined,
  pathOf: (name: string) => FieldPath,
): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, amount]) => validateResourceAmount(name, amount, pathOf(name)));
}
