import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('an account that enforces mountable secrets', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let api: Api;
  const UNNAMED = 'is not allowed because service account strict does not reference that';
  const pod = (spec: object) => ({
    metadata: { name: 'p' },
    spec: { serviceAccountName: 'strict', containers: [{ name: 'c', image: 'i' }], ...spec },
  });
  async function refused(spec: object): Promise<string> {
    const { body, status } = await api.post(`${api.path('pods')}?dryRun=All`, pod(spec));
    return status === 201 ? '' : (body.message as string).replace('pods "p" is forbidden: ', '');
  }

  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    await api.create('serviceaccounts', {
      metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'T' } },
      secrets: [{ name: 'own' }],
      imagePullSecrets: [{ name: 'pull' }],
    });
  });
  after(() => cluster.close());

  it('keeps its pods from all secrets that it does not name', async () => {
    const volume = (secretName: string) => ({ volumes: [{ name: 'v', secret: { secretName } }] });
    const env = [{ name: 'E', valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } }];
    const envFrom = [{ secretRef: { name: 'other' } }];
    expect(await refused(volume('own'))).to.equal('');
    expect(await refused(volume('other'))).to.equal(`volume with secret.secretName="other" ${UNNAMED} secret`);
    expect(await refused({ containers: [{ name: 'c', image: 'i', env }] })).to.equal(
      `container c with envVar E referencing secret.secretName="other" ${UNNAMED} secret`,
    );
    expect(await refused({ initContainers: [{ name: 'c0', image: 'i', envFrom }] })).to.equal(
      `init container c0 with envFrom referencing secret.secretName="other" ${UNNAMED} secret`,
    );
    expect(await refused({ imagePullSecrets: [{ name: 'pull' }, { name: 'other' }] })).to.equal(
      `imagePullSecrets[1].name="other" ${UNNAMED} imagePullSecret`,
    );
  });

  it('does so with ephemeral containers, whose refusal has no reason', async () => {
    await api.create('pods', pod({}));
    const ephemeral = (name: string) => ({
      spec: { ephemeralContainers: [{ name: 'e', image: 'i', envFrom: [{ secretRef: { name } }] }] },
    });
    const path = api.path('pods', 'p', 'ephemeralcontainers');
    const { body } = await api.patch(path, 'strategic-merge-patch', ephemeral('other')).expect(500);
    expect(body.message).to.equal(`ephemeral container e with envFrom referencing secret.secretName="other" ${UNNAMED} secret`);
    expect(body).not.to.have.property('reason');
    await api.patch(path, 'strategic-merge-patch', ephemeral('own')).expect(200);
  });
});
