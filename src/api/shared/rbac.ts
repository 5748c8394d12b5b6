// What the kinds of rbac.authorization.k8s.io have in common.
import { invalids } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, notSupported, required } from '../meta/field-errors.js';
import { type NameRule, isPathSegmentName, nameIsDNSSubdomain } from '../meta/names.js';
import type { ClusterRoleBinding, PolicyRule, RoleBinding, Subject } from '../types/rbac-v1.gen.js';
import { age } from './format.js';
import { goValue } from './go-value.js';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Roles and bindings may be named freely (system:node), as long as the name fits a URL. */
export const rbacName: NameRule = (name) => isPathSegmentName(name);

/** @returns all that is wrong with the rules of a role */
export function validateRules(rules: readonly PolicyRule[] | null | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => validateRule(rule, at('rules').index(i), namespaced));
}

function validateRule(rule: PolicyRule, path: FieldPath, namespaced: boolean): FieldError[] {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors: FieldError[] = [];
  if (!rule.verbs?.length) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const urls = path.child('nonResourceURLs');
    if (namespaced) errors.push(invalid(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      errors.push(invalid(urls, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (apiGroups.length === 0) errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

type Binding = RoleBinding | ClusterRoleBinding;

/** Users and groups are names of the RBAC group; service accounts are objects of the core group. */
export function defaultBinding({ roleRef, subjects }: Binding): void {
  roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of subjects ?? []) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP;
}

/** @returns all that is wrong with a binding to a role of one of `kinds` */
export function validateBinding({ roleRef, subjects = [] }: Binding, kinds: readonly string[]): FieldError[] {
  const path = at('roleRef');
  const errors: FieldError[] = [];
  if (roleRef.apiGroup !== RBAC_GROUP) errors.push(notSupported(path.child('apiGroup'), roleRef.apiGroup ?? '', [RBAC_GROUP]));
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported(path.child('kind'), roleRef.kind, kinds));
  if (!roleRef.name) errors.push(required(path.child('name')));
  else errors.push(...invalids(path.child('name'), roleRef.name, isPathSegmentName(roleRef.name)));
  const namespaced = kinds.includes('Role');
  return [...errors, ...subjects.flatMap((subject, i) => validateSubject(subject, at('subjects').index(i), namespaced))];
}

/** A binding stays with its role; another role is another binding. */
export function validateRoleRefKept({ roleRef }: Binding, { roleRef: old }: Binding): FieldError[] {
  const same = roleRef.apiGroup === old.apiGroup && roleRef.kind === old.kind && roleRef.name === old.name;
  return same
    ? []
    : [invalid(at('roleRef'), goValue({ apiGroup: roleRef.apiGroup, kind: roleRef.kind, name: roleRef.name }), 'cannot change roleRef')];
}

function validateSubject({ kind, name, namespace, apiGroup = '' }: Subject, path: FieldPath, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(path.child('name')));
  switch (kind) {
    case 'ServiceAccount':
      if (name) errors.push(...invalids(path.child('name'), name, nameIsDNSSubdomain(name, false)));
      if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && !namespace) errors.push(required(path.child('namespace')));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_GROUP) errors.push(notSupported(path.child('apiGroup'), apiGroup, [RBAC_GROUP]));
      break;
    default:
      errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

/** Cells of a binding's row. */
export function bindingRow(binding: Binding, { now }: { now: number }): unknown[] {
  const { metadata, roleRef, subjects = [] } = binding;
  const names = (kind: string) =>
    subjects.filter((s) => s.kind === kind).map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name));
  const cells = ['User', 'Group', 'ServiceAccount'].map((kind) => names(kind).join(', '));
  return [metadata.name, `${roleRef.kind}/${roleRef.name}`, age(binding, now), ...cells];
}
