// The whole cluster on a virtual clock: five minutes of waiting for a lost node pass at once.
import { expect } from 'chai';
import { deployments, nodes, pods } from '../../src/api/meta/resources.gen.js';
import type { Deployment } from '../../src/api/types/apps-v1.gen.js';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import { AGENT_ANNOTATION } from '../../src/nodeagent/index.js';
import { VirtualClock } from '../../src/util/clock.js';
import { startTestCluster, type TestCluster } from '../helpers/cluster.js';

describe('a node that is lost', function () {
  this.timeout(60_000);
  const clock = new VirtualClock(Date.now());
  let cluster: TestCluster;
  before(async () => {
    const started = startTestCluster({ clock, nodes: 3 });
    let up = false;
    void started.finally(() => (up = true));
    while (!up) await pass(0.1);
    cluster = await started;
  });
  after(() => cluster?.close());

  /** Lets virtual seconds pass, in steps small enough for everybody to act in between. */
  async function pass(seconds: number): Promise<void> {
    for (let left = seconds * 1000; left > 0; left -= 1000) {
      await clock.advance(Math.min(left, 1000));
      for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
  async function until(seconds: number, check: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      if (await check()) return;
      await pass(1);
    }
    throw new Error(`not within ${seconds} virtual seconds`);
  }
  const available = async (count: number) =>
    (await cluster.client.get(deployments, { namespace: 'default', name: 'web' })).status.availableReplicas === count;
  const running = async (): Promise<Pod[]> =>
    (await cluster.client.list(pods, { namespace: 'default' })).items.filter((p) => p.metadata.deletionTimestamp === undefined);

  it('becomes NotReady, and its pods are replaced elsewhere when their toleration ends', async () => {
    await cluster.client.create<Deployment>(deployments, {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      },
    });
    await until(60, () => available(3));
    const lost = (await running())[0]?.spec.nodeName ?? '';
    const before = (await running()).filter((p) => p.spec.nodeName === lost).map((p) => p.metadata.name);
    await cluster.client.patch(
      nodes,
      { namespace: '', name: lost },
      { type: 'merge', body: { metadata: { annotations: { [AGENT_ANNOTATION]: 'stopped' } } } },
    );
    await until(90, async () => {
      const node = await cluster.client.get(nodes, { namespace: '', name: lost });
      return node.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'Unknown') === true;
    });
    await pass(200);
    expect((await running()).map((p) => p.metadata.name)).to.include.members(before);
    await until(150, async () => (await running()).every((p) => p.spec.nodeName !== lost) && (await available(3)));
  });
});
