import { expect } from 'chai';
import type { KubeObject, OwnerReference } from '../../src/api/meta/object.js';
import { configmaps, deployments, events, namespaces, nodes, pods, replicasets, secrets } from '../../src/api/meta/resources.gen.js';
import type { Deployment } from '../../src/api/types/apps-v1.gen.js';
import type { ConfigMap, Secret } from '../../src/api/types/core-v1.gen.js';
import { World } from './world.js';

function reference(owner: KubeObject, extra: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '', ...extra };
}

describe('garbage collector', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['garbagecollector', 'deployment', 'replicaset']);
  });
  afterEach(() => world.stop());

  const make = (name: string, ownerReferences?: OwnerReference[], namespace = 'default') =>
    world.client.create<ConfigMap>(configmaps, { metadata: { name, namespace, ownerReferences } });
  const makeSecret = (name: string, ownerReferences?: OwnerReference[]) =>
    world.client.create<Secret>(secrets, { metadata: { name, namespace: 'default', ownerReferences } });
  const remove = (name: string, propagationPolicy: 'Background' | 'Foreground' | 'Orphan') =>
    world.client.delete(configmaps, { namespace: 'default', name }, { propagationPolicy });
  const names = async () => [...(await world.list(configmaps)), ...(await world.list(secrets))].map((o) => o.metadata.name);
  const eventuallyNames = (...wanted: string[]) => world.eventually(async () => expect(await names()).to.have.members(wanted));

  it('deletes what was owned by an object that is gone, and what that owned', async () => {
    const top = await make('top');
    const middle = await makeSecret('middle', [reference(top)]);
    await make('bottom', [reference(middle)]);
    await make('other');
    await remove('top', 'Background');
    await eventuallyNames('other');
  });

  it('keeps an object while one of its owners is there, and takes away the reference to the other', async () => {
    const [a, b] = [await make('a'), await make('b')];
    await make('child', [reference(a), reference(b)]);
    await remove('a', 'Background');
    await world.eventually(async () =>
      expect((await world.get(configmaps, 'child')).metadata.ownerReferences).to.deep.equal([reference(b)]),
    );
    await remove('b', 'Background');
    await eventuallyNames();
  });

  it('deletes an object that never had its owner', async () => {
    await make('child', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'no-such-uid' }]);
    await eventuallyNames();
  });

  it('deletes an object whose owner has been made again under the same name', async () => {
    const first = await make('owner');
    await make('child', [reference(first)]);
    await remove('owner', 'Background');
    await make('owner');
    await eventuallyNames('owner');
  });

  it('does not let an object be owned from another namespace, and says so', async () => {
    await world.client.create(namespaces, { metadata: { name: 'other' } });
    await world.eventually(() => world.get(namespaces, 'other'));
    const owner = await make('owner', undefined, 'other');
    await make('child', [reference(owner)]);
    await eventuallyNames();
    await world.eventually(async () => {
      const told = (await world.list(events)).find((e) => e.reason === 'OwnerRefInvalidNamespace');
      expect(told?.involvedObject).to.deep.include({ kind: 'ConfigMap', name: 'child' });
      expect(told?.message).to.equal(
        `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "default"`,
      );
    });
    expect(await world.get(configmaps, 'owner', 'other')).to.deep.include({ kind: 'ConfigMap' });
  });

  it('lets objects without namespace own those in namespaces', async () => {
    const node = await world.client.create(nodes, { metadata: { name: 'n1' } });
    await make('child', [reference(node)]);
    await world.settle();
    expect(await names()).to.deep.equal(['child']);
    await world.client.delete(nodes, { namespace: '', name: 'n1' });
    await eventuallyNames();
  });

  it('leaves alone what is owned by a kind nobody serves', async () => {
    await make('child', [{ apiVersion: 'example.com/v1', kind: 'Nothing', name: 'x', uid: 'y' }]);
    await world.settle();
    expect(await names()).to.deep.equal(['child']);
  });

  it('keeps an owner deleted in the foreground until its blocking dependents are gone', async () => {
    const owner = await make('owner');
    await world.client.create<ConfigMap>(configmaps, {
      metadata: {
        name: 'blocking',
        namespace: 'default',
        finalizers: ['example.com/wait'],
        ownerReferences: [reference(owner, { blockOwnerDeletion: true })],
      },
    });
    await makeSecret('free', [reference(owner)]);
    await remove('owner', 'Foreground');
    await world.eventually(async () =>
      expect((await world.get(configmaps, 'blocking')).metadata.deletionTimestamp).not.to.equal(undefined),
    );
    await eventuallyNames('owner', 'blocking');
    expect((await world.get(configmaps, 'owner')).metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    await world.client.patch(
      configmaps,
      { namespace: 'default', name: 'blocking' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await eventuallyNames();
  });

  it('goes on with a foreground deletion when a dependent stops blocking', async () => {
    const owner = await make('owner');
    await world.client.create<ConfigMap>(configmaps, {
      metadata: {
        name: 'child',
        namespace: 'default',
        finalizers: ['example.com/wait'],
        ownerReferences: [reference(owner, { blockOwnerDeletion: true })],
      },
    });
    await remove('owner', 'Foreground');
    await world.eventually(async () => expect((await world.get(configmaps, 'child')).metadata.deletionTimestamp).not.to.equal(undefined));
    await world.client.patch(
      configmaps,
      { namespace: 'default', name: 'child' },
      { type: 'merge', body: { metadata: { ownerReferences: [reference(owner, { blockOwnerDeletion: false })] } } },
    );
    await eventuallyNames('child');
  });

  it('does not wait for ever for owners that wait for each other', async () => {
    const a = await make('a');
    const b = await makeSecret('b', [reference(a, { blockOwnerDeletion: true })]);
    await world.client.patch(
      configmaps,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { ownerReferences: [reference(b, { blockOwnerDeletion: true })] } } },
    );
    await remove('a', 'Foreground');
    await eventuallyNames();
  });

  it('frees the dependents of an object deleted without them', async () => {
    const owner = await make('owner');
    await make('child', [reference(owner)]);
    await remove('owner', 'Orphan');
    await eventuallyNames('child');
    expect((await world.get(configmaps, 'child')).metadata.ownerReferences).to.equal(undefined);
    await world.settle();
    expect(await names()).to.deep.equal(['child']);
  });

  describe('of a Deployment', () => {
    beforeEach(async () => {
      world.runPods();
      await world.client.create<Deployment>(deployments, {
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
        },
      });
      await world.eventually(async () => expect((await world.get(deployments, 'web')).status.availableReplicas).to.equal(2));
    });
    const counts = async () => [
      (await world.list(deployments)).length,
      (await world.list(replicasets)).length,
      (await world.list(pods)).length,
    ];
    const removeWith = (propagationPolicy: 'Background' | 'Foreground' | 'Orphan') =>
      world.client.delete(deployments, { namespace: 'default', name: 'web' }, { propagationPolicy });

    for (const policy of ['Background', 'Foreground'] as const)
      it(`takes everything with it (${policy})`, async () => {
        await removeWith(policy);
        await world.eventually(async () => expect(await counts()).to.deep.equal([0, 0, 0]));
      });

    it('leaves its ReplicaSet and pods behind when told to', async () => {
      await removeWith('Orphan');
      await world.eventually(async () => expect(await counts()).to.deep.equal([0, 1, 2]));
      await world.settle();
      expect((await world.list(replicasets))[0]?.metadata.ownerReferences).to.equal(undefined);
      expect(await counts()).to.deep.equal([0, 1, 2]);
    });
  });
});
