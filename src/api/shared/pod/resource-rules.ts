// Requests and limits of containers and of pods as a whole.
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../meta/field-errors.js';
import { compare, isQuantity, milliValue, value } from '../../meta/quantity.js';
import type { PodSpec, ResourceClaim, ResourceRequirements } from '../../types/core-v1.gen.js';
import {
  isHugePages,
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceAmount,
  validateResourceName,
} from '../resource-names.js';
import { validateDNSLabel } from '../../meta/checks.js';
import { aggregate, isPodLevelResource } from './resources.js';

type NameRule = (name: string, path: FieldPath) => FieldError[];

/** @param claims the names of the pod's resource claims */
export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  path: FieldPath,
  claims: ReadonlySet<string>,
): FieldError[] {
  return validateRequirements(resources ?? {}, path, validateContainerResourceName, claims);
}

function validateRequirements(resources: ResourceRequirements, path: FieldPath, rule: NameRule, claims: ReadonlySet<string>): FieldError[] {
  const { limits = {}, requests = {} } = resources;
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(limits)) errors.push(...validateAmount(name, amount, path.child('limits').key(name), rule));
  for (const [name, amount] of Object.entries(requests)) {
    errors.push(...validateAmount(name, amount, path.child('requests').key(name), rule));
    errors.push(...compareWithLimit(name, amount, Object.hasOwn(limits, name) ? limits[name] : undefined, path));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.some((n) => n === 'cpu' || n === 'memory'))
    errors.push(forbidden(path, 'HugePages require cpu or memory'));
  return [...errors, ...validateClaimNames(resources.claims ?? [], path.child('claims'), claims)];
}

function validateAmount(name: string, amount: string, path: FieldPath, rule: NameRule): FieldError[] {
  const errors = [...rule(name, path), ...validateResourceAmount(name, amount, path)];
  if (isHugePages(name) && !isWholePages(name, amount))
    errors.push(invalid(path, amount, `${amount} is not positive integer multiple of ${name}`));
  return errors;
}

function isWholePages(name: string, amount: string): boolean {
  const size = name.slice('hugepages-'.length);
  return isQuantity(size) && value(size) > 0 && milliValue(size) % 1000 === 0 && value(amount) % value(size) === 0;
}

function compareWithLimit(name: string, request: string, limit: string | undefined, path: FieldPath): FieldError[] {
  const at = path.child('requests');
  if (limit === undefined)
    return isOvercommitAllowed(name) ? [] : [required(path.child('limits'), 'Limit must be set for non overcommitable resources')];
  const order = compare(request, limit);
  if (order !== 0 && !isOvercommitAllowed(name)) return [invalid(at, request, `must be equal to ${name} limit of ${limit}`)];
  return order > 0 ? [invalid(at, request, `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

function validateClaimNames(claims: readonly ResourceClaim[], path: FieldPath, known: ReadonlySet<string>): FieldError[] {
  const seen = new Set<string>();
  return claims.flatMap(({ name, request }, i) => {
    const at = path.index(i);
    if (!name) return [required(at)];
    const errors: FieldError[] = [];
    if (seen.has(name)) errors.push(duplicate(at, name));
    else {
      const key = request ? `${name}/${request}` : name;
      if (request) errors.push(...validateDNSLabel(request, at.child('request')));
      if (seen.has(key)) errors.push(duplicate(at, key));
      else if (!request) for (const other of seen) if (other.startsWith(`${name}/`)) errors.push(duplicate(at, name));
      seen.add(key);
    }
    if (!known.has(name)) {
      const list = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
      const { type, field, message } = notFound(at, name);
      errors.push({ type, field, message: `${message}: must be one of the names in pod.spec.resourceClaims${list}` });
    }
    return errors;
  });
}

/** Resources of the pod as a whole (KEP-2837), which must leave room for those of its containers. */
export function validatePodLevelResources(spec: PodSpec, path: FieldPath, claims: ReadonlySet<string>): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  if (spec.os?.name === 'windows') return [forbidden(path, 'may not be set for a windows pod')];
  const errors: FieldError[] = [];
  if (resources.claims) errors.push(forbidden(path.child('claims'), 'claims may not be set for Resources at pod-level'));
  errors.push(...validateRequirements(resources, path, validatePodLevelName, claims));
  const { requests = {}, limits = {} } = resources;
  for (const [name, sum] of Object.entries(aggregate(spec, 'requests')))
    if (requests[name] !== undefined && compare(sum, requests[name]) > 0)
      errors.push(
        invalid(
          path.child('requests').key(name),
          requests[name],
          `must be greater than or equal to aggregate container requests of ${sum}`,
        ),
      );
  for (const [name, sum] of Object.entries(aggregate(spec, 'limits')))
    if (isHugePages(name) && limits[name] !== undefined && compare(sum, limits[name]) > 0)
      errors.push(
        invalid(path.child('limits').key(name), limits[name], `must be greater than or equal to aggregate container limits of ${sum}`),
      );
  for (const [i, container] of (spec.containers ?? []).entries())
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {}))
      if (Object.hasOwn(limits, name) && compare(limit, limits[name] as string) > 0) {
        // upstream builds this path from that of the pod's resources
        const at = path.child('containers').index(i).key(name).child('limits');
        errors.push(invalid(at, limit, `must be less than or equal to pod limits of ${limits[name]}`));
      }
  return errors;
}

function validatePodLevelName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(path, name, ['cpu', 'hugepages-', 'memory'])];
}
