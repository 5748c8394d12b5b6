// @kubernetes/client-node as programs use it: typed clients, errors, patches of every type, watches, informers, untyped objects,
// logs. It drops fields it does not know and makes dates of times, so what the server holds is checked through the in-process client.
import { PassThrough } from 'node:stream';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Deployment,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { expect } from 'chai';
import { configmaps, deployments } from '../../src/api/meta/resources.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const namespace = 'default';

function deploymentOf(name: string, replicas = 1): V1Deployment {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'main:1' }] } },
    },
  };
}

/** The Status with which a call is refused. */
async function refusal(call: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiException) return JSON.parse(error.body as string) as { code: number; reason: string; message: string };
    throw error;
  }
  throw new Error('the call must be refused');
}

describe('@kubernetes/client-node', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let config: KubeConfig;
  let core: CoreV1Api;
  let apps: AppsV1Api;

  before(async () => {
    cluster = await startTestCluster();
    config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
  });
  after(() => cluster?.close());

  it('reads the kubeconfig and the version', async () => {
    expect(config.getCurrentCluster()?.server).to.equal(cluster.url);
    expect(await config.makeApiClient(VersionApi).getCode()).to.include({ major: '1', minor: '36' });
  });

  it('creates, reads, replaces, lists and deletes', async () => {
    const made = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'plain', labels: { set: 'one' } }, data: { a: '1' } },
    });
    expect(made.metadata?.creationTimestamp).to.be.instanceOf(Date);
    const read = await core.readNamespacedConfigMap({ namespace, name: 'plain' });
    expect(read).to.deep.equal(made);
    const replaced = await core.replaceNamespacedConfigMap({
      namespace,
      name: 'plain',
      body: Object.assign({}, read, { data: { a: '2' } }),
    });
    expect(replaced.data).to.deep.equal({ a: '2' });
    expect(await refusal(core.replaceNamespacedConfigMap({ namespace, name: 'plain', body: read }))).to.include({
      code: 409,
      reason: 'Conflict',
    });
    const list = await core.listConfigMapForAllNamespaces({ labelSelector: 'set=one' });
    expect(list.items.map((item) => item.metadata?.name)).to.deep.equal(['plain']);
    const status = await core.deleteNamespacedConfigMap({ namespace, name: 'plain' });
    expect(status.status).to.equal('Success');
    expect(await refusal(core.readNamespacedConfigMap({ namespace, name: 'plain' }))).to.include({
      code: 404,
      reason: 'NotFound',
      message: 'configmaps "plain" not found',
    });
  });

  it('lists in pieces', async () => {
    for (let n = 0; n < 5; n++)
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: `piece-${n}`, labels: { set: 'pieces' } } } });
    const names: (string | undefined)[] = [];
    let _continue: string | undefined;
    let calls = 0;
    do {
      const page = await core.listNamespacedConfigMap({ namespace, labelSelector: 'set=pieces', limit: 2, _continue });
      names.push(...page.items.map((item) => item.metadata?.name));
      _continue = page.metadata?._continue;
      calls++;
    } while (_continue);
    expect(calls).to.equal(3);
    expect(names).to.deep.equal(['piece-0', 'piece-1', 'piece-2', 'piece-3', 'piece-4']);
  });

  it('patches a deployment with every type of patch', async () => {
    await apps.createNamespacedDeployment({ namespace, body: deploymentOf('patched') });
    const name = 'patched';
    const containers = async () => {
      const { spec } = await cluster.client.get(deployments, { namespace, name });
      return spec?.template.spec?.containers.map((c) => `${c.name}=${c.image}`);
    };
    // JSON patch is what this client sends unless told otherwise
    await apps.patchNamespacedDeployment({
      namespace,
      name,
      body: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'main:2' }],
    });
    expect(await containers()).to.deep.equal(['main=main:2']);
    const side = { spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } } };
    await apps.patchNamespacedDeployment(
      { namespace, name, body: side },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
    expect(await containers()).to.have.members(['main=main:2', 'side=side:1']);
    await apps.patchNamespacedDeployment({ namespace, name, body: side }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
    expect(await containers()).to.deep.equal(['side=side:1']);
    const body = Object.assign({ apiVersion: 'apps/v1', kind: 'Deployment' }, deploymentOf(name, 3));
    const applied = await apps.patchNamespacedDeployment(
      { namespace, name, body, fieldManager: 'applier', force: true },
      setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
    );
    expect(applied.spec?.replicas).to.equal(3);
    expect(applied.metadata?.managedFields?.filter((f) => f.operation === 'Apply').map((f) => f.manager)).to.deep.equal(['applier']);
    expect(await containers()).to.have.members(['main=main:1', 'side=side:1']);
  });

  it('scales and sees the status of a deployment', async () => {
    await apps.createNamespacedDeployment({ namespace, body: deploymentOf('scaled', 2) });
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'scaled' });
    expect(scale.spec?.replicas).to.equal(2);
    // a replacement would meet the controller, which writes the status meanwhile
    await apps.patchNamespacedDeploymentScale(
      { namespace, name: 'scaled', body: { spec: { replicas: 3 } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    await eventually('three replicas', async () => {
      const { status } = await apps.readNamespacedDeploymentStatus({ namespace, name: 'scaled' });
      return status?.availableReplicas === 3;
    });
    await apps.deleteNamespacedDeployment({ namespace, name: 'scaled', propagationPolicy: 'Foreground' });
    await eventually(
      'its pods are gone',
      async () => (await core.listNamespacedPod({ namespace, labelSelector: 'app=scaled' })).items.length === 0,
    );
  });

  it('watches from a version, and ends when it is told to', async () => {
    const list = await core.listNamespacedConfigMap({ namespace });
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'watched' } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
    const events: string[] = [];
    let ended: unknown = 'running';
    const controller = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: list.metadata?.resourceVersion, fieldSelector: 'metadata.name=watched' },
      (type, object: V1ConfigMap) => events.push(`${type} ${object.metadata?.name}`),
      (error) => (ended = error),
    );
    await eventually('both events', () => events.length === 2);
    expect(events).to.deep.equal(['ADDED watched', 'DELETED watched']);
    controller.abort();
    await eventually('the end of the watch', () => ended !== 'running');
  });

  it('ends a watch by itself after its timeout', async () => {
    const ended = new Promise<unknown>((resolve) => {
      void new Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, { timeoutSeconds: 1 }, () => {}, resolve);
    });
    expect(await ended, 'no error').to.equal(null);
  });

  it('keeps an informer in step', async () => {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'early', labels: { informed: 'yes' } } } });
    const labelSelector = 'informed=yes';
    const informer = makeInformer(
      config,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => core.listNamespacedConfigMap({ namespace, labelSelector }),
      labelSelector,
    );
    const events: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, (object) => events.push(`${verb} ${object.metadata?.name}`));
    // stopping it counts as an error with this client
    informer.on('error', () => {});
    await informer.start();
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'late', labels: { informed: 'yes' } } } });
    await cluster.client.patch(configmaps, { namespace, name: 'early' }, { type: 'merge', body: { data: { a: '1' } } });
    await cluster.client.patch(configmaps, { namespace, name: 'late' }, { type: 'merge', body: { metadata: { labels: null } } });
    await eventually('every event', () => events.length >= 4);
    expect(events).to.deep.equal(['add early', 'add late', 'update early', 'delete late']);
    expect(informer.list().map((object) => object.metadata?.name)).to.deep.equal(['early']);
    expect(informer.get('early', namespace)?.data).to.deep.equal({ a: '1' });
    await informer.stop();
  });

  it('handles objects without their types', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'untyped', namespace },
      spec: deploymentOf('untyped').spec,
    };
    await objects.create(object);
    expect((await objects.read<V1Deployment>({ ...object, metadata: { name: 'untyped', namespace } })).spec?.replicas).to.equal(1);
    const patched = await objects.patch<V1Deployment>(
      { ...object, spec: { replicas: 2 } } as V1Deployment,
      undefined,
      undefined,
      'untyped-client',
      undefined,
      PatchStrategy.MergePatch,
    );
    expect(patched.spec?.replicas).to.equal(2);
    const list = await objects.list('apps/v1', 'Deployment', namespace, undefined, undefined, undefined, undefined, 'app=untyped');
    expect(list.items, 'labels are those of the deployment').to.have.length(0);
    expect((await objects.delete(object)).status).to.equal('Success');
    expect(await refusal(objects.read(object))).to.include({ code: 404, message: 'deployments.apps "untyped" not found' });
  });

  it('reads and follows the log of a pod', async () => {
    const annotations = { 'kubemu.dev/logs': 'hello', 'kubemu.dev/log-interval': '50ms', 'kubemu.dev/log-line': 'beat' };
    await core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'talker', annotations }, spec: { containers: [{ name: 'main', image: 'talker:1' }] } },
    });
    await eventually('the pod runs', async () => (await core.readNamespacedPod({ namespace, name: 'talker' })).status?.phase === 'Running');
    expect(await core.readNamespacedPodLog({ namespace, name: 'talker', tailLines: 1000 })).to.match(/^hello\n/);
    let text = '';
    const stream = new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
    const controller = await new Log(config).log(namespace, 'talker', 'main', stream, { follow: true });
    await eventually('lines as they come', () => text.includes('beat 5\n'));
    expect(text).to.match(/^hello\nbeat 1\nbeat 2\nbeat 3\nbeat 4\nbeat 5\n/);
    controller.abort();
    expect(await refusal(core.readNamespacedPodLog({ namespace, name: 'talker', container: 'other' }))).to.include({
      code: 400,
      message: 'container other is not valid for pod talker',
    });
  });

  it('evicts a pod and binds one', async () => {
    await core.createNamespacedPod({
      namespace,
      body: { metadata: { name: 'evicted' }, spec: { containers: [{ name: 'main', image: 'x:1' }] } },
    });
    await eventually('it runs', async () => (await core.readNamespacedPod({ namespace, name: 'evicted' })).status?.phase === 'Running');
    await core.createNamespacedPodEviction({
      namespace,
      name: 'evicted',
      body: { metadata: { name: 'evicted' }, deleteOptions: { gracePeriodSeconds: 0 } },
    });
    await eventually(
      'it is gone',
      async () => (await core.listNamespacedPod({ namespace, fieldSelector: 'metadata.name=evicted' })).items.length === 0,
    );
    const spec = { schedulerName: 'nobody', containers: [{ name: 'main', image: 'x:1' }] };
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'bound' }, spec } });
    await core.createNamespacedPodBinding({
      namespace,
      name: 'bound',
      body: { metadata: { name: 'bound' }, target: { apiVersion: 'v1', kind: 'Node', name: 'node-1' } },
    });
    await eventually('it runs where it was put', async () => {
      const pod = await core.readNamespacedPod({ namespace, name: 'bound' });
      return pod.spec?.nodeName === 'node-1' && pod.status?.phase === 'Running';
    });
  });
});
