import { expect } from 'chai';
import { clusterroles } from '../../src/api/meta/resources.gen.js';
import type { ClusterRole, PolicyRule } from '../../src/api/types/rbac-v1.gen.js';
import { World } from './world.js';

const rule = (resource: string): PolicyRule => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });

describe('clusterrole-aggregation controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['clusterrole-aggregation']);
  });
  afterEach(() => world.stop());

  const add = (name: string, rules: PolicyRule[]) =>
    world.client.create<ClusterRole>(clusterroles, { metadata: { name, labels: { gather: 'yes' } }, rules });
  const gathered = (...resources: string[]) =>
    world.eventually(async () => expect((await world.get(clusterroles, 'all')).rules ?? []).to.deep.equal(resources.map(rule)));

  it('gives a role the rules of those it gathers, each once, and takes them away again', async () => {
    await add('b', [rule('pods'), rule('services')]);
    await world.client.create<ClusterRole>(clusterroles, { metadata: { name: 'other' }, rules: [rule('secrets')] });
    await world.client.create<ClusterRole>(clusterroles, {
      metadata: { name: 'all' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { gather: 'yes' } }] },
    });
    await gathered('pods', 'services');
    await add('a', [rule('nodes'), rule('pods')]);
    await gathered('nodes', 'pods', 'services');
    await world.client.delete(clusterroles, { namespace: '', name: 'b' });
    await gathered('nodes', 'pods');
  });
});
