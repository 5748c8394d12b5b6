import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

const NODE = 'mine';
const OTHER = 'other';

describe('NodeRestriction', () => {
  let cluster: TestCluster;
  let api: Api;

  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, memory: true });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    await api.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    for (const name of [NODE, OTHER]) await api.post('/api/v1/nodes', { metadata: { name } }).expect(201);
  });
  after(() => cluster.close());

  const asNode = (method: 'post' | 'put' | 'patch' | 'delete', path: string, body?: object, type = 'application/json') => {
    const request = api.raw(method, path).set('impersonate-user', `system:node:${NODE}`).set('impersonate-group', 'system:nodes');
    return body ? request.set('content-type', type).send(JSON.stringify(body)) : request;
  };
  const MERGE = 'application/merge-patch+json';
  const pod = (name: string, nodeName: string, metadata: object = {}, spec: object = {}) => ({
    metadata: { name, ...metadata },
    spec: { nodeName, containers: [{ name: 'c', image: 'i' }], automountServiceAccountToken: false, ...spec },
  });
  const refused = (answer: { status: number; body: { message?: string } }, cause: string) => {
    expect(answer.body.message).to.match(/ forbidden: /);
    expect(answer.body.message).to.contain(`forbidden: ${cause}`);
    expect(answer.status).to.equal(403);
  };
  async function mirror(more: object = {}, spec: object = {}) {
    const { body } = await api.get(`/api/v1/nodes/${NODE}`);
    const owner = { apiVersion: 'v1', kind: 'Node', name: NODE, uid: body.metadata.uid, controller: true, ...more };
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] };
    return asNode('post', api.path('pods'), pod('mirror', NODE, metadata, { hostNetwork: true, ...spec }));
  }

  it('lets a kubelet create mirror pods of its own node only', async () => {
    refused(
      await asNode('post', api.path('pods'), pod('plain', NODE)),
      `pod does not have "kubernetes.io/config.mirror" annotation, node "mine" can only create mirror pods`,
    );
    refused(await mirror({ name: OTHER }), 'node "mine" can only create pods with an owner reference set to itself');
    refused(await mirror({ controller: false }), 'node "mine" can only create pods with a controller owner reference set to itself');
    refused(await mirror({ blockOwnerDeletion: true }), 'node "mine" must not set blockOwnerDeletion on an owner reference');
    const { body } = await api.get(`/api/v1/nodes/${NODE}`);
    refused(await mirror({ uid: 'wrong' }), `node mine UID mismatch: expected wrong got ${body.metadata.uid}`);
    refused(
      await mirror({}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
      'node "mine" can not create pods that reference persistentvolumeclaims',
    );
    expect((await mirror()).status).to.equal(201);
    expect((await asNode('delete', `${api.path('pods', 'mirror')}?gracePeriodSeconds=0`)).status).to.equal(200);
  });

  it('lets a kubelet write status of, evict and delete pods of its own node only', async () => {
    await api.create('pods', pod('here', NODE));
    await api.create('pods', pod('there', OTHER));
    const status = { status: { phase: 'Running' } };
    expect((await asNode('patch', api.path('pods', 'here', 'status'), status, MERGE)).status).to.equal(200);
    refused(
      await asNode('patch', api.path('pods', 'there', 'status'), status, MERGE),
      'node "mine" can only update pod status for pods with spec.nodeName set to itself',
    );
    refused(
      await asNode('patch', api.path('pods', 'here', 'status'), { metadata: { labels: { a: 'b' } } }, MERGE),
      'node "mine" cannot update labels through pod status',
    );
    const evict = (name: string) => asNode('post', api.path('pods', name, 'eviction'), { metadata: { name } });
    refused(await evict('there'), 'node mine can only evict pods with spec.nodeName set to itself');
    expect((await evict('here')).status).to.equal(201);
    refused(await asNode('delete', api.path('pods', 'there')), 'node "mine" can only delete pods with spec.nodeName set to itself');
  });

  it('lets a kubelet change its own node, but not what others rely on', async () => {
    const change = (name: string, body: object) => asNode('patch', `/api/v1/nodes/${name}`, body, MERGE);
    const labels = (label: string) => ({ metadata: { labels: { [label]: 'x' } } });
    refused(await change(OTHER, labels('a')), 'node "mine" is not allowed to modify node "other"');
    for (const label of ['a', 'topology.kubernetes.io/zone', 'kubelet.kubernetes.io/a', 'x.node.kubernetes.io/a', 'example.com/a'])
      expect((await change(NODE, labels(label))).status, label).to.equal(200);
    for (const label of ['node-restriction.kubernetes.io/a', 'node-role.kubernetes.io/worker', 'x.k8s.io/a'])
      refused(await change(NODE, labels(label)), `is not allowed to modify labels: ${label}`);
    refused(await change(NODE, { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }), 'node "mine" is not allowed to modify taints');
    const status = { status: { nodeInfo: { kubeletVersion: 'v1.36.3' } } };
    expect((await asNode('patch', `/api/v1/nodes/${NODE}/status`, status, MERGE)).status).to.equal(200);
  });

  it('lets a kubelet ask for tokens of its own pods, for audiences that they name', async () => {
    const sources = [{ serviceAccountToken: { path: 't', audience: 'vault' } }];
    const owned = await api.create('pods', pod('asks', NODE, {}, { volumes: [{ name: 't', projected: { sources } }] }));
    const foreign = await api.create('pods', pod('foreign', OTHER));
    const ask = (spec: object) => asNode('post', api.path('serviceaccounts', 'default', 'token'), { spec });
    const ref = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'Pod', name, uid });
    const bound = ref('asks', owned.metadata.uid);
    expect((await ask({ audiences: ['vault'], boundObjectRef: bound })).status).to.equal(201);
    refused(await ask({ audiences: ['vault'] }), 'node requested token not bound to a pod');
    refused(await ask({ boundObjectRef: ref('asks', '') }), 'node requested token with a pod binding without a uid');
    refused(
      await ask({ audiences: ['vault'], boundObjectRef: ref('foreign', foreign.metadata.uid) }),
      'node requested token bound to a pod scheduled on a different node',
    );
    refused(
      await ask({ audiences: ['other'], boundObjectRef: bound }),
      'audience "other" not found in pod spec volume, system:node:mine is not authorized to request tokens for this audience',
    );
    refused(await ask({ audiences: ['a', 'b'], boundObjectRef: bound }), 'node may only request 0 or 1 audiences');
  });

  it('lets a kubelet make the lease of its own node only', async () => {
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    expect((await asNode('post', path, { metadata: { name: NODE } })).status).to.equal(201);
    refused(
      await asNode('post', path, { metadata: { name: OTHER } }),
      'can only access node lease with the same name as the requesting node',
    );
  });
});

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
