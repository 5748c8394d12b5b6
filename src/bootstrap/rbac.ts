// Puts the roles and bindings of every cluster right at start: what is missing in them is added, what others added stays
// (k8s.io/component-helpers/auth/rbac/reconciliation). An annotation keeps a role or binding as it is.
import type { KubeObject } from '../api/meta/object.js';
import { missingRights } from '../api/shared/rbac-rules.js';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../api/types/rbac-v1.gen.js';
import { equal } from '../util/equal.js';

/** `false`: stays as it is. */
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** @returns the role with the rules, selectors of aggregation, labels and annotations that it should have at least */
export function mendedRole(present: Role | ClusterRole, wanted: Role | ClusterRole): Role | ClusterRole {
  if (isProtected(present)) return present;
  const rules = present.rules ?? [];
  // comparing rights one by one takes a while, and most roles are as they were made
  const missing = equal(rules, wanted.rules ?? []) ? [] : missingRights(wanted.rules ?? [], rules);
  const { aggregationRule: _, ...rest } = present as ClusterRole;
  return {
    ...rest,
    metadata: mendedMetadata(present, wanted),
    ...(missing.length > 0 && { rules: [...rules, ...missing] }),
    ...aggregation(present, wanted),
  };
}

/** @returns the binding with the subjects, labels and annotations that it should have at least; undefined: it is about another role and must be made anew */
export function mendedBinding<T extends RoleBinding | ClusterRoleBinding>(present: T, wanted: T): T | undefined {
  if (isProtected(present)) return present;
  if (!equal(present.roleRef, wanted.roleRef)) return undefined;
  const subjects = present.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((subject) => !subjects.some((known) => equal(known, subject)));
  return { ...present, metadata: mendedMetadata(present, wanted), ...(missing.length > 0 && { subjects: [...subjects, ...missing] }) };
}

function isProtected({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'false';
}

/** A role that should not gather others does so no longer; one that should gathers at least those it should. */
function aggregation(present: ClusterRole, wanted: ClusterRole): Pick<ClusterRole, 'aggregationRule'> {
  if (!wanted.aggregationRule) return {};
  const selectors = present.aggregationRule?.clusterRoleSelectors ?? [];
  const missing = (wanted.aggregationRule.clusterRoleSelectors ?? []).filter(
    (selector) => !selectors.some((known) => equal(known, selector)),
  );
  return { aggregationRule: { ...present.aggregationRule, clusterRoleSelectors: [...selectors, ...missing] } };
}

function mendedMetadata({ metadata }: KubeObject, { metadata: { labels, annotations } }: KubeObject): KubeObject['metadata'] {
  return {
    ...metadata,
    // the values of others hold
    ...(labels && { labels: { ...labels, ...metadata.labels } }),
    ...(annotations && { annotations: { ...annotations, ...metadata.annotations } }),
  };
}
