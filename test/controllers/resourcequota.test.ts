import { expect } from 'chai';
import { configmaps, pods, resourcequotas } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap, Pod, ResourceQuota } from '../../src/api/types/core-v1.gen.js';
import { World } from './world.js';

describe('resourcequota controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['resourcequota']);
  });
  afterEach(() => world.stop());

  const limit = (hard: Record<string, string>) =>
    world.client.create<ResourceQuota>(resourcequotas, { metadata: { name: 'q', namespace: 'default' }, spec: { hard } });
  const used = (amounts: Record<string, string>) =>
    world.eventually(async () => expect((await world.get(resourcequotas, 'q')).status?.used).to.deep.equal(amounts));
  const addMap = (name: string) => world.client.create<ConfigMap>(configmaps, { metadata: { name, namespace: 'default' } });
  const addPod = (name: string, cpu: string) =>
    world.client.create<Pod>(pods, {
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] },
    });

  it('counts what was there before the quota, and what comes and goes after it', async () => {
    await addMap('a');
    await addMap('b');
    await limit({ configmaps: '3', 'count/deployments.apps': '1' });
    await used({ configmaps: '2', 'count/deployments.apps': '0' });
    await addMap('c');
    await used({ configmaps: '3', 'count/deployments.apps': '0' });
    expect(await addMap('d').catch((e: Error) => e.message)).to.contain('exceeded quota: q');
    await world.client.delete(configmaps, { namespace: 'default', name: 'a' });
    await used({ configmaps: '2', 'count/deployments.apps': '0' });
    await addMap('d');
  });

  it('frees what a finished pod used', async () => {
    await limit({ pods: '5', 'requests.cpu': '1' });
    await used({ pods: '0', 'requests.cpu': '0' });
    const pod = await addPod('a', '300m');
    await addPod('b', '400m');
    await used({ pods: '2', 'requests.cpu': '700m' });
    await world.client.update<Pod>(pods, { ...pod, status: { ...pod.status, phase: 'Succeeded' } }, { subresource: 'status' });
    await used({ pods: '1', 'requests.cpu': '400m' });
  });

  it('takes over a limit that changes', async () => {
    await limit({ configmaps: '3' });
    await used({ configmaps: '0' });
    await world.client.patch(
      resourcequotas,
      { namespace: 'default', name: 'q' },
      { type: 'merge', body: { spec: { hard: { configmaps: null, secrets: '4' } } } },
    );
    await world.eventually(async () =>
      expect((await world.get(resourcequotas, 'q')).status).to.deep.equal({ hard: { secrets: '4' }, used: { secrets: '0' } }),
    );
  });
});
