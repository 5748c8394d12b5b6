import { expect } from 'chai';
import { namespaces } from '../../src/api/meta/resources.gen.js';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('admission of what is posted and not stored', () => {
  let cluster: TestCluster;
  let api: Api;
  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, enableAdmissionPlugins: ['NamespaceAutoProvision'] });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'unused');
  });
  after(() => cluster?.close());

  const made = (name: string) => cluster.client.get(namespaces, { namespace: '', name });

  it('sees reviews', async () => {
    const spec = { user: 'jane', resourceAttributes: { namespace: 'asked', verb: 'get', resource: 'pods' } };
    await api.post('/apis/authorization.k8s.io/v1/namespaces/asked/localsubjectaccessreviews', { spec }).expect(201);
    expect((await made('asked')).status.phase).to.equal('Active');
  });

  it('sees requests for tokens before anybody looks for the account', async () => {
    await api.post('/api/v1/namespaces/signed/serviceaccounts/nobody/token', { spec: {} }).expect(404);
    expect((await made('signed')).status.phase).to.equal('Active');
  });
});
