import { expect } from 'chai';
import { events, pods, replicasets, replicationcontrollers } from '../../src/api/meta/resources.gen.js';
import type { ReplicaSet } from '../../src/api/types/apps-v1.gen.js';
import type { Pod, ReplicationController } from '../../src/api/types/core-v1.gen.js';
import { timestamp } from '../../src/util/clock.js';
import { World } from './world.js';

const template = { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } };

describe('replicaset controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['replicaset', 'replicationcontroller']);
  });
  afterEach(() => world.stop());

  const create = (replicas: number, extra: Partial<ReplicaSet['spec']> = {}) =>
    world.client.create<ReplicaSet>(replicasets, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas, selector: { matchLabels: { app: 'web' } }, template, ...extra },
    });
  const status = async () => (await world.get(replicasets, 'web')).status;
  const havePods = (count: number) =>
    world.eventually(async () => {
      const found = await world.list(pods);
      expect(found).to.have.length(count);
      return found;
    });
  const setStatus = (pod: Pod, change: Partial<Pod['status']>) =>
    world.client.update(pods, { ...pod, status: { ...pod.status, ...change } }, { subresource: 'status' });
  const ready = (pod: Pod) =>
    setStatus(pod, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(world.clock.now()) }] });

  it('makes pods as the template says, in its own name, and tells so', async () => {
    const owner = await create(3);
    const [pod] = await havePods(3);
    expect(pod?.metadata.name).to.match(/^web-[a-z0-9]{5}$/);
    expect(pod?.metadata.labels).to.deep.equal({ app: 'web' });
    expect(pod?.metadata.ownerReferences).to.deep.equal([
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true },
    ]);
    expect(pod?.metadata.managedFields?.[0]?.manager).to.equal('kube-controller-manager');
    await world.eventually(async () =>
      expect(await status()).to.deep.include({ replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1, terminatingReplicas: 0 }),
    );
    const told = (await world.list(events)).filter((e) => e.reason === 'SuccessfulCreate');
    expect(told.map((e) => e.message)).to.have.members((await world.list(pods)).map((p) => `Created pod: ${p.metadata.name}`));
    expect(told[0]).to.deep.include({
      type: 'Normal',
      count: 1,
      reportingComponent: 'replicaset-controller',
      source: { component: 'replicaset-controller' },
    });
    expect(told[0]?.metadata.name).to.match(/^web\.[0-9a-f]{16}$/);
    expect(told[0]?.involvedObject).to.deep.include({ kind: 'ReplicaSet', apiVersion: 'apps/v1', name: 'web', uid: owner.metadata.uid });
  });

  it('replaces a pod that is gone', async () => {
    await create(2);
    const [first] = await havePods(2);
    await world.client.delete(pods, { namespace: 'default', name: first?.metadata.name ?? '' }, { gracePeriodSeconds: 0 });
    await world.eventually(async () => {
      const names = (await world.list(pods)).map((p) => p.metadata.name);
      expect(names).to.have.length(2);
      expect(names).not.to.include(first?.metadata.name);
    });
  });

  it('does not count finished pods', async () => {
    await create(1);
    const [pod] = await havePods(1);
    await setStatus(pod as Pod, { phase: 'Failed' });
    await havePods(2);
    await world.eventually(async () => expect((await status()).replicas).to.equal(1));
  });

  it('deletes pods that are not ready first', async () => {
    await create(3);
    const found = await havePods(3);
    await world.client.update(
      pods,
      { ...(found[1] as Pod), status: { ...(found[1] as Pod).status, phase: 'Running' } },
      { subresource: 'status' },
    );
    await ready(await world.get(pods, (found[1] as Pod).metadata.name));
    await world.client.patch(replicasets, { namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { replicas: 1 } } });
    const left = await havePods(1);
    expect(left[0]?.metadata.name).to.equal(found[1]?.metadata.name);
    await world.eventually(async () => expect(await status()).to.deep.include({ replicas: 1, readyReplicas: 1, availableReplicas: 1 }));
  });

  it('counts pods as available only after minReadySeconds', async () => {
    await create(1, { minReadySeconds: 30 });
    const [pod] = await havePods(1);
    await ready(pod as Pod);
    await world.eventually(async () => expect((await status()).readyReplicas).to.equal(1));
    expect((await status()).availableReplicas).to.equal(undefined);
    await world.clock.advance(31_000);
    await world.eventually(async () => expect((await status()).availableReplicas).to.equal(1));
  });

  it('adopts orphans that match, and lets go of pods that no longer do', async () => {
    await world.client.create<Pod>(pods, {
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
      spec: template.spec,
    });
    const owner = await create(2);
    await havePods(2);
    await world.eventually(async () =>
      expect((await world.get(pods, 'orphan')).metadata.ownerReferences?.[0]?.uid).to.equal(owner.metadata.uid),
    );
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'orphan' },
      { type: 'merge', body: { metadata: { labels: { app: 'other' } } } },
    );
    await havePods(3);
    await world.eventually(async () => expect((await world.get(pods, 'orphan')).metadata.ownerReferences).to.equal(undefined));
  });

  it('says what keeps it from making pods, and stops saying so', async () => {
    await create(1, { template: { ...template, spec: { ...template.spec, serviceAccountName: 'nobody' } } });
    await world.eventually(async () => {
      const [condition] = (await status()).conditions ?? [];
      expect(condition).to.deep.include({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
      expect(condition?.message).to.contain('serviceaccount "nobody" not found');
    });
    const told = (await world.list(events)).find((e) => e.reason === 'FailedCreate');
    expect(told?.message).to.match(/^Error creating: pods .*is forbidden: error looking up service account/);
    await world.client.patch(replicasets, { namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { replicas: 0 } } });
    await world.eventually(async () => expect((await status()).conditions).to.equal(undefined));
  });

  it('makes many pods in one go, no more and no less', async () => {
    await create(200);
    await havePods(200);
    await world.settle();
    await havePods(200);
  });

  it('does the same for replication controllers', async () => {
    await world.client.create<ReplicationController>(replicationcontrollers, {
      metadata: { name: 'old', namespace: 'default' },
      spec: { replicas: 2, selector: { app: 'web' }, template },
    });
    const [pod] = await havePods(2);
    expect(pod?.metadata.ownerReferences?.[0]).to.deep.include({ apiVersion: 'v1', kind: 'ReplicationController', name: 'old' });
    await world.eventually(async () =>
      expect((await world.get(replicationcontrollers, 'old')).status).to.deep.include({
        replicas: 2,
        fullyLabeledReplicas: 2,
        observedGeneration: 1,
      }),
    );
    const told = (await world.list(events)).find((e) => e.reason === 'SuccessfulCreate');
    expect(told?.source).to.deep.equal({ component: 'replication-controller' });
  });
});
