import { expect } from 'chai';
import { API_ONLY, startTestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('what is posted to a part of an object', function () {
  this.timeout(20_000);

  it('is a matter of admission: nothing is made in a namespace that is not there or is going away', async () => {
    const cluster = await startTestCluster({ components: API_ONLY });
    try {
      const api = new Api({ url: cluster.url, ...cluster.admin }, 'leaving');
      const parts = [
        [api.path('pods', 'p', 'binding'), { metadata: { name: 'p' }, target: { name: 'n' } }],
        [api.path('pods', 'p', 'eviction'), { metadata: { name: 'p' } }],
        [api.path('serviceaccounts', 'a', 'token'), { spec: {} }],
        [api.path('bindings'), { metadata: { name: 'p' }, target: { name: 'n' } }],
      ] as const;
      for (const [path, body] of parts) {
        const answer = await api.post(path, body).expect(404);
        expect(answer.body.message, path).to.equal('namespaces "leaving" not found');
      }
      await api.post('/api/v1/namespaces', { metadata: { name: 'leaving' } }).expect(201);
      await api.delete('/api/v1/namespaces/leaving').expect(200);
      for (const [path, body] of parts) {
        const answer = await api.post(path, body).expect(403);
        expect(answer.body.message, path).to.contain('because it is being terminated');
      }
    } finally {
      await cluster.close();
    }
  });
});
