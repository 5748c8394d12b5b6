// Which rights the rules of roles are, and which of them others hold already
// (k8s.io/component-helpers/auth/rbac/validation).
import type { PolicyRule } from '../types/rbac-v1.gen.js';

/** @returns the rights of `wanted` that `held` does not have, each with one verb and one resource or path */
export function missingRights(wanted: readonly PolicyRule[], held: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(rights).filter((right) => !held.some((rule) => covers(rule, right)));
}

function rights({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): PolicyRule[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ({ resourceNames: [name] })) : [{}];
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => names.map((name) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...name }))),
    ),
  );
  return [...ofResources, ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })))];
}

function covers(rule: PolicyRule, right: PolicyRule): boolean {
  const has = (list: readonly string[] | undefined, item: string) => list?.includes('*') || list?.includes(item);
  return (
    right.verbs.every((verb) => has(rule.verbs, verb)) &&
    (right.apiGroups ?? []).every((group) => has(rule.apiGroups, group)) &&
    (right.resources ?? []).every(
      (r) => has(rule.resources, r) || (r.includes('/') && rule.resources?.includes(r.replace(/^[^/]*/, '*'))),
    ) &&
    (!rule.resourceNames?.length || (!!right.resourceNames && right.resourceNames.every((name) => rule.resourceNames?.includes(name)))) &&
    (right.nonResourceURLs ?? []).every((url) => rule.nonResourceURLs?.some((own) => coversPath(own, url)))
  );
}

function coversPath(own: string, url: string): boolean {
  return own === url || (own.endsWith('*') && url.startsWith(own.replace(/\*+$/, '')));
}
