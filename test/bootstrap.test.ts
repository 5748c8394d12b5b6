import { expect } from 'chai';
import { endpoints, endpointslices, ipaddresses, namespaces, servicecidrs, services } from '../src/api/meta/resources.gen.js';
import { VirtualClock } from '../src/util/clock.js';
import { API_ONLY, eventually, startTestCluster, type TestCluster } from './helpers/cluster.js';

const KUBERNETES = { namespace: 'default', name: 'kubernetes' };

describe('the objects of every cluster', () => {
  const clock = new VirtualClock(Date.now());
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, clock, serviceClusterIPRanges: ['10.7.0.0/24', 'fd07::/112'] });
  });
  after(() => cluster?.close());

  it('are made with the ranges of the cluster', async () => {
    expect((await cluster.client.get(servicecidrs, { namespace: '', name: 'kubernetes' })).spec.cidrs).to.deep.equal([
      '10.7.0.0/24',
      'fd07::/112',
    ]);
    expect((await cluster.client.get(services, KUBERNETES)).spec.clusterIPs).to.deep.equal(['10.7.0.1']);
    const { parentRef } = (await cluster.client.get(ipaddresses, { namespace: '', name: '10.7.0.1' })).spec;
    expect(parentRef).to.deep.equal({ resource: 'services', ...KUBERNETES });
  });

  it('come back when the service kubernetes is deleted', async () => {
    await cluster.client.delete(services, KUBERNETES);
    await cluster.client.delete(endpointslices, KUBERNETES);
    await clock.advance(10_000);
    await eventually('the service', () => cluster.client.get(services, KUBERNETES));
    await eventually('its endpoints', () => cluster.client.get(endpoints, KUBERNETES));
    await eventually('its slice', () => cluster.client.get(endpointslices, KUBERNETES));
  });

  it('come back when a namespace of the system is deleted', async () => {
    await cluster.client.delete(namespaces, { namespace: '', name: 'kube-node-lease' });
    const gone = await cluster.client.get(namespaces, { namespace: '', name: 'kube-node-lease' });
    await cluster.client.update(namespaces, { ...gone, spec: { finalizers: [] } }, { subresource: 'finalize' });
    await clock.advance(60_000);
    await eventually('the namespace', async () => {
      const { metadata } = await cluster.client.get(namespaces, { namespace: '', name: 'kube-node-lease' });
      return metadata.uid !== gone.metadata.uid;
    });
  });
});
