import { expect } from 'chai';
import { deployments, events, pods, replicasets } from '../../src/api/meta/resources.gen.js';
import type { Deployment, ReplicaSet } from '../../src/api/types/apps-v1.gen.js';
import { World } from './world.js';

const REVISION = 'deployment.kubernetes.io/revision';

describe('deployment controller', () => {
  let world: World;
  /** Most and fewest pods of the Deployment seen at any time. */
  let seen: { most: number; fewestReady: number };

  beforeEach(async () => {
    world = await World.start(['deployment', 'replicaset']);
    seen = { most: 0, fewestReady: Number.POSITIVE_INFINITY };
  });
  afterEach(() => world.stop());

  const create = (replicas: number, spec: Partial<Deployment['spec']> = {}, annotations: Record<string, string> = {}) =>
    world.client.create<Deployment>(deployments, {
      metadata: { name: 'web', namespace: 'default', annotations },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
        ...spec,
      },
    });
  const patch = (body: unknown) => world.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'strategic', body });
  const setImage = (image: string) => patch({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
  const get = () => world.get(deployments, 'web');
  const condition = (d: Deployment, type: string) => d.status.conditions?.find((c) => c.type === type);
  const complete = (replicas: number) =>
    world.eventually(async () => {
      const d = await get();
      expect(d.status).to.deep.include({
        observedGeneration: d.metadata.generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
      });
      expect(condition(d, 'Progressing')).to.deep.include({ status: 'True', reason: 'NewReplicaSetAvailable' });
      return d;
    });
  const setOf = async (image: string): Promise<ReplicaSet> => {
    const found = (await world.list(replicasets)).find((s) => s.spec.template?.spec?.containers[0]?.image === image);
    if (!found) throw new Error(`no set of ${image}`);
    return found;
  };
  const scalings = async () => (await world.list(events)).filter((e) => e.reason === 'ScalingReplicaSet').map((e) => e.message);
  const observe = () => {
    world.informers.of(pods).addHandler({
      update: () => {
        const all = world.informers
          .of(pods)
          .store.list('default')
          .filter((p) => p.metadata.deletionTimestamp === undefined);
        seen.most = Math.max(seen.most, all.length);
        seen.fewestReady = Math.min(
          seen.fewestReady,
          all.filter((p) => p.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')).length,
        );
      },
    });
  };

  it('makes a ReplicaSet of the template, and says when all is there', async () => {
    world.runPods();
    const made = await create(3, {}, { team: 'blue' });
    const d = await complete(3);
    const set = await setOf('web:1');
    const hash = set.metadata.labels?.['pod-template-hash'];
    expect(set.metadata.name).to.equal(`web-${hash}`);
    expect(set.metadata.ownerReferences?.[0]).to.deep.include({ kind: 'Deployment', uid: made.metadata.uid, controller: true });
    expect(set.metadata.annotations).to.deep.equal({
      team: 'blue',
      [REVISION]: '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    expect(d.metadata.annotations?.[REVISION]).to.equal('1');
    expect(condition(d, 'Available')).to.deep.include({
      status: 'True',
      reason: 'MinimumReplicasAvailable',
      message: 'Deployment has minimum availability.',
    });
    expect(condition(d, 'Progressing')?.message).to.equal(`ReplicaSet "${set.metadata.name}" has successfully progressed.`);
    expect(d.status).to.deep.include({ terminatingReplicas: 0 });
    expect(d.status.unavailableReplicas).to.equal(undefined);
    expect(await scalings()).to.deep.equal([`Scaled up replica set ${set.metadata.name} from 0 to 3`]);
  });

  it('writes nothing more once all is there', async () => {
    world.runPods();
    await create(2);
    await complete(2);
    await world.settle();
    const { metadata } = await get();
    await world.clock.advance(3_600_000);
    await world.settle();
    expect((await get()).metadata.resourceVersion).to.equal(metadata.resourceVersion);
  });

  it('rolls within maxSurge and maxUnavailable, and keeps the old version as history', async () => {
    world.runPods();
    await create(6, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } } });
    await complete(6);
    observe();
    await setImage('web:2');
    const d = await complete(6);
    expect(d.metadata.annotations?.[REVISION]).to.equal('2');
    expect(seen.most).to.be.at.most(8);
    expect(seen.fewestReady).to.be.at.least(5);
    expect((await setOf('web:1')).spec.replicas).to.equal(0);
    expect((await setOf('web:2')).metadata.annotations?.[REVISION]).to.equal('2');
  });

  it('stops at a version that does not become ready, and is repaired by an undo', async () => {
    world.runPods((pod) => pod.spec.containers[0]?.image !== 'web:bad');
    await create(4, {
      progressDeadlineSeconds: 60,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    });
    await complete(4);
    await setImage('web:bad');
    await world.eventually(async () => expect((await setOf('web:bad')).status.replicas).to.equal(2));
    await world.settle();
    expect((await setOf('web:1')).spec.replicas).to.equal(3);
    expect(condition(await get(), 'Available')?.status).to.equal('True');
    await world.clock.advance(70_000);
    await world.eventually(async () => {
      const found = condition(await get(), 'Progressing');
      expect(found).to.deep.include({ status: 'False', reason: 'ProgressDeadlineExceeded' });
      expect(found?.message).to.match(/^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/);
    });
    await setImage('web:1');
    const d = await complete(4);
    expect(d.metadata.annotations?.[REVISION]).to.equal('3');
    const back = await setOf('web:1');
    expect(back.metadata.annotations).to.deep.include({ [REVISION]: '3', 'deployment.kubernetes.io/revision-history': '1' });
    expect((await setOf('web:bad')).spec.replicas).to.equal(0);
  });

  it('waits for all old pods to go where it is told to recreate', async () => {
    world.runPods();
    await create(3, { strategy: { type: 'Recreate' } });
    await complete(3);
    let mixed = false;
    world.informers.of(pods).addHandler({
      add: () => {
        const images = new Set(
          world.informers
            .of(pods)
            .store.list('default')
            .map((p) => p.spec.containers[0]?.image),
        );
        mixed ||= images.size > 1;
      },
    });
    await setImage('web:2');
    await complete(3);
    expect(mixed).to.equal(false);
    const [first, second] = [await setOf('web:1'), await setOf('web:2')];
    expect(await scalings()).to.deep.equal([
      `Scaled up replica set ${first.metadata.name} from 0 to 3`,
      `Scaled down replica set ${first.metadata.name} from 3 to 0`,
      `Scaled up replica set ${second.metadata.name} from 0 to 3`,
    ]);
  });

  it('does not roll while it is paused, but scales', async () => {
    world.runPods();
    await create(2);
    await complete(2);
    await patch({ spec: { paused: true } });
    await world.eventually(async () =>
      expect(condition(await get(), 'Progressing')).to.deep.include({
        status: 'Unknown',
        reason: 'DeploymentPaused',
        message: 'Deployment is paused',
      }),
    );
    await setImage('web:2');
    await patch({ spec: { replicas: 3 } });
    await world.eventually(async () => expect((await setOf('web:1')).status.availableReplicas).to.equal(3));
    await world.settle();
    expect(await world.list(replicasets)).to.have.length(1);
    await patch({ spec: { paused: null } });
    await complete(3);
    expect((await setOf('web:2')).spec.replicas).to.equal(3);
  });

  it('scales all versions in proportion in the middle of a roll', async () => {
    world.runPods((pod) => pod.spec.containers[0]?.image === 'web:1');
    await create(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    await complete(10);
    await setImage('web:2');
    await world.eventually(async () => {
      expect((await setOf('web:1')).spec.replicas).to.equal(8);
      expect((await setOf('web:2')).spec.replicas).to.equal(5);
    });
    await patch({ spec: { replicas: 15 } });
    await world.eventually(async () => {
      expect((await setOf('web:1')).spec.replicas).to.equal(11);
      expect((await setOf('web:2')).spec.replicas).to.equal(7);
    });
    expect((await setOf('web:1')).metadata.annotations).to.deep.include({
      'deployment.kubernetes.io/desired-replicas': '15',
      'deployment.kubernetes.io/max-replicas': '18',
    });
  });

  it('keeps no more history than it is told', async () => {
    world.runPods();
    await create(1, { revisionHistoryLimit: 2 });
    for (const image of ['web:2', 'web:3', 'web:4', 'web:5']) {
      await complete(1);
      await setImage(image);
    }
    await complete(1);
    await world.eventually(async () => {
      const revisions = (await world.list(replicasets)).map((s) => Number(s.metadata.annotations?.[REVISION])).sort((a, b) => a - b);
      expect(revisions).to.deep.equal([3, 4, 5]);
    });
  });

  it('takes another name where the name of its ReplicaSet is taken', async () => {
    const made = await create(0);
    const set = await world.eventually(() => setOf('web:1'));
    await world.client.delete(deployments, { namespace: 'default', name: 'web' }, { propagationPolicy: 'Orphan' });
    await world.client.patch(
      replicasets,
      { namespace: 'default', name: set.metadata.name },
      { type: 'merge', body: { metadata: { labels: { app: 'other' }, ownerReferences: null, finalizers: null } } },
    );
    await world.client
      .patch(deployments, { namespace: 'default', name: 'web' }, { type: 'merge', body: { metadata: { finalizers: null } } })
      .catch(() => undefined);
    await world.eventually(async () => expect((await world.list(deployments)).length).to.equal(0));
    const again = await create(0);
    expect(again.metadata.uid).not.to.equal(made.metadata.uid);
    await world.eventually(async () => expect((await world.list(replicasets)).length).to.equal(2));
    expect((await get()).status.collisionCount).to.equal(1);
  });

  it('adopts a ReplicaSet that matches', async () => {
    world.runPods();
    await world.client.create<ReplicaSet>(replicasets, {
      metadata: { name: 'there', namespace: 'default', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      },
    });
    const d = await create(2);
    await complete(2);
    const sets = await world.list(replicasets);
    expect(sets.map((s) => s.metadata.name)).to.deep.equal(['there']);
    expect(sets[0]?.metadata.ownerReferences?.[0]?.uid).to.equal(d.metadata.uid);
  });

  it('passes on what keeps its ReplicaSet from making pods', async () => {
    const template = {
      metadata: { name: '', labels: { app: 'web' } },
      spec: { serviceAccountName: 'nobody', containers: [{ name: 'main', image: 'web:1' }] },
    };
    await create(1, { template });
    await world.eventually(async () => {
      expect(condition(await get(), 'ReplicaFailure')).to.deep.include({ status: 'True', reason: 'FailedCreate' });
      expect(condition(await get(), 'Available')).to.deep.include({ status: 'False', reason: 'MinimumReplicasUnavailable' });
    });
  });
});
