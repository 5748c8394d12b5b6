import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api, type Seen } from '../suites/api/session.js';

const PODS = '/api/v1/namespaces/ns/pods';
const CLAIM = '/api/v1/namespaces/ns/persistentvolumeclaims/c';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const SLICES = '/apis/resource.k8s.io/v1/resourceslices';
const TOKEN = '/api/v1/namespaces/ns/serviceaccounts/default/token';
const NOT_RELATED = 'node requested token bound to a pod scheduled on a different node';

describe('NodeRestriction', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let api: Api;
  let node: Seen;
  const pods: Record<string, Seen> = {};

  const send = (method: 'post' | 'patch' | 'put' | 'delete', path: string, body?: object, user = 'system:node:here') =>
    api
      .raw(method, path)
      .set({
        'impersonate-user': user,
        'impersonate-group': 'system:nodes',
        'content-type': method === 'patch' ? 'application/merge-patch+json' : 'application/json',
      })
      .send(body && JSON.stringify(body));
  /** The cause of the refusal of what the node sends; its message where it is not forbidden, "" when it is let through. */
  async function refused(...request: Parameters<typeof send>): Promise<string> {
    const { body, status } = await send(...request);
    if (status < 300) return '';
    return (body.message as string).replace(/^.* is forbidden: /s, '');
  }
  const pod = (name: string, nodeName: string, spec: object = {}) => ({
    metadata: { name, namespace: 'ns' },
    spec: { nodeName, containers: [{ name: 'c', image: 'i' }], ...spec },
  });

  before(async () => {
    cluster = await startTestCluster({
      components: API_ONLY,
      authorizationMode: ['AlwaysAllow'],
      enableAdmissionPlugins: ['NodeRestriction'],
    });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'ns');
    await api.post('/api/v1/namespaces', { metadata: { name: 'ns' } }).expect(201);
    await api.create('serviceaccounts', { metadata: { name: 'default' } });
    node = (await api.post('/api/v1/nodes', { metadata: { name: 'here' } }).expect(201)).body;
    await api.post('/api/v1/nodes', { metadata: { name: 'there' } }).expect(201);
    const projected = { sources: [{ serviceAccountToken: { audience: 'vault', path: 't' } }] };
    pods['here'] = await api.create('pods', pod('here', 'here', { volumes: [{ name: 'v', projected }] }));
    pods['there'] = await api.create('pods', pod('there', 'there'));
  });
  after(() => cluster.close());

  it('lets everybody pass who is no node, and nobody who may be any', async () => {
    expect(await refused('post', `${PODS}?dryRun=All`, pod('x', 'here'), 'jane')).to.equal('');
    const unknown = 'could not determine node from user "system:node:"';
    expect(await refused('post', `${PODS}?dryRun=All`, pod('x', 'here'), 'system:node:')).to.equal(unknown);
  });

  it('lets a node create mirrors of its own static pods only', async () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'here', uid: node.metadata.uid, controller: true };
    const mirror = (spec: object, owners: object[] = [owner], nodeName = 'here') => {
      const { metadata, ...rest } = pod('mirror', nodeName, spec);
      return { ...rest, metadata: { ...metadata, annotations: { 'kubernetes.io/config.mirror': 'h' }, ownerReferences: owners } };
    };
    const create = (object: object) => refused('post', `${PODS}?dryRun=All`, object);
    const only = 'node "here" can only create';
    expect(await create(pod('x', 'here'))).to.equal(`pod does not have "kubernetes.io/config.mirror" annotation, ${only} mirror pods`);
    expect(await create(mirror({}, [owner], 'there'))).to.equal(`${only} pods with spec.nodeName set to itself`);
    expect(await create(mirror({}, []))).to.equal(`${only} pods with an owner reference set to itself`);
    expect(await create(mirror({}, [owner, { ...owner, uid: 'u' }]))).to.equal(`${only} pods with a single owner reference set to itself`);
    expect(await create(mirror({}, [{ ...owner, controller: false }]))).to.equal(
      `${only} pods with a controller owner reference set to itself`,
    );
    expect(await create(mirror({}, [{ ...owner, blockOwnerDeletion: true }]))).to.equal(
      'node "here" must not set blockOwnerDeletion on an owner reference',
    );
    expect(await create(mirror({}, [{ ...owner, uid: 'other' }]))).to.equal(
      `node here UID mismatch: expected other got ${node.metadata.uid}`,
    );
    const volume = (source: object) => mirror({ volumes: [{ name: 'v', ...source }] });
    const references = 'node "here" can not create pods that reference';
    expect(await create(volume({ configMap: { name: 'x' } }))).to.equal(`${references} configmaps`);
    expect(await create(volume({ csi: { driver: 'd' } }))).to.equal(`${references} csidrivers (via CSI volumes)`);
    expect(await create(volume({ persistentVolumeClaim: { claimName: 'x' } }))).to.equal(`${references} persistentvolumeclaims`);
    const bundle = { projected: { sources: [{ clusterTrustBundle: { name: 'x', path: 'x' } }] } };
    expect(await create(volume(bundle))).to.equal(`${references} clustertrustbundles`);
    // what the plug-in ServiceAccount refuses to every mirror
    expect(await create(volume({ secret: { secretName: 'x' } }))).to.equal('a mirror pod may not reference secrets');
    expect(await create(mirror({ serviceAccountName: 'default' }))).to.equal('a mirror pod may not reference service accounts');
    expect(await create(volume({ emptyDir: {} }))).to.equal('');
  });

  it('lets a node report on, evict and delete its own pods only', async () => {
    const status = { status: { phase: 'Running' } };
    expect(await refused('patch', `${PODS}/here/status`, status)).to.equal('');
    expect(await refused('patch', `${PODS}/there/status`, status)).to.equal(
      'node "here" can only update pod status for pods with spec.nodeName set to itself',
    );
    expect(await refused('patch', `${PODS}/here/status`, { metadata: { labels: { a: 'b' } } })).to.equal(
      'node "here" cannot update labels through pod status',
    );
    expect(await refused('patch', `${PODS}/here/status`, { status: { resourceClaimStatuses: [{ name: 'r' }] } })).to.equal(
      'node "here" cannot update resource claim statues',
    );
    expect(await refused('post', `${PODS}/there/eviction`, { metadata: { name: 'there' } })).to.equal(
      'node here can only evict pods with spec.nodeName set to itself',
    );
    expect(await refused('post', `${PODS}/nobody/eviction`, { metadata: { name: 'nobody' } })).to.equal('pod "nobody" not found');
    expect(await refused('delete', `${PODS}/there`)).to.equal('node "here" can only delete pods with spec.nodeName set to itself');
    expect(await refused('patch', `${PODS}/here`, { metadata: { labels: { a: 'b' } } })).to.equal(
      'unexpected operation "UPDATE", node "here" can only create and delete mirror pods',
    );
    expect(await refused('post', `${PODS}/here/binding`, { metadata: { name: 'here' }, target: { name: 'here' } })).to.equal(
      `unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
    );
  });

  it('lets a node say what it knows of itself, not which pods come to it', async () => {
    const patch = (body: object, name = 'here') => refused('patch', `/api/v1/nodes/${name}`, body);
    expect(await patch({}, 'there')).to.equal('node "here" is not allowed to modify node "there"');
    expect(await patch({ spec: { taints: [] } })).to.equal('node "here" is not allowed to modify taints');
    const labels = { a: 'b', 'kubernetes.io/os': 'l', 'x.kubelet.kubernetes.io/y': 'z' };
    expect(await patch({ metadata: { labels } })).to.equal('');
    const steering = { 'x.k8s.io/y': 'z', 'a.node-restriction.kubernetes.io/b': 'c' };
    expect(await patch({ metadata: { labels: steering } })).to.equal(
      'is not allowed to modify labels: a.node-restriction.kubernetes.io/b, x.k8s.io/y',
    );
    const fresh = { metadata: { name: 'new', labels: steering } };
    expect(await refused('post', '/api/v1/nodes', fresh, 'system:node:new')).to.equal(
      'node "new" is not allowed to set the following labels: a.node-restriction.kubernetes.io/b, x.k8s.io/y',
    );
    expect(await refused('delete', '/api/v1/nodes/there')).to.equal('node "here" is not allowed to modify node "there"');
  });

  it('lets a node keep what goes with it', async () => {
    const named = (name: string) => ({ metadata: { name }, spec: {} });
    const own = 'can only access node lease with the same name as the requesting node';
    expect(await refused('post', LEASES, named('there'))).to.equal(own);
    expect(await refused('post', LEASES, named('here'))).to.equal('');
    // one of a collection is deleted by a request without a name
    expect(await refused('delete', LEASES)).to.equal(own);
    expect(await refused('post', LEASES.replace('kube-node-lease', 'ns'), named('here'))).to.equal(
      'can only access leases in the "kube-node-lease" system namespace',
    );
    expect(await refused('post', '/apis/storage.k8s.io/v1/csinodes', { metadata: { name: 'there' }, spec: { drivers: [] } })).to.equal(
      'can only access CSINode with the same name as the requesting node',
    );
    const pool = { name: 'p', resourceSliceCount: 1, generation: 1 };
    const slice = (name: string, nodeName: string) => ({
      metadata: { name },
      spec: { driver: 'd.example.com', pool, nodeName, devices: [] },
    });
    expect(await refused('post', SLICES, slice('own', 'here'))).to.equal('');
    await api.post(SLICES, slice('other', 'there')).expect(201);
    for (const [request, verb] of [
      [refused('post', SLICES, slice('x', 'there')), 'create'],
      [refused('delete', `${SLICES}/other`), 'delete'],
    ] as const)
      expect(await request).to.equal(`can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
  });

  it('lets a node say how large the volume of a claim is, and shows what more it would change', async () => {
    await api.create('persistentvolumeclaims', {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    expect(await refused('patch', CLAIM, { metadata: { labels: { a: 'b' } } })).to.equal('may only update PVC status');
    expect(await refused('patch', `${CLAIM}/status`, { status: { capacity: { storage: '2Gi' } } })).to.equal('');
    expect(await refused('patch', `${CLAIM}/status`, { status: { phase: 'Bound' } })).to.match(
      /^node "here" is not allowed to update fields other than status.quantity and status.conditions: @@ .*\n-  "Phase": "Pending",\n\+  "Phase": "Bound",\n/s,
    );
  });

  it('gives a node tokens for its own pods, for whom they speak to', async () => {
    const ask = (boundObjectRef: object | undefined, ...audiences: string[]) =>
      refused('post', TOKEN, { spec: { audiences, boundObjectRef } });
    const bound = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: pods[name]?.metadata.uid ?? 'none' });
    expect(await ask(undefined)).to.equal('node requested token not bound to a pod');
    expect(await ask({ ...bound('here'), uid: '' })).to.equal('node requested token with a pod binding without a uid');
    expect(await ask(bound('nobody'))).to.equal('pod "nobody" not found');
    expect(await ask(bound('there'))).to.equal(NOT_RELATED);
    expect(await ask(bound('here'), 'a', 'b')).to.equal('node may only request 0 or 1 audiences');
    expect(await ask(bound('here'), 'vault')).to.equal('');
    expect(await ask(bound('here'))).to.equal('');
  });
});

describe('NodeRestriction of audiences', function () {
  this.timeout(20_000);

  it('asks what drivers of volumes want, then for the right to it', async () => {
    const cluster = await startTestCluster({
      components: API_ONLY,
      authorizationMode: ['Node', 'RBAC'],
      enableAdmissionPlugins: ['NodeRestriction'],
    });
    try {
      const api = new Api({ url: cluster.url, ...cluster.admin }, 'ns');
      await api.post('/api/v1/namespaces', { metadata: { name: 'ns' } }).expect(201);
      await api.create('serviceaccounts', { metadata: { name: 'default' } });
      await api
        .post('/apis/storage.k8s.io/v1/csidrivers', { metadata: { name: 'd' }, spec: { tokenRequests: [{ audience: 'a' }] } })
        .expect(201);
      const spec = (volumes: object[]) => ({ nodeName: 'here', containers: [{ name: 'c', image: 'i' }], volumes });
      const ask = async (volumes: object[], audience: string) => {
        const { metadata } = await api.create('pods', { metadata: { generateName: 'p-' }, spec: spec(volumes) });
        const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
        const { body, status } = await api
          .raw('post', TOKEN)
          .set({ 'impersonate-user': 'system:node:here', 'impersonate-group': 'system:nodes', 'content-type': 'application/json' })
          .send(JSON.stringify({ spec: { audiences: [audience], boundObjectRef } }));
        return status === 201 ? '' : (body.message as string).replace('serviceaccounts "default" is forbidden: ', '');
      };
      const csi = (driver: string) => ({ name: driver, csi: { driver } });
      const disk = { name: 'disk', gcePersistentDisk: { pdName: 'x' } };
      expect(await ask([csi('d')], 'a')).to.equal('');
      expect(await ask([csi('gone'), disk], 'a')).to.equal(
        'error validating audience "a": [csidriver.storage.k8s.io "gone" not found, csidriver.storage.k8s.io "pd.csi.storage.gke.io" not found]',
      );
      expect(await ask([csi('d')], 'b')).to.equal(
        'audience "b" not found in pod spec volume, system:node:here is not authorized to request tokens for this audience',
      );
      const metadata = { name: 'audience' };
      const verbs = ['request-serviceaccounts-token-audience'];
      const roles = '/apis/rbac.authorization.k8s.io/v1';
      await api.post(`${roles}/clusterroles`, { metadata, rules: [{ apiGroups: [''], resources: ['b'], verbs }] }).expect(201);
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'audience' };
      const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }];
      await api.post(`${roles}/clusterrolebindings`, { metadata, roleRef, subjects }).expect(201);
      expect(await ask([csi('d')], 'b')).to.equal('');
    } finally {
      await cluster.close();
    }
  });
});
