import { expect } from 'chai';
import { API_ONLY, startTestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('PodTopologyLabels', () => {
  it('gives a pod zone and region of its node, when it is bound or made bound', async () => {
    const cluster = await startTestCluster({ components: API_ONLY, memory: true });
    try {
      const api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
      await api.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
      const labels = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' };
      await api.post('/api/v1/nodes', { metadata: { name: 'n', labels: { ...labels, other: 'x' } } }).expect(201);
      const spec = { containers: [{ name: 'c', image: 'i' }] };
      const bound = await api.create('pods', { metadata: { name: 'bound' }, spec: { ...spec, nodeName: 'n' } });
      expect(bound.metadata.labels).to.deep.equal(labels);
      const free = await api.create('pods', { metadata: { name: 'free', labels: { own: '1' } }, spec });
      expect(free.metadata.labels).to.deep.equal({ own: '1' });
      const binding = { metadata: { name: 'free' }, target: { kind: 'Node', name: 'n' } };
      await api.post(api.path('pods', 'free', 'binding'), binding).expect(201);
      const { body } = await api.get(api.path('pods', 'free'));
      expect(body.metadata.labels).to.deep.equal({ own: '1', ...labels });
    } finally {
      await cluster.close();
    }
  });
});
