import { expect } from 'chai';
import { deployments, events, poddisruptionbudgets, pods } from '../../src/api/meta/resources.gen.js';
import type { Deployment } from '../../src/api/types/apps-v1.gen.js';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import type { PodDisruptionBudget } from '../../src/api/types/policy-v1.gen.js';
import { timestamp } from '../../src/util/clock.js';
import { World } from './world.js';

describe('disruption controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['disruption', 'deployment', 'replicaset']);
  });
  afterEach(() => world.stop());

  const addBudget = (spec: Partial<PodDisruptionBudget['spec']>) =>
    world.client.create<PodDisruptionBudget>(poddisruptionbudgets, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    });
  const addDeployment = async (replicas: number) => {
    await world.client.create<Deployment>(deployments, {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      },
    });
    await world.eventually(async () => expect((await world.get(deployments, 'web')).status.availableReplicas).to.equal(replicas));
  };
  const status = async () => (await world.get(poddisruptionbudgets, 'web')).status;
  const counts = (currentHealthy: number, desiredHealthy: number, expectedPods: number, disruptionsAllowed: number) =>
    world.eventually(async () =>
      expect(await status()).to.deep.include({ currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed, observedGeneration: 1 }),
    );

  it('counts pods against a minimum', async () => {
    world.runPods();
    await addDeployment(3);
    await addBudget({ minAvailable: 2 });
    await counts(3, 2, 3, 1);
    const [condition] = (await status()).conditions ?? [];
    expect(condition).to.deep.include({
      type: 'DisruptionAllowed',
      status: 'True',
      reason: 'SufficientPods',
      message: '',
      observedGeneration: 1,
    });
  });

  it('counts pods against a maximum of the size of what controls them', async () => {
    world.runPods();
    await addDeployment(4);
    await addBudget({ maxUnavailable: '50%' });
    await counts(4, 2, 4, 2);
    await world.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { replicas: 6 } } });
    await counts(6, 3, 6, 3);
  });

  it('allows nothing when too few pods are healthy', async () => {
    world.runPods(() => false);
    await addBudget({ minAvailable: 1 });
    await world.client.create<Pod>(pods, {
      metadata: { name: 'p', namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
    await counts(0, 1, 1, 0);
    expect((await status()).conditions?.[0]).to.deep.include({ status: 'False', reason: 'InsufficientPods' });
  });

  it('counts an evicted pod as gone before it goes, but not for ever', async () => {
    world.runPods();
    await addDeployment(3);
    await addBudget({ minAvailable: 1 });
    await counts(3, 1, 3, 2);
    const [pod] = await world.list(pods);
    const name = pod?.metadata.name ?? '';
    const budget = await world.get(poddisruptionbudgets, 'web');
    const evicted = { ...budget.status, disruptionsAllowed: 1, disruptedPods: { [name]: timestamp(world.clock.now()) } };
    await world.client.update(poddisruptionbudgets, { ...budget, status: evicted }, { subresource: 'status' });
    await counts(2, 1, 3, 1);
    expect((await status()).disruptedPods).to.have.property(name);
    await world.clock.advance(125_000);
    await counts(3, 1, 3, 2);
    expect((await status()).disruptedPods).to.equal(undefined);
    await world.eventually(async () => expect((await world.list(events)).map((e) => e.reason)).to.include('NotDeleted'));
  });

  it('allows nothing when it cannot find out what to expect, and says why', async () => {
    await world.client.create<Pod>(pods, {
      metadata: {
        name: 'p',
        namespace: 'default',
        labels: { app: 'web' },
        ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 't', uid: 'u', controller: true }],
      },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
    await addBudget({ maxUnavailable: 1 });
    await world.eventually(async () => {
      expect((await status()).conditions?.[0]).to.deep.include({
        status: 'False',
        reason: 'SyncFailed',
        message: 'no matches for kind "Thing" in version "example.com/v1"',
      });
      expect((await status()).disruptionsAllowed).to.equal(0);
    });
    await world.eventually(async () =>
      expect((await world.list(events)).map((e) => e.reason)).to.include('CalculateExpectedPodCountFailed'),
    );
  });

  it('warns of pods that nothing controls', async () => {
    await world.client.create<Pod>(pods, {
      metadata: { name: 'p', namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
    await addBudget({ maxUnavailable: 1 });
    await world.eventually(async () =>
      expect((await world.list(events)).find((e) => e.reason === 'UnmanagedPods')?.message).to.contain('(selector: app=web)'),
    );
    await counts(0, 0, 0, 0);
  });

  it('writes nothing more once the numbers are right', async () => {
    world.runPods();
    await addDeployment(2);
    await addBudget({ minAvailable: '50%' });
    await counts(2, 1, 2, 1);
    await world.settle();
    const { resourceVersion } = (await world.get(poddisruptionbudgets, 'web')).metadata;
    await world.clock.advance(600_000);
    await world.settle();
    expect((await world.get(poddisruptionbudgets, 'web')).metadata.resourceVersion).to.equal(resourceVersion);
  });

  it('takes back an announced disruption that nothing came of', async () => {
    const pod = await world.client.create<Pod>(pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
    const announced = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      lastTransitionTime: timestamp(world.clock.now()),
    };
    await world.client.update<Pod>(pods, { ...pod, status: { ...pod.status, conditions: [announced] } }, { subresource: 'status' });
    const condition = async () => (await world.get(pods, 'p')).status.conditions?.[0];
    await world.clock.advance(115_000);
    await world.settle();
    expect((await condition())?.status).to.equal('True');
    await world.clock.advance(10_000);
    await world.eventually(async () => expect((await condition())?.status).to.equal('False'));
  });
});
