// Cluster roles that gather others by label have the rules of those (upstream's pkg/controller/clusterroleaggregation).
import { compileLabelSelector } from '../api/meta/label-selector.js';
import { clusterroles } from '../api/meta/resources.gen.js';
import type { ClusterRole, PolicyRule } from '../api/types/rbac-v1.gen.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';

const NAME = 'clusterrole-aggregation-controller';

/** Keeps the rules of aggregated cluster roles. */
export const clusterroleAggregation: ControllerDefinition = {
  name: NAME,
  alias: 'clusterrole-aggregation',
  create: (environment) => [
    {
      name: NAME,
      watches: [watchMapped<ClusterRole>(clusterroles, () => gathering(environment))],
      reconcile: (name) => reconcile(environment, name),
    },
  ],
};

/** Any role may be one that a gathering role is about, or no longer is. */
function gathering({ informers }: Environment): string[] {
  return informers
    .of(clusterroles)
    .store.list()
    .filter((role) => role.aggregationRule)
    .map((role) => role.metadata.name);
}

async function reconcile({ client, informers }: Environment, name: string): Promise<undefined> {
  const { store } = informers.of(clusterroles);
  const role = store.get(name);
  if (!role?.aggregationRule) return;
  const others = store
    .list()
    .filter((other) => other.metadata.name !== name)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const selection = compileLabelSelector(selector);
    const found = others.filter((other) => selection.matches(other.metadata.labels ?? {})).flatMap((other) => other.rules ?? []);
    for (const rule of found) if (!rules.some((known) => equal(known, rule))) rules.push(rule);
  }
  if (equal(rules, role.rules ?? [])) return;
  const { apiVersion, kind } = role;
  await client.apply<ClusterRole>(clusterroles, { apiVersion, kind, metadata: { name }, rules }, { fieldManager: NAME, force: true });
}
