// Which requests an admission plugin is called for: rules, selectors and conditions.
import { invalids, validateOptionalChoice, validateQualifiedName } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required, tooMany } from '../meta/field-errors.js';
import { validateLabelSelector } from '../meta/label-selector.js';
import { isPathSegmentName } from '../meta/names.js';
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from '../types/admissionregistration-v1.gen.js';

const ALL = '*';
const OPERATIONS = [ALL, 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = [ALL, 'Cluster', 'Namespaced'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
const MAX_CONDITIONS = 64;

/** @returns what is wrong with the operations and resources of a rule */
export function validateRule(rule: RuleWithOperations, path: FieldPath): FieldError[] {
  const operations = rule.operations ?? [];
  const errors: FieldError[] = [];
  if (operations.length === 0) errors.push(required(path.child('operations')));
  if (operations.length > 1 && operations.includes(ALL))
    errors.push(invalid(path.child('operations'), operations, "if '*' is present, must not specify other operations"));
  for (const [i, operation] of operations.entries())
    if (!OPERATIONS.includes(operation)) errors.push(notSupported(path.child('operations').index(i), operation, OPERATIONS));
  errors.push(
    ...validateNames(rule.apiGroups ?? [], path.child('apiGroups'), 'API groups'),
    ...validateNames(rule.apiVersions ?? [], path.child('apiVersions'), 'API versions'),
  );
  for (const [i, version] of (rule.apiVersions ?? []).entries())
    if (version === '') errors.push(required(path.child('apiVersions').index(i)));
  errors.push(...validateResources(rule.resources ?? [], path.child('resources')));
  return [...errors, ...validateOptionalChoice(rule.scope, path.child('scope'), SCOPES)];
}

function validateNames(names: readonly string[], path: FieldPath, what: string): FieldError[] {
  if (names.length === 0) return [required(path)];
  return names.length > 1 && names.includes(ALL) ? [invalid(path, names, `if '*' is present, must not specify other ${what}`)] : [];
}

// Resources with their subresources: pods, pods/status, pods/*, */status, * and */*.
function validateResources(resources: readonly string[], path: FieldPath): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const allOfResource = new Set<string>();
  const allOfSubresource = new Set<string>();
  let lastIsPlain = false;
  for (const [i, text] of resources.entries()) {
    if (text === '') {
      errors.push(required(path.index(i)));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      lastIsPlain = text !== ALL;
      continue;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    for (const [present, form] of [
      [allOfResource.has(resource), `${resource}/*`],
      [allOfSubresource.has(subresource), `*/${subresource}`],
    ] as const)
      if (present) errors.push(invalid(path.index(i), text, `if '${form}' is present, must not specify ${text}`));
    if (subresource === ALL) allOfResource.add(resource);
    if (resource === ALL) allOfSubresource.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes(ALL) && lastIsPlain)
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

/** @returns what is wrong with the choice of objects and requests of a policy */
export function validateMatchResources(resources: MatchResources | undefined, path: FieldPath): FieldError[] {
  if (!resources) return [];
  const { matchPolicy, namespaceSelector, objectSelector } = resources;
  const errors = [
    ...validateOptionalChoice(matchPolicy, path.child('matchPolicy'), MATCH_POLICIES),
    ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector')),
    ...validateLabelSelector(objectSelector, path.child('objectSelector')),
  ];
  for (const field of ['resourceRules', 'excludeResourceRules'] as const)
    errors.push(...(resources[field] ?? []).flatMap((rule, i) => validateNamedRule(rule, path.child(field).index(i))));
  return errors;
}

function validateNamedRule(rule: NamedRuleWithOperations, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const field = path.child('resourceNames').index(i);
    errors.push(...invalids(field, name, isPathSegmentName(name)));
    if (seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
  }
  return [...errors, ...validateRule(rule, path)];
}

/** Expressions must be there; whether they are valid CEL shows when they are first evaluated. */
export function validateMatchConditions(conditions: readonly MatchCondition[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = conditions.length > MAX_CONDITIONS ? [tooMany(path, conditions.length, MAX_CONDITIONS)] : [];
  const seen = new Set<string>();
  for (const [i, { name, expression }] of conditions.entries()) {
    const field = path.index(i).child('name');
    if (!expression.trim()) errors.push(required(path.index(i).child('expression')));
    if (name === '') errors.push(required(field));
    else errors.push(...validateQualifiedName(name, field));
    if (name !== '' && seen.has(name)) errors.push(duplicate(field, name));
    seen.add(name);
  }
  return errors;
}
