import { expect } from 'chai';
import type { AuthorizationAttributes, Reader } from '../../src/api/context.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import type { PolicyRule, Subject } from '../../src/api/types/rbac-v1.gen.js';
import { rbac } from '../../src/server/authorization/rbac.js';

/** Roles and bindings, by resource. */
function readerOf(objects: Record<string, readonly object[]>): Reader {
  const of = (resource: Resource, namespace?: string) =>
    ((objects[resource.resource] ?? []) as readonly KubeObject[]).filter((o) => !namespace || o.metadata.namespace === namespace);
  return {
    get: (resource, namespace, name) => of(resource, namespace).find((o) => o.metadata.name === name) as never,
    list: (resource, namespace) => of(resource, namespace) as never,
  };
}

const role = (namespace: string | undefined, name: string, ...rules: PolicyRule[]) => ({ metadata: { name, namespace }, rules });
const binding = (namespace: string | undefined, name: string, kind: string, to: string, ...subjects: Partial<Subject>[]) => ({
  metadata: { name, namespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: to },
  subjects,
});
const readPods: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };

function asking(
  verb: string,
  resource: string,
  more: Partial<AuthorizationAttributes> & { username?: string; groups?: string[] } = {},
): AuthorizationAttributes {
  const { username = 'jane', groups = [], ...rest } = more;
  return { user: { username, groups }, verb, group: '', version: 'v1', resource, subresource: '', namespace: '', name: '', ...rest };
}

describe('RBAC', () => {
  const decide = async (objects: Record<string, readonly object[]>, attributes: AuthorizationAttributes) =>
    rbac(readerOf(objects)).authorize(attributes);
  /** Whether one rule, bound to jane everywhere, allows. */
  const allowed = async (rule: PolicyRule, attributes: AuthorizationAttributes) =>
    (
      await decide(
        {
          clusterroles: [role(undefined, 'r', rule)],
          clusterrolebindings: [binding(undefined, 'b', 'ClusterRole', 'r', { kind: 'User', name: 'jane' })],
        },
        attributes,
      )
    ).decision === 'allow';

  it('allows everywhere what a cluster role binding grants', async () => {
    expect(await allowed(readPods, asking('get', 'pods', { namespace: 'ns', name: 'p' }))).to.equal(true);
    expect(await allowed(readPods, asking('list', 'pods'))).to.equal(true);
    expect(await allowed(readPods, asking('delete', 'pods'))).to.equal(false);
    expect(await allowed(readPods, asking('get', 'secrets'))).to.equal(false);
    expect(await allowed(readPods, asking('get', 'pods', { group: 'metrics.k8s.io' }))).to.equal(false);
    expect(await allowed(readPods, asking('get', 'pods', { username: 'bob' }))).to.equal(false);
  });

  it('knows wildcards, subresources and resource names', async () => {
    expect(
      await allowed(
        { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
        asking('delete', 'deployments', { group: 'apps', subresource: 'scale' }),
      ),
    ).to.equal(true);
    expect(await allowed(readPods, asking('get', 'pods', { subresource: 'log' }))).to.equal(false);
    expect(await allowed({ ...readPods, resources: ['pods/log'] }, asking('get', 'pods', { subresource: 'log' }))).to.equal(true);
    expect(
      await allowed(
        { ...readPods, resources: ['*/scale'], apiGroups: ['apps'] },
        asking('get', 'deployments', { group: 'apps', subresource: 'scale' }),
      ),
    ).to.equal(true);
    const named = { ...readPods, resourceNames: ['mine'] };
    expect(await allowed(named, asking('get', 'pods', { name: 'mine' }))).to.equal(true);
    expect(await allowed(named, asking('get', 'pods', { name: 'other' }))).to.equal(false);
    expect(await allowed(named, asking('list', 'pods'))).to.equal(false);
  });

  it('knows paths', async () => {
    const rule: PolicyRule = { nonResourceURLs: ['/healthz', '/openapi/*'], verbs: ['get'] };
    expect(await allowed(rule, asking('get', '', { path: '/healthz' }))).to.equal(true);
    expect(await allowed(rule, asking('get', '', { path: '/openapi/v2' }))).to.equal(true);
    expect(await allowed(rule, asking('get', '', { path: '/healthz/ping' }))).to.equal(false);
    expect(await allowed(rule, asking('post', '', { path: '/healthz' }))).to.equal(false);
    expect(await allowed({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, asking('get', '', { path: '/healthz' }))).to.equal(false);
  });

  it('allows in its namespace only what a role binding grants, of a role or a cluster role', async () => {
    for (const kind of ['Role', 'ClusterRole']) {
      const objects = {
        roles: [role('ns', 'r', readPods)],
        clusterroles: [role(undefined, 'r', readPods)],
        rolebindings: [binding('ns', 'b', kind, 'r', { kind: 'User', name: 'jane' })],
      };
      expect((await decide(objects, asking('get', 'pods', { namespace: 'ns' }))).decision).to.equal('allow');
      expect((await decide(objects, asking('get', 'pods', { namespace: 'other' }))).decision).to.equal('no-opinion');
      expect((await decide(objects, asking('list', 'pods'))).decision).to.equal('no-opinion');
    }
  });

  it('binds groups and service accounts, these by default of the namespace of the binding', async () => {
    const objects = {
      roles: [role('ns', 'r', readPods)],
      rolebindings: [
        binding(
          'ns',
          'b',
          'Role',
          'r',
          { kind: 'Group', name: 'dev' },
          { kind: 'ServiceAccount', name: 'robot' },
          { kind: 'ServiceAccount', name: 'far', namespace: 'away' },
        ),
      ],
    };
    const as = async (username: string, groups: string[] = []) =>
      (await decide(objects, asking('get', 'pods', { namespace: 'ns', username, groups }))).decision;
    expect(await as('x', ['dev'])).to.equal('allow');
    expect(await as('system:serviceaccount:ns:robot')).to.equal('allow');
    expect(await as('system:serviceaccount:other:robot')).to.equal('no-opinion');
    expect(await as('system:serviceaccount:away:far')).to.equal('allow');
    expect(await as('robot')).to.equal('no-opinion');
  });

  it('says why', async () => {
    const objects = {
      roles: [role('ns', 'r', readPods)],
      rolebindings: [
        binding('ns', 'b', 'Role', 'r', { kind: 'ServiceAccount', name: 'robot' }),
        binding('ns', 'lost', 'Role', 'gone', { kind: 'User', name: 'jane' }),
      ],
    };
    expect((await decide(objects, asking('get', 'pods', { namespace: 'ns', username: 'system:serviceaccount:ns:robot' }))).reason).to.equal(
      'RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "robot/ns"',
    );
    expect(await decide(objects, asking('get', 'pods', { namespace: 'ns' }))).to.deep.equal({
      decision: 'no-opinion',
      reason: 'RBAC: role.rbac.authorization.k8s.io "gone" not found',
    });
  });
});
