import { expect } from 'chai';
import { configmaps, namespaces, pods, secrets, serviceaccounts } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap, Namespace, Pod, Secret } from '../../src/api/types/core-v1.gen.js';
import { deletionConditions } from '../../src/controllers/namespace/conditions.js';
import { World } from './world.js';

describe('namespace controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['namespace', 'root-ca-cert-publisher']);
    await world.client.create(namespaces, { metadata: { name: 'doomed' } });
    await world.eventually(() => world.get(serviceaccounts, 'default', 'doomed'));
    await world.client.create<Secret>(secrets, { metadata: { name: 's', namespace: 'doomed' } });
  });
  afterEach(() => world.stop());

  const remove = () => world.client.delete(namespaces, { namespace: '', name: 'doomed' });
  const gone = () =>
    world.eventually(async () => {
      const left = (await world.list(namespaces)).map((n) => n.metadata.name);
      expect(left).to.deep.equal(['default']);
    });
  const condition = async (type: string) => (await world.get(namespaces, 'doomed')).status.conditions?.find((c) => c.type === type);

  it('deletes everything in a namespace, then lets it go, and leaves others alone', async () => {
    await world.client.create<Secret>(secrets, { metadata: { name: 'kept', namespace: 'default' } });
    await remove();
    await gone();
    expect(await world.list(secrets, 'doomed')).to.deep.equal([]);
    expect(await world.list(serviceaccounts, 'doomed')).to.deep.equal([]);
    expect((await world.list(secrets)).map((s) => s.metadata.name)).to.deep.equal(['kept']);
  });

  it('tells what it waits for, and goes on when that has gone', async () => {
    await world.client.create<ConfigMap>(configmaps, { metadata: { name: 'held', namespace: 'doomed', finalizers: ['example.com/wait'] } });
    await remove();
    await world.eventually(async () => {
      expect(await condition('NamespaceContentRemaining')).to.deep.include({
        status: 'True',
        reason: 'SomeResourcesRemain',
        message: 'Some resources are remaining: configmaps. has 1 resource instances',
      });
      expect(await condition('NamespaceFinalizersRemaining')).to.deep.include({
        status: 'True',
        reason: 'SomeFinalizersRemain',
        message: 'Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances',
      });
      expect(await condition('NamespaceDeletionContentFailure')).to.deep.include({ status: 'False', reason: 'ContentDeleted' });
    });
    expect((await world.get(namespaces, 'doomed')).status.phase).to.equal('Terminating');
    await world.client.patch(
      configmaps,
      { namespace: 'doomed', name: 'held' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await world.clock.advance(20_000);
    await gone();
  });

  it('deletes pods first, and the rest as soon as the last pod has stopped', async () => {
    await world.client.create<Pod>(pods, {
      metadata: { name: 'slow', namespace: 'doomed' },
      spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'x' }] },
    });
    await remove();
    await world.eventually(async () =>
      expect((await world.get(pods, 'slow', 'doomed')).metadata.deletionTimestamp).not.to.equal(undefined),
    );
    await world.settle();
    expect((await world.list(secrets, 'doomed')).map((s) => s.metadata.name)).to.deep.equal(['s']);
    await world.client.delete(pods, { namespace: 'doomed', name: 'slow' }, { gracePeriodSeconds: 0 });
    await gone();
  });

  it('waits without complaint for pods that nobody stops', async () => {
    await world.client.create<Pod>(pods, {
      metadata: { name: 'stuck', namespace: 'doomed' },
      spec: { nodeName: 'n1', terminationGracePeriodSeconds: 2, containers: [{ name: 'main', image: 'x' }] },
    });
    await remove();
    await world.eventually(async () => {
      await world.clock.advance(5_000);
      expect(await condition('NamespaceDeletionContentFailure')).to.deep.include({
        status: 'True',
        reason: 'ContentDeletionFailed',
        message:
          'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: doomed for gvr: /v1, Resource=pods',
      });
    });
    await world.clock.advance(60_000);
    await world.client.delete(pods, { namespace: 'doomed', name: 'stuck' }, { gracePeriodSeconds: 0 });
    await gone();
    expect(world.errors).to.deep.equal([]);
  });

  it('leaves a namespace with finalizers of others', async () => {
    const found = await world.get(namespaces, 'doomed');
    await world.client.update<Namespace>(
      namespaces,
      { ...found, spec: { finalizers: ['kubernetes', 'example.com/mine'] } },
      { subresource: 'finalize' },
    );
    await remove();
    await world.eventually(async () => expect((await world.get(namespaces, 'doomed')).spec.finalizers).to.deep.equal(['example.com/mine']));
    const last = await world.get(namespaces, 'doomed');
    await world.client.update<Namespace>(namespaces, { ...last, spec: { finalizers: [] } }, { subresource: 'finalize' });
    await gone();
  });
});

describe('conditions of a namespace on its way out', () => {
  const nothing = { errors: [], remaining: new Map<string, number>(), finalizers: new Map<string, number>() };

  it('are all fine at first, in upstream’s order', () => {
    expect(deletionConditions(undefined, nothing, 0).map((c) => [c.type, c.status, c.reason])).to.deep.equal([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'False', 'ContentRemoved'],
      ['NamespaceFinalizersRemaining', 'False', 'ContentHasNoFinalizers'],
    ]);
  });

  it('keep their time while their status stays', () => {
    const remaining = (n: number) => ({ ...nothing, remaining: new Map([['pods.', n]]) });
    const first = deletionConditions(undefined, remaining(2), 0);
    const second = deletionConditions(first, remaining(1), 60_000);
    const third = deletionConditions(second, nothing, 120_000);
    const of = (list: typeof first) => list.find((c) => c.type === 'NamespaceContentRemaining');
    expect(of(second)).to.deep.include({
      status: 'True',
      lastTransitionTime: '1970-01-01T00:00:00Z',
      message: 'Some resources are remaining: pods. has 1 resource instances',
    });
    expect(of(third)).to.deep.include({ status: 'False', lastTransitionTime: '1970-01-01T00:02:00Z' });
  });

  it('name every failure, in order', () => {
    const [, , failed] = deletionConditions(undefined, { ...nothing, errors: [new Error('b'), new Error('a')] }, 0);
    expect(failed).to.deep.include({
      status: 'True',
      reason: 'ContentDeletionFailed',
      message: 'Failed to delete all resource types, 2 remaining: a, b',
    });
  });
});

describe('what every namespace has', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['root-ca-cert-publisher']);
  });
  afterEach(() => world.stop());

  it('is a default service account, made again when deleted', async () => {
    const { uid } = (await world.get(serviceaccounts, 'default')).metadata;
    await world.client.delete(serviceaccounts, { namespace: 'default', name: 'default' });
    await world.eventually(async () => expect((await world.get(serviceaccounts, 'default')).metadata.uid).not.to.equal(uid));
  });

  it('is the CA of the cluster, put right when changed or deleted', async () => {
    const key = { namespace: 'default', name: 'kube-root-ca.crt' };
    const right = () =>
      world.eventually(async () => expect((await world.get(configmaps, key.name)).data).to.deep.equal({ 'ca.crt': 'THE CA' }));
    await right();
    expect((await world.get(configmaps, key.name)).metadata.annotations?.['kubernetes.io/description']).to.match(/^Contains a CA bundle/);
    await world.client.patch(configmaps, key, { type: 'merge', body: { data: { 'ca.crt': 'another', more: 'x' } } });
    await right();
    await world.client.delete(configmaps, key);
    await right();
  });
});
