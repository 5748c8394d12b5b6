// All verbs through @kubernetes/client-node, of the version that the first argument names as a package. KUBECONFIG says where
// the cluster is. Prints the name of each conversation that went well; ends at the first that does not.
import assert from 'node:assert/strict';

const k8s = await import(process.argv[2]);
const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const POD = { containers: [{ name: 'main', image: 'main:1' }] };

/** @returns the Status with which a call is refused */
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    if (error instanceof k8s.ApiException) return typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
    throw error;
  }
  throw new Error('the call must be refused');
}

const type = (strategy) => k8s.setHeaderOptions('Content-Type', strategy);

function deployment(name, replicas = 0) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: POD } },
  };
}

const conversations = {
  async verbs(namespace) {
    const made = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'plain', labels: { set: 'one' } }, data: { a: '1' }, binaryData: { b: 'AP8=' } },
      fieldManager: 'clients',
    });
    const read = await core.readNamespacedConfigMap({ namespace, name: 'plain' });
    assert.deepEqual(read, made);
    assert.deepEqual(read.metadata.managedFields.map((entry) => entry.manager), ['clients']);
    const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'plain', body: { ...read, data: { a: '2' } } });
    assert.deepEqual(replaced.data, { a: '2' });
    const stale = await refusal(core.replaceNamespacedConfigMap({ namespace, name: 'plain', body: read }));
    assert.deepEqual([stale.code, stale.reason], [409, 'Conflict']);
    const all = await core.listConfigMapForAllNamespaces({ labelSelector: 'set=one', fieldSelector: `metadata.namespace=${namespace}` });
    assert.deepEqual(all.items.map((item) => item.metadata.name), ['plain']);
    assert.equal((await core.deleteNamespacedConfigMap({ namespace, name: 'plain', propagationPolicy: 'Background' })).status, 'Success');
    assert.equal((await refusal(core.readNamespacedConfigMap({ namespace, name: 'plain' }))).message, 'configmaps "plain" not found');
    for (const name of ['x', 'y']) await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { set: 'many' } } } });
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'set=many' });
    assert.deepEqual((await core.listNamespacedConfigMap({ namespace, labelSelector: 'set=many' })).items, []);
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'dry' } }, dryRun: 'All' });
    assert.equal((await refusal(core.readNamespacedConfigMap({ namespace, name: 'dry' }))).code, 404);
  },

  async patches(namespace) {
    await apps.createNamespacedDeployment({ namespace, body: deployment('patched') });
    const patch = async (body, strategy, options = {}) => {
      const { spec } = await apps.patchNamespacedDeployment({ namespace, name: 'patched', body, ...options }, type(strategy));
      return spec.template.spec.containers.map((c) => `${c.name}=${c.image}`);
    };
    const podOf = (...containers) => ({ spec: { template: { spec: { containers } } } });
    const image = '/spec/template/spec/containers/0/image';
    assert.deepEqual(await patch([{ op: 'replace', path: image, value: 'main:2' }], k8s.PatchStrategy.JsonPatch), ['main=main:2']);
    const side = podOf({ name: 'side', image: 'side:1' });
    assert.deepEqual(await patch(side, k8s.PatchStrategy.StrategicMergePatch), ['side=side:1', 'main=main:2']);
    assert.deepEqual(await patch(side, k8s.PatchStrategy.MergePatch), ['side=side:1']);
    const wanted = { apiVersion: 'apps/v1', kind: 'Deployment', ...podOf({ name: 'main', image: 'main:3' }) };
    const applied = await patch(wanted, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'one' });
    assert.deepEqual(applied, ['side=side:1', 'main=main:3']);
    wanted.spec.template.spec.containers[0].image = 'main:4';
    const conflict = await refusal(patch(wanted, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'two' }));
    assert.equal(conflict.details.causes[0].reason, 'FieldManagerConflict');
    await patch(wanted, k8s.PatchStrategy.ServerSideApply, { fieldManager: 'two', force: true });
  },

  async subresources(namespace) {
    await apps.createNamespacedDeployment({ namespace, body: deployment('scaled') });
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'scaled' });
    scale.spec.replicas = 3;
    assert.equal((await apps.replaceNamespacedDeploymentScale({ namespace, name: 'scaled', body: scale })).spec.replicas, 3);
    const status = { status: { observedGeneration: 2 } };
    const told = await apps.patchNamespacedDeploymentStatus({ namespace, name: 'scaled', body: status }, type(k8s.PatchStrategy.MergePatch));
    assert.equal(told.status.observedGeneration, 2);
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'bound' }, spec: POD } });
    const target = { kind: 'Node', name: 'somewhere' };
    await core.createNamespacedPodBinding({ namespace, name: 'bound', body: { metadata: { name: 'bound' }, target } });
    const deleteOptions = { gracePeriodSeconds: 9 };
    await core.createNamespacedPodEviction({ namespace, name: 'bound', body: { metadata: { name: 'bound' }, deleteOptions } });
    const pod = await core.readNamespacedPod({ namespace, name: 'bound' });
    assert.deepEqual([pod.spec.nodeName, pod.metadata.deletionGracePeriodSeconds], ['somewhere', 9]);
    await core.deleteNamespacedPod({ namespace, name: 'bound', gracePeriodSeconds: 0 });
  },

  async tokens(namespace) {
    const body = { spec: { audiences: [], expirationSeconds: 3600 } };
    const { status } = await core.createNamespacedServiceAccountToken({ namespace, name: 'default', body });
    const own = new k8s.KubeConfig();
    own.loadFromClusterAndUser(config.getCurrentCluster(), { name: 'own', token: status.token });
    const self = await own.makeApiClient(k8s.AuthenticationV1Api).createSelfSubjectReview({ body: {} });
    assert.equal(self.status.userInfo.username, `system:serviceaccount:${namespace}:default`);
    const forbidden = await refusal(own.makeApiClient(k8s.CoreV1Api).listNamespacedSecret({ namespace }));
    assert.match(forbidden.message, /cannot list resource "secrets" in API group "" in the namespace/);
  },

  async watches(namespace) {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const events = [];
    const query = { resourceVersion: metadata.resourceVersion, fieldSelector: 'metadata.name=seen', timeoutSeconds: 2 };
    const ended = new Promise((resolve) => {
      void new k8s.Watch(config).watch(path, query, (event, object) => events.push(`${event} ${object.metadata.name}`), resolve);
    });
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'seen' } } });
    await core.patchNamespacedConfigMap({ namespace, name: 'seen', body: { data: { a: 'b' } } }, type(k8s.PatchStrategy.MergePatch));
    await core.deleteNamespacedConfigMap({ namespace, name: 'seen' });
    assert.equal(await ended, null);
    assert.deepEqual(events, ['ADDED seen', 'MODIFIED seen', 'DELETED seen']);
  },

  async informer(namespace) {
    const list = () => core.listNamespacedConfigMap({ namespace });
    const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
    const late = new Promise((resolve) => informer.on('add', (object) => object.metadata.name === 'late' && resolve()));
    informer.on('error', () => {});
    await informer.start();
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'late' } } });
    await late;
    assert.deepEqual(informer.list().map((object) => object.metadata.name), ['late']);
    await informer.stop();
  },

  async untyped(namespace) {
    const objects = k8s.KubernetesObjectApi.makeApiClient(config);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'untyped', namespace }, data: { a: '1' } };
    await objects.create(object);
    const replaced = await objects.replace({ ...object, data: { a: '2' } });
    assert.deepEqual(replaced.data, { a: '2' });
    const merged = await objects.patch({ ...object, data: { b: '3' } }, undefined, undefined, 'clients', undefined, k8s.PatchStrategy.MergePatch);
    assert.deepEqual(merged.data, { a: '2', b: '3' });
    assert.deepEqual((await objects.list('v1', 'ConfigMap', namespace)).items.map((item) => item.metadata.name), ['untyped']);
    await objects.delete(object);
    assert.equal((await refusal(objects.read(object))).code, 404);
    const custom = config.makeApiClient(k8s.CustomObjectsApi);
    const place = { group: 'apps', version: 'v1', namespace, plural: 'deployments' };
    await custom.createNamespacedCustomObject({ ...place, body: deployment('custom', 2) });
    assert.equal((await custom.getNamespacedCustomObjectScale({ ...place, name: 'custom' })).spec.replicas, 2);
    assert.deepEqual((await custom.listNamespacedCustomObject(place)).items.map((item) => item.metadata.name), ['custom']);
    await custom.deleteNamespacedCustomObject({ ...place, name: 'custom' });
  },
};

for (const [name, converse] of Object.entries(conversations)) {
  const namespace = `javascript-${name}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  // no controller makes it
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'default' } } });
  await converse(namespace);
  console.log(name);
}
