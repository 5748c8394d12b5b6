import { expect } from 'chai';
import { API_ONLY, startTestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('an object without a name', function () {
  this.timeout(20_000);

  it('is called Unknown, or by what its name is made from, when admission refuses it', async () => {
    const cluster = await startTestCluster({ components: API_ONLY, disableAdmissionPlugins: ['ServiceAccount'] });
    try {
      const api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
      const containers = [{ name: 'c', image: 'i' }];
      const refusal = async (metadata: object, spec: object) => {
        const { body } = await api.post(api.path('pods'), { metadata, spec: { containers, ...spec } }).expect(403);
        return { message: body.message as string, name: body.details.name as string };
      };
      const missing = (name: string) => `pods "${name}" is forbidden: no PriorityClass with name none was found`;
      expect(await refusal({}, { priorityClassName: 'none' })).to.deep.equal({ message: missing('Unknown'), name: 'Unknown' });
      expect(await refusal({ generateName: 'g-' }, { priorityClassName: 'none' })).to.deep.equal({ message: missing('g-'), name: 'g-' });
      expect((await refusal({}, { runtimeClassName: 'none' })).message).to.equal(
        'pods "Unknown" is forbidden: pod rejected: RuntimeClass "none" not found',
      );
      await api.post('/api/v1/namespaces', { metadata: { name: 'leaving' } }).expect(201);
      await api.delete('/api/v1/namespaces/leaving').expect(200);
      const { body } = await api.post('/api/v1/namespaces/leaving/configmaps', { metadata: {} }).expect(403);
      expect(body.message).to.contain('configmaps "Unknown" is forbidden: unable to create new content');
    } finally {
      await cluster.close();
    }
  });
});
