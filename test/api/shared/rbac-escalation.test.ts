import { expect } from 'chai';
import type { AuthorizationAttributes, Context } from '../../../src/api/context.js';
import { isApiError } from '../../../src/api/meta/errors.js';
import { checkBinding, checkRole } from '../../../src/api/shared/rbac-escalation.js';
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../../src/api/types/rbac-v1.gen.js';

interface World {
  readonly held?: readonly PolicyRule[];
  /** Verbs that the user has on roles: escalate, bind. */
  readonly may?: readonly string[];
  readonly groups?: readonly string[];
  readonly roles?: Readonly<Record<string, readonly PolicyRule[]>>;
}

function contextOf({ held = [], may = [], groups = [], roles = {} }: World): Context {
  return {
    user: { username: 'jane', groups },
    services: {
      authorizer: {
        authorize: ({ verb }: AuthorizationAttributes) => ({ decision: may.includes(verb) ? 'allow' : 'no-opinion', reason: '' }),
        rulesFor: () => ({ resourceRules: held, nonResourceRules: [], incomplete: false }),
      },
      reader: { get: (_: unknown, __: string, name: string) => roles[name] && { metadata: { name }, rules: roles[name] } },
    },
  } as unknown as Context;
}

const roleOf = (...rules: PolicyRule[]) => ({ metadata: { name: 'r', namespace: 'ns' }, rules }) as unknown as Role;
const bindingOf = (kind: string, name: string) =>
  ({ metadata: { name: 'b', namespace: 'ns' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name } }) as unknown as RoleBinding;
const rule = (resources: string[], verbs: string[], more: Partial<PolicyRule> = {}): PolicyRule => ({
  apiGroups: [''],
  resources,
  verbs,
  ...more,
});

/** What refuses; undefined: nothing does. */
async function refusal(check: Promise<unknown>): Promise<string | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    expect(isApiError(error, 'Forbidden') || isApiError(error, 'NotFound')).to.equal(true);
    return (error as Error).message;
  }
}

describe('rights that are handed on', () => {
  it('must be held by who hands them on', async () => {
    const held = [rule(['pods', '*/status'], ['get', 'list']), rule(['secrets'], ['get'], { resourceNames: ['a'] })];
    const create = (...rules: PolicyRule[]) => refusal(checkRole(roleOf(...rules), undefined, contextOf({ held })));
    expect(await create(rule(['pods'], ['list', 'get']))).to.equal(undefined);
    expect(await create(rule(['nodes/status'], ['get']))).to.equal(undefined);
    expect(await create(rule(['secrets'], ['get'], { resourceNames: ['a'] }))).to.equal(undefined);
    for (const wider of [
      rule(['pods'], ['*']),
      rule(['*'], ['get']),
      rule(['pods/log'], ['get']),
      rule(['pods'], ['get'], { apiGroups: ['apps'] }),
      rule(['secrets'], ['get']),
      rule(['secrets'], ['get'], { resourceNames: ['a', 'b'] }),
    ])
      expect(await create(wider), JSON.stringify(wider)).to.contain('is attempting to grant RBAC permissions not currently held');
  });

  it('are named, those about one resource together', async () => {
    const wanted = roleOf(rule(['secrets', 'pods'], ['get', 'list']), { nonResourceURLs: ['/x'], verbs: ['get'] });
    expect(await refusal(checkRole(wanted, undefined, contextOf({ groups: ['a', 'b'] })))).to.equal(
      [
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["a" "b"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
        '{NonResourceURLs:["/x"], Verbs:["get"]}',
      ].join('\n'),
    );
  });

  it('need not be held by who may escalate, or is one of the masters', async () => {
    const role = roleOf(rule(['secrets'], ['*']));
    for (const world of [{ may: ['escalate'] }, { groups: ['system:masters'] }])
      expect(await refusal(checkRole(role, undefined, contextOf(world)))).to.equal(undefined);
    expect(await refusal(checkRole(role, undefined, contextOf({ may: ['bind'] })))).to.contain('not currently held');
  });

  it('are those of the role that is bound, which must exist; who may bind it need not hold them', async () => {
    const roles = { wide: [rule(['secrets'], ['*'])], narrow: [rule(['pods'], ['get'])] };
    const held = [rule(['pods'], ['get'])];
    const bind = (name: string, world: World) =>
      refusal(checkBinding(bindingOf('ClusterRole', name), undefined, contextOf({ roles, ...world })));
    expect(await bind('narrow', { held })).to.equal(undefined);
    expect(await bind('wide', { held })).to.contain('rolebindings.rbac.authorization.k8s.io "b" is forbidden');
    expect(await bind('wide', { may: ['bind'] })).to.equal(undefined);
    expect(await bind('absent', { held })).to.equal('rolebindings.rbac.authorization.k8s.io "absent" not found');
  });

  it('may stay when only owners and finalizers change', async () => {
    const old = roleOf(rule(['secrets'], ['*']));
    const released = { ...old, metadata: { ...old.metadata, ownerReferences: [] } } as unknown as Role;
    expect(await refusal(checkRole(released, old, contextOf({})))).to.equal(undefined);
    const labelled = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } } as unknown as Role;
    expect(await refusal(checkRole(labelled, old, contextOf({})))).to.contain('not currently held');
  });

  it('are all rights for a role that gathers others', async () => {
    const gathering = { metadata: { name: 'r' }, aggregationRule: { clusterRoleSelectors: [{}] } } as unknown as ClusterRole;
    expect(await refusal(checkRole(gathering, undefined, contextOf({})))).to.contain('must have cluster-admin privileges');
    const held = [rule(['*'], ['*'], { apiGroups: ['*'] }), { nonResourceURLs: ['*'], verbs: ['*'] }];
    expect(await refusal(checkRole(gathering, undefined, contextOf({ held })))).to.equal(undefined);
  });
});
