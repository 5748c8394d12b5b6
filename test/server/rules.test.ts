import { expect } from 'chai';
import type { Reader } from '../../src/api/context.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import { authorizerFor } from '../../src/server/authorization/index.js';

const jane = { username: 'jane', groups: ['dev'] };
const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];

/** A reader of roles and bindings. */
function readerOf(objects: Record<string, readonly object[]>): Reader {
  const of = (resource: Resource) => (objects[resource.resource] ?? []) as readonly KubeObject[];
  return {
    get: (resource, _, name) => of(resource).find((o) => o.metadata.name === name) as never,
    list: (resource) => of(resource) as never,
  };
}

describe('the rules of a user, as `kubectl auth can-i --list` asks for them', () => {
  const rules = (modes: Parameters<typeof authorizerFor>[0], objects: Record<string, readonly object[]> = {}) =>
    authorizerFor(modes, readerOf(objects)).rulesFor?.(jane, 'ns');

  it('are all or none where everything is allowed or denied', async () => {
    expect(await rules(['AlwaysAllow'])).to.deep.equal({
      resourceRules: everything,
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    });
    expect(await rules(['AlwaysDeny'])).to.deep.equal({ resourceRules: [], nonResourceRules: [], incomplete: false });
  });

  it('are those of the roles bound to the user', async () => {
    const roleRef = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
    const objects = {
      clusterroles: [{ metadata: { name: 'health' }, rules: [{ verbs: ['get'], nonResourceURLs: ['/livez'] }] }],
      clusterrolebindings: [
        { metadata: { name: 'a' }, roleRef: roleRef('ClusterRole', 'health'), subjects: [{ kind: 'Group', name: 'dev' }] },
        { metadata: { name: 'b' }, roleRef: roleRef('ClusterRole', 'health'), subjects: [{ kind: 'User', name: 'joe' }] },
      ],
      roles: [{ metadata: { name: 'pods', namespace: 'ns' }, rules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }] }],
      rolebindings: [
        { metadata: { name: 'c', namespace: 'ns' }, roleRef: roleRef('Role', 'pods'), subjects: [{ kind: 'User', name: 'jane' }] },
        { metadata: { name: 'd', namespace: 'ns' }, roleRef: roleRef('Role', 'gone'), subjects: [{ kind: 'User', name: 'jane' }] },
      ],
    };
    expect(await rules(['RBAC', 'AlwaysDeny'], objects)).to.deep.equal({
      resourceRules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: undefined }],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/livez'] }],
      incomplete: false,
      error: 'role.rbac.authorization.k8s.io "gone" not found',
    });
  });
});
