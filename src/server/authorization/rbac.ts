// Role-based access: rights are granted by roles, roles to users by bindings (the documentation's "Using RBAC Authorization").
import type { AuthorizationAttributes, Authorizer, Reader, Rules } from '../../api/context.js';
import type { UserInfo } from '../../api/meta/object.js';
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../api/meta/resources.gen.js';
import type { PolicyRule, RoleRef, Subject } from '../../api/types/rbac-v1.gen.js';
import { serviceAccountOf } from '../user-names.js';

interface Binding {
  readonly metadata: { readonly name?: string; readonly namespace?: string };
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[] | undefined;
}

/** Allows what some binding of the user grants, in the whole cluster or in the namespace of the request; denies nothing. */
export function rbac(reader: Reader): Authorizer {
  return {
    authorize(attributes) {
      const missing: string[] = [];
      for (const binding of bindingsIn(reader, attributes.namespace)) {
        const subject = binding.subjects?.find((s) => appliesTo(s, attributes.user, binding.metadata.namespace ?? ''));
        if (!subject) continue;
        const rules = rulesOf(reader, binding);
        if (!rules) missing.push(missingRole(binding.roleRef));
        else if (rules.some((rule) => allows(rule, attributes)))
          return { decision: 'allow', reason: `RBAC: allowed by ${describe(binding, subject)}` };
      }
      const errors = together(missing);
      return { decision: 'no-opinion', reason: errors === '' ? '' : `RBAC: ${errors}` };
    },
    rulesFor(user, namespace): Rules {
      const missing: string[] = [];
      const granted: PolicyRule[] = [];
      for (const binding of bindingsIn(reader, namespace)) {
        if (!binding.subjects?.some((s) => appliesTo(s, user, binding.metadata.namespace ?? ''))) continue;
        const rules = rulesOf(reader, binding);
        if (rules) granted.push(...rules);
        else missing.push(missingRole(binding.roleRef));
      }
      return {
        resourceRules: granted
          .filter((rule) => rule.resources?.length)
          .map(({ verbs, apiGroups, resources, resourceNames }) => ({ verbs, apiGroups, resources, resourceNames })),
        nonResourceRules: granted
          .filter((rule) => rule.nonResourceURLs?.length)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        // what cannot be looked up is told, and does not count as missing (as upstream)
        incomplete: false,
        ...(missing.length > 0 && { error: together(missing) }),
      };
    },
  };
}

function bindingsIn(reader: Reader, namespace: string): Binding[] {
  return [...reader.list(clusterrolebindings), ...(namespace === '' ? [] : reader.list(rolebindings, namespace))];
}

function together(errors: readonly string[]): string {
  return errors.length > 1 ? `[${errors.join(', ')}]` : errors.join('');
}

/** The rules a binding grants; undefined: its role does not exist. */
function rulesOf(reader: Reader, { roleRef, metadata }: Binding): readonly PolicyRule[] | undefined {
  const role =
    roleRef.kind === 'ClusterRole' ? reader.get(clusterroles, '', roleRef.name) : reader.get(roles, metadata.namespace ?? '', roleRef.name);
  return role && (role.rules ?? []);
}

function missingRole({ kind, name }: RoleRef): string {
  return `${kind === 'ClusterRole' ? 'clusterrole' : 'role'}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

function appliesTo(subject: Subject, user: UserInfo, namespace: string): boolean {
  switch (subject.kind) {
    case 'User':
      return user.username === subject.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const account = serviceAccountOf(user.username);
      return account?.name === subject.name && account.namespace === (subject.namespace || namespace);
    }
    default:
      return false;
  }
}

/** Whether a rule covers what is asked. */
export function allows(rule: PolicyRule, a: AuthorizationAttributes): boolean {
  if (!rule.verbs.some((verb) => verb === '*' || verb === a.verb)) return false;
  if (a.path !== undefined) return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, a.path ?? ''));
  return (
    (rule.apiGroups ?? []).some((group) => group === '*' || group === a.group) &&
    (rule.resources ?? []).some((resource) => coversResource(resource, a)) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(a.name))
  );
}

function coversResource(resource: string, a: AuthorizationAttributes): boolean {
  if (resource === '*') return true;
  if (a.subresource === '') return resource === a.resource;
  return resource === `${a.resource}/${a.subresource}` || resource === `*/${a.subresource}`;
}

function coversPath(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

function describe({ metadata, roleRef }: Binding, subject: Subject): string {
  const binding = metadata.namespace
    ? `RoleBinding ${JSON.stringify(`${metadata.name}/${metadata.namespace}`)}`
    : `ClusterRoleBinding ${JSON.stringify(metadata.name)}`;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || metadata.namespace || ''}` : subject.name;
  return `${binding} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}
