// A rolling update seen from outside: every event of watches over HTTPS is counted, and at no moment do the ReplicaSets together want
// more pods than maxSurge allows, nor are fewer pods available than maxUnavailable allows. (One ReplicaSet may create a pod before
// another has deleted the one it gave up, here as upstream, so what is wanted is counted, not what is there.)
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Deployment,
  type V1DeploymentStrategy,
  type KubernetesObject,
  type V1Pod,
  type V1ReplicaSet,
  Watch,
} from '@kubernetes/client-node';
import { expect } from 'chai';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const namespace = 'default';

interface Moment {
  /** Pods that the ReplicaSets want together. */
  readonly wanted: number;
  readonly available: number;
  /** Images of the pods that are there. */
  readonly versions: readonly string[];
}

/** The ReplicaSets and pods of a label as watches tell of them. */
class Census {
  readonly moments: Moment[] = [];
  readonly #sets = new Map<string, V1ReplicaSet>();
  readonly #pods = new Map<string, V1Pod>();
  readonly #watches: AbortController[] = [];

  async start(config: KubeConfig, labelSelector: string): Promise<void> {
    const pods = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace, labelSelector });
    const sets = await config.makeApiClient(AppsV1Api).listNamespacedReplicaSet({ namespace, labelSelector });
    for (const pod of pods.items) this.#pods.set(pod.metadata?.name ?? '', pod);
    for (const set of sets.items) this.#sets.set(set.metadata?.name ?? '', set);
    const follow = async <T extends KubernetesObject>(path: string, resourceVersion: string | undefined, state: Map<string, T>) => {
      const note = (type: string, object: T) => {
        if (type === 'DELETED') state.delete(object.metadata?.name ?? '');
        else state.set(object.metadata?.name ?? '', object);
        this.moments.push(this.#count());
      };
      this.#watches.push(await new Watch(config).watch(path, { labelSelector, resourceVersion }, note, () => {}));
    };
    await follow(`/api/v1/namespaces/${namespace}/pods`, pods.metadata?.resourceVersion, this.#pods);
    await follow(`/apis/apps/v1/namespaces/${namespace}/replicasets`, sets.metadata?.resourceVersion, this.#sets);
  }

  stop(): void {
    for (const watch of this.#watches) watch.abort();
  }

  #count(): Moment {
    const pods = [...this.#pods.values()];
    // a pod on its way out is not available, whatever it says
    const available = pods.filter(
      (p) => !p.metadata?.deletionTimestamp && p.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    return {
      wanted: [...this.#sets.values()].reduce((sum, set) => sum + (set.spec?.replicas ?? 0), 0),
      available: available.length,
      versions: [...new Set(pods.map((p) => p.spec?.containers[0]?.image ?? ''))].sort(),
    };
  }
}

describe('a rolling update', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let config: KubeConfig;
  let apps: AppsV1Api;

  before(async () => {
    cluster = await startTestCluster({ nodes: 2 });
    config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    apps = config.makeApiClient(AppsV1Api);
  });
  after(() => cluster?.close());

  async function create(name: string, strategy: V1DeploymentStrategy, more: object = {}): Promise<void> {
    const labels = { app: name };
    // pods take their time to become ready and to stop, so that the steps of the roll can be seen
    const annotations = { 'kubemu.dev/ready-after': '80ms', 'kubemu.dev/stop-delay': '50ms' };
    const body: V1Deployment = {
      metadata: { name },
      spec: {
        replicas: 6,
        strategy,
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec: { containers: [{ name: 'main', image: 'main:1' }] } },
        ...more,
      },
    };
    await apps.createNamespacedDeployment({ namespace, body });
    await done(name);
  }

  /** Resolves when all replicas are of the newest version and available, and nothing else is left. */
  const done = (name: string) =>
    eventually(
      `${name} is rolled out`,
      async () => {
        const { metadata, spec, status } = await apps.readNamespacedDeployment({ namespace, name });
        const seen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
        return seen && [status?.replicas, status?.updatedReplicas, status?.availableReplicas].every((count) => count === spec?.replicas);
      },
      20_000,
    );

  const update = (name: string, change: object) =>
    apps.patchNamespacedDeployment(
      { namespace, name, body: { spec: { template: change } } },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
  const image = (version: string) => ({ spec: { containers: [{ name: 'main', image: version }] } });

  async function roll(name: string): Promise<Moment[]> {
    const census = new Census();
    await census.start(config, `app=${name}`);
    await update(name, image('main:2'));
    await done(name);
    await eventually('the old pods are gone', () => census.moments.at(-1)?.versions.join() === 'main:2');
    census.stop();
    return census.moments;
  }

  for (const { surge, unavailable, most, least } of [
    { surge: 2, unavailable: 1, most: 8, least: 5 },
    { surge: 1, unavailable: 0, most: 7, least: 6 },
    { surge: 0, unavailable: 2, most: 6, least: 4 },
    { surge: '25%', unavailable: '25%', most: 8, least: 5 },
    { surge: '100%', unavailable: 0, most: 12, least: 6 },
  ])
    it(`of six pods with maxSurge ${surge} and maxUnavailable ${unavailable}: at most ${most} pods, at least ${least} available`, async () => {
      const name = `roll-${surge}-${unavailable}`.replaceAll('%', 'pc');
      await create(name, { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } });
      const moments = await roll(name);
      expect(Math.max(...moments.map((m) => m.wanted)), 'pods')
        .to.be.at.most(most)
        .and.greaterThan(6 - 1);
      expect(Math.min(...moments.map((m) => m.available)), 'available pods').to.be.at.least(least);
      expect(
        moments.some((m) => m.versions.length === 2),
        'both versions live side by side',
      ).to.equal(true);
    });

  it('with Recreate: no new pod before the last old one is gone', async () => {
    await create('recreate', { type: 'Recreate' });
    const moments = await roll('recreate');
    for (const { versions } of moments) expect(versions).to.have.length.at.most(1);
    expect(Math.min(...moments.map((m) => m.wanted))).to.equal(0);
  });

  it('of a version that never becomes ready stops, says so after its deadline, and goes back', async () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
    await create('stuck', strategy, { progressDeadlineSeconds: 2 });
    const census = new Census();
    await census.start(config, 'app=stuck');
    await update('stuck', { metadata: { annotations: { 'kubemu.dev/ready': 'false' } } });
    const condition = await eventually('the deadline', async () => {
      const { status } = await apps.readNamespacedDeployment({ namespace, name: 'stuck' });
      return status?.conditions?.find((c) => c.type === 'Progressing' && c.status === 'False');
    });
    expect(condition.reason).to.equal('ProgressDeadlineExceeded');
    expect(condition.message).to.match(/^ReplicaSet "stuck-\w+" has timed out progressing\.$/);
    const { status } = await apps.readNamespacedDeployment({ namespace, name: 'stuck' });
    expect(status).to.include({ replicas: 7, updatedReplicas: 2, availableReplicas: 5, unavailableReplicas: 2 });
    await update('stuck', { metadata: { annotations: { 'kubemu.dev/ready': null } } });
    await done('stuck');
    census.stop();
    expect(Math.min(...census.moments.map((m) => m.available)), 'available all the time').to.be.at.least(5);
    expect(Math.max(...census.moments.map((m) => m.wanted))).to.equal(7);
  });
});
