// What a newcomer does first, with every kubectl found: an application is applied, looked at, scaled, updated, broken, repaired and
// deleted.
import { expect } from 'chai';
import type { Deployment } from '../../src/api/types/apps-v1.gen.js';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { findKubectls, Kubectl, type KubectlProgram, rows } from './kubectl.js';
import { manifest } from './manifests.js';

const programs = findKubectls();

describe('an application in the hands of stock kubectl', function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster({ nodes: 2 });
  });
  after(() => cluster?.close());

  if (programs.length === 0) it.skip('needs a kubectl on the PATH');
  for (const program of programs) describe(`kubectl ${program.version}`, () => story(program, () => cluster));
});

function story(program: KubectlProgram, cluster: () => TestCluster): void {
  const namespace = `shop-1-${program.minor}`;
  let kubectl: Kubectl;
  let file: string;

  const deployment = () => kubectl.json<Deployment>('get deployment shop');
  const pods = async () => (await kubectl.json<{ items: Pod[] }>('get pods -l app=shop')).items;

  before(async () => {
    kubectl = await Kubectl.open(program, cluster().kubeconfig, namespace);
    file = await manifest('shop.yaml', namespace);
  });
  after(() => kubectl?.close());

  it('applies a file of six documents, and once more without a change', async () => {
    const created = await kubectl.ok('apply -f -', [], { input: file });
    expect(created.trimEnd().split('\n')).to.deep.equal([
      `namespace/${namespace} created`,
      'serviceaccount/shop created',
      'configmap/shop-settings created',
      'secret/shop-key created',
      'deployment.apps/shop created',
      'service/shop created',
    ]);
    const again = await kubectl.ok('apply -f -', [], { input: file });
    expect(again.match(/ unchanged$/gm)).to.have.length(6);
  });

  it('rolls out three running pods, which a service has as endpoints', async () => {
    expect(await kubectl.ok('rollout status deployment/shop --timeout=30s')).to.contain('deployment "shop" successfully rolled out');
    expect(rows(await kubectl.ok('get deployment shop'))[0]).to.include({ READY: '3/3', 'UP-TO-DATE': '3', AVAILABLE: '3' });
    const table = rows(await kubectl.ok('get pods -o wide'));
    expect(table).to.have.length(3);
    for (const row of table) expect(row).to.include({ READY: '1/1', STATUS: 'Running', RESTARTS: '0' });
    const addresses = table.map((row) => `${row['IP']}:8080`).sort();
    await eventually('endpoints of the service', async () => {
      const found = rows(await kubectl.ok('get endpoints shop'))[0]?.['ENDPOINTS'];
      return found?.split(',').sort().join() === addresses.join();
    });
  });

  it('describes the deployment and a pod with their events', async () => {
    const described = await kubectl.ok('describe deployment shop');
    expect(described).to.match(/^Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable$/m);
    expect(described).to.match(/^RollingUpdateStrategy: +1 max unavailable, 1 max surge$/m);
    expect(described).to.match(/Normal +ScalingReplicaSet .* deployment-controller +Scaled up replica set shop-\w+/);
    const [pod] = await pods();
    const text = await kubectl.ok(`describe pod ${pod?.metadata.name}`);
    expect(text).to.match(/^Controlled By: +ReplicaSet\/shop-/m);
    expect(text).to.match(/PASSWORD: +<set to the key 'password' in secret 'shop-key'>/);
    for (const reason of ['Scheduled', 'Pulled', 'Created', 'Started']) expect(text).to.match(new RegExp(`^ +Normal +${reason} `, 'm'));
  });

  it('reads the log of a simulated pod', async () => {
    const [pod] = await pods();
    const name = pod?.metadata.name;
    const log = await kubectl.ok(`logs ${name}`);
    expect(log).to.contain(`simulated container web of pod ${namespace}/${name} started`);
    const prefixed = await kubectl.ok('logs -l app=shop --prefix');
    expect(prefixed.match(/^\[pod\/shop-[^/]+\/web\] /gm)).to.have.length(3);
  });

  it('scales up and down', async () => {
    expect(await kubectl.ok('scale deployment/shop --replicas=5')).to.equal('deployment.apps/shop scaled\n');
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    expect(await pods()).to.have.length(5);
    expect(await kubectl.fails('scale deployment/shop --replicas=1 --current-replicas=2')).to.contain('Expected replicas to be 2, was 5');
    await kubectl.ok('scale deployment/shop --replicas=3');
    await eventually('three pods are left', async () => (await pods()).length === 3);
  });

  it('gets a killed pod back', async () => {
    const before = (await pods()).map((pod) => pod.metadata.uid);
    const [victim] = await pods();
    expect(await kubectl.ok(`delete pod ${victim?.metadata.name} --grace-period=1`)).to.contain(`pod "${victim?.metadata.name}" deleted`);
    await eventually('another pod took its place', async () => {
      const now = (await pods()).filter((pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'));
      return now.length === 3 && now.filter((pod) => !before.includes(pod.metadata.uid)).length === 1;
    });
  });

  it('updates, keeps the history, and goes back', async () => {
    expect(await kubectl.ok('set image deployment/shop web=registry.example/shop:2.0')).to.equal('deployment.apps/shop image updated\n');
    await kubectl.ok('annotate deployment/shop --overwrite', ['kubernetes.io/change-cause=second version']);
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    for (const pod of await pods())
      if (!pod.metadata.deletionTimestamp) expect(pod.spec?.containers[0]?.image).to.equal('registry.example/shop:2.0');
    await eventually('both causes are in the history', async () =>
      /^1 +first version\n2 +second version$/m.test(await kubectl.ok('rollout history deployment/shop')),
    );
    expect(await kubectl.ok('rollout history deployment/shop --revision=1')).to.match(/Image:\s+registry\.example\/shop:1\.0/);
    expect(await kubectl.ok('rollout undo deployment/shop')).to.contain('deployment.apps/shop rolled back');
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    expect((await deployment()).spec?.template.spec?.containers[0]?.image).to.equal('registry.example/shop:1.0');
    expect(await kubectl.ok('rollout history deployment/shop')).to.match(/^2 +second version\n3 +first version$/m);
  });

  it('stops the roll of a version that never becomes ready, and undo repairs it', async () => {
    const template = { metadata: { annotations: { 'kubemu.dev/ready': 'false' } } };
    await kubectl.ok('patch deployment shop -p', [JSON.stringify({ spec: { template } })]);
    expect(await kubectl.fails('rollout status deployment/shop --timeout=1s')).to.contain('timed out waiting for the condition');
    const stuck = await deployment();
    expect(stuck.status?.updatedReplicas, 'of three, one may surge and one be missing').to.equal(2);
    expect(stuck.status?.availableReplicas).to.equal(2);
    await kubectl.ok('rollout undo deployment/shop');
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    const repaired = await deployment();
    expect(repaired.spec?.template.metadata?.annotations ?? {}).not.to.have.property('kubemu.dev/ready');
    expect(repaired.status).to.include({ readyReplicas: 3, updatedReplicas: 3, availableReplicas: 3 });
  });

  it('pauses, gathers changes, resumes and restarts', async () => {
    expect(await kubectl.ok('rollout pause deployment/shop')).to.equal('deployment.apps/shop paused\n');
    const { metadata } = await deployment();
    await kubectl.ok('set env deployment/shop MODE=quiet');
    await kubectl.ok('set resources deployment/shop -c web --requests=cpu=50m');
    expect(await kubectl.fails('rollout undo deployment/shop')).to.contain('cannot rollback a paused deployment');
    await eventually('the controller has seen the changes', async () => {
      const now = await deployment();
      return (now.status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) + 2 && !now.status?.updatedReplicas;
    });
    expect(await kubectl.ok('rollout resume deployment/shop')).to.equal('deployment.apps/shop resumed\n');
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    for (const pod of (await pods()).filter((p) => !p.metadata.deletionTimestamp)) {
      expect(pod.spec?.containers[0]?.resources?.requests?.['cpu']).to.equal('50m');
      expect(pod.spec?.containers[0]?.env?.map((e) => e.name)).to.include('MODE');
    }
    expect(await kubectl.ok('rollout restart deployment/shop')).to.equal('deployment.apps/shop restarted\n');
    await kubectl.ok('rollout status deployment/shop --timeout=30s');
    expect((await deployment()).spec?.template.metadata?.annotations).to.have.property('kubectl.kubernetes.io/restartedAt');
  });

  it('waits for a condition and for a field', async () => {
    expect(await kubectl.ok('wait deployment/shop --for=condition=Available --timeout=10s')).to.equal(
      'deployment.apps/shop condition met\n',
    );
    expect(await kubectl.ok('wait pods -l app=shop --for=jsonpath={.status.phase}=Running --timeout=10s')).to.contain('condition met');
    expect(await kubectl.fails('wait deployment/shop --for=condition=Never --timeout=1s')).to.contain(
      'timed out waiting for the condition',
    );
  });

  it('deletes what the file says, and everything in the namespace with it', async () => {
    // its namespace goes first and may take the rest with it before kubectl comes to it
    const deleted = await kubectl.ok('delete -f - --ignore-not-found --timeout=40s', [], { input: file });
    expect(deleted).to.contain(`namespace "${namespace}" deleted`);
    expect(await kubectl.fails(`get namespace ${namespace}`)).to.contain(`namespaces "${namespace}" not found`);
    const left = await kubectl.json<{ items: unknown[] }>('get pods,replicasets,configmaps,events');
    expect(left.items).to.deep.equal([]);
  });
}
