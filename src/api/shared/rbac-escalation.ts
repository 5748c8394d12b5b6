// Nobody may hand out rights that he does not have himself, unless he may escalate or bind.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
import { equal } from '../../util/equal.js';
import { goQuoteList } from '../meta/quote.js';
import type { Context, Rules } from '../context.js';
import { forbidden, notFound } from '../meta/errors.js';
import type { KubeObject } from '../meta/object.js';
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../meta/resources.gen.js';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../types/rbac-v1.gen.js';
import { RBAC_GROUP } from './rbac.js';
import { missingRights } from './rbac-rules.js';

/** Its members do everything. */
const MASTERS = 'system:masters';
const EVERYTHING: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

/** `begin` of Role and ClusterRole. @throws ApiError Forbidden for rules that are more than the user's own */
export async function checkRole(role: Role | ClusterRole, old: Role | ClusterRole | undefined, context: Context): Promise<undefined> {
  const { name, namespace = '' } = role.metadata;
  const resource = namespace === '' ? clusterroles : roles;
  if (await mayAnyway(role, old, context, { verb: 'escalate', resource: resource.resource, namespace, name })) return;
  const own = await rulesOf(context, namespace);
  const problem = escalation(role.rules ?? [], own, context);
  if (problem) throw forbidden(resource, name, problem);
  // it gathers whatever is labelled to fit, so only who has all rights may use it
  if (![role, old].some((r) => isAggregated(r as ClusterRole | undefined)) || !escalation(EVERYTHING, own, context)) return;
  throw forbidden(resource, name, 'must have cluster-admin privileges to use the aggregationRule');
}

/** `begin` of RoleBinding and ClusterRoleBinding. @throws ApiError Forbidden for a role that grants more than the user has; NotFound when it does not exist */
export async function checkBinding(
  binding: RoleBinding | ClusterRoleBinding,
  old: RoleBinding | ClusterRoleBinding | undefined,
  context: Context,
): Promise<undefined> {
  const { name, namespace = '' } = binding.metadata;
  const { kind, name: roleName } = binding.roleRef;
  const resource = kind === 'ClusterRole' ? clusterroles : roles;
  if (await mayAnyway(binding, old, context, { verb: 'bind', resource: resource.resource, namespace, name: roleName })) return;
  const role =
    kind === 'ClusterRole'
      ? context.services.reader.get(clusterroles, '', roleName)
      : context.services.reader.get(roles, namespace, roleName);
  const bindings = namespace === '' ? clusterrolebindings : rolebindings;
  // told as if the request had asked for it, as upstream's store does
  if (!role) throw notFound(bindings, roleName);
  const problem = escalation(role.rules ?? [], await rulesOf(context, namespace), context);
  if (problem) throw forbidden(bindings, name, problem);
}

interface Right {
  readonly verb: 'bind' | 'escalate';
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

async function mayAnyway(object: KubeObject, old: KubeObject | undefined, { user, services }: Context, right: Right): Promise<boolean> {
  if (user.groups.includes(MASTERS)) return true;
  // the garbage collector must be able to let go of what it could not grant
  if (old && equal(withoutOwners(object), withoutOwners(old))) return true;
  const { decision } = await services.authorizer.authorize({ user, group: RBAC_GROUP, version: '*', subresource: '', ...right });
  return decision === 'allow';
}

function withoutOwners({ metadata, ...rest }: KubeObject): object {
  const { ownerReferences: _o, finalizers: _f, managedFields: _m, resourceVersion: _r, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

function isAggregated(role: ClusterRole | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

async function rulesOf({ user, services }: Context, namespace: string): Promise<Rules | undefined> {
  return services.authorizer.rulesFor?.(user, namespace);
}

/** @returns why the user may not grant the rules; undefined: all of them are among his own */
function escalation(wanted: readonly PolicyRule[], own: Rules | undefined, { user }: Context): string | undefined {
  const held: readonly PolicyRule[] = [...(own?.resourceRules ?? []), ...(own?.nonResourceRules ?? [])];
  const missing = missingRights(wanted, held);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(joinVerbs(missing).map(describe))].sort();
  const error = own?.error ? `; resolution errors: ${own.error}` : '';
  return `user ${JSON.stringify(user.username)} (groups=${goQuoteList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${error}`;
}

/** Parts about the same resource become one with all their verbs. */
function joinVerbs(rules: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const verbs = joined.get(key)?.verbs ?? [];
    joined.set(key, { ...rule, verbs: [...verbs, ...rule.verbs] });
  }
  return [...others, ...joined.values()];
}

function describe({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  };
  const shown = Object.entries(parts).flatMap(([name, list]) => (list?.length ? `${name}:${goQuoteList(list)}` : []));
  return `{${shown.join(', ')}}`;
}
