// Nodes in the hands of stock kubectl: cordon, taint and drain; and three nodes of which one is made to fail.
import { dirname } from 'node:path';
import { expect } from 'chai';
import type { Node, Pod } from '../../src/api/types/core-v1.gen.js';
import { deployments } from '../../src/api/meta/resources.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { kubemu } from '../restart/process.js';
import { ends, findKubectls, Kubectl, type KubectlProgram, rows } from './kubectl.js';

const programs = ends(findKubectls());

describe('nodes in the hands of stock kubectl', function () {
  this.timeout(60_000);
  if (programs.length === 0) it.skip('needs a kubectl on the PATH');
  for (const program of programs) describe(`kubectl ${program.version}`, () => maintenance(program, program === programs.at(-1)));
});

function maintenance(program: KubectlProgram, newest: boolean): void {
  let cluster: TestCluster;
  let kubectl: Kubectl;

  const nodesOf = async (selector: string) =>
    (await kubectl.json<{ items: Pod[] }>(`get pods -l ${selector}`)).items
      .filter((pod) => !pod.metadata.deletionTimestamp)
      .map((pod) => pod.spec?.nodeName ?? '')
      .sort();

  before(async () => {
    cluster = await startTestCluster({ nodes: 3, nodeCapacity: { cpu: '4', memory: '8Gi', pods: '20' } });
    kubectl = await Kubectl.open(program, cluster.kubeconfig);
  });
  after(async () => {
    await kubectl?.close();
    await cluster?.close();
  });

  it('lists three nodes of the size asked for', async () => {
    const table = rows(await kubectl.ok('get nodes'));
    expect(table.map((row) => `${row['NAME']} ${row['STATUS']} ${row['VERSION']}`)).to.deep.equal([
      'node-1 Ready v1.36.3',
      'node-2 Ready v1.36.3',
      'node-3 Ready v1.36.3',
    ]);
    const node = await kubectl.json<Node>('get node node-1');
    expect(node.status?.capacity).to.include({ cpu: '4', memory: '8Gi', pods: '20' });
  });

  it('spreads pods over the nodes', async () => {
    await kubectl.ok('create deployment spread --image=x --replicas=6');
    await kubectl.ok('rollout status deployment/spread --timeout=20s');
    expect(await nodesOf('app=spread')).to.deep.equal(['node-1', 'node-1', 'node-2', 'node-2', 'node-3', 'node-3']);
  });

  it('puts nothing on a cordoned node, and drains it', async () => {
    expect(await kubectl.ok('cordon node-2')).to.equal('node/node-2 cordoned\n');
    expect(rows(await kubectl.ok('get node node-2'))[0]).to.include({ STATUS: 'Ready,SchedulingDisabled' });
    await kubectl.ok('scale deployment/spread --replicas=8');
    await kubectl.ok('rollout status deployment/spread --timeout=20s');
    expect((await nodesOf('app=spread')).filter((name) => name === 'node-2')).to.have.length(2);
    await kubectl.ok('run alone --image=x', ['--overrides={"spec":{"nodeName":"node-2"}}']);
    expect(await kubectl.fails('drain node-2'))
      .to.contain('cannot delete')
      .and.contain('default/alone');
    const drained = await kubectl.ok('drain node-2 --force --timeout=30s');
    expect(drained.match(/^pod\/spread-\S+ evicted$/gm)).to.have.length(2);
    expect(drained).to.contain('node/node-2 drained\n');
    await kubectl.ok('rollout status deployment/spread --timeout=20s');
    expect(await nodesOf('app=spread'))
      .to.have.length(8)
      .and.not.include('node-2');
    expect(await kubectl.ok('uncordon node-2')).to.equal('node/node-2 uncordoned\n');
    await kubectl.ok('delete deployment spread');
  });

  it('waits in a drain for a budget that would be broken', async () => {
    await kubectl.ok('create deployment guarded --image=x --replicas=1');
    await kubectl.ok('rollout status deployment/guarded --timeout=20s');
    await kubectl.ok('create poddisruptionbudget guarded --selector=app=guarded --min-available=1');
    await eventually('the budget knows its pod', async () => /^guarded +1 +N\/A +0 /m.test(await kubectl.ok('get pdb guarded')));
    const [node] = await nodesOf('app=guarded');
    const drain = await kubectl.run(`drain ${node} --force --timeout=2s`);
    expect(drain.code).to.equal(1);
    expect(drain.stderr).to.contain("Cannot evict pod as it would violate the pod's disruption budget");
    await kubectl.ok('delete pdb guarded');
    await kubectl.ok(`drain ${node} --force --timeout=20s`);
    await kubectl.ok(`uncordon ${node}`);
    await kubectl.ok('delete deployment guarded');
  });

  it('keeps pods off a tainted node and moves those that do not tolerate it', async () => {
    expect(await kubectl.ok('taint node node-1 node-3 dedicated=gpu:NoSchedule')).to.equal('node/node-1 tainted\nnode/node-3 tainted\n');
    await kubectl.ok('create deployment plain --image=x --replicas=3');
    await kubectl.ok('rollout status deployment/plain --timeout=20s');
    expect(await nodesOf('app=plain')).to.deep.equal(['node-2', 'node-2', 'node-2']);
    await kubectl.ok('taint node node-1 node-3 dedicated-');
    await kubectl.ok('taint node node-2 broken=yes:NoExecute');
    await eventually('the pods are on the other nodes', async () => {
      const names = await nodesOf('app=plain');
      return names.length === 3 && !names.includes('node-2') && !names.includes('');
    });
    await kubectl.ok('taint node node-2 broken:NoExecute-');
    await kubectl.ok('delete deployment plain');
  });

  it('says why a pod fits nowhere', async () => {
    await kubectl.ok('run big --image=x', [
      '--overrides={"spec":{"containers":[{"name":"big","image":"x","resources":{"requests":{"cpu":"5"}}}]}}',
    ]);
    const message = '0/3 nodes are available: 3 Insufficient cpu.';
    await eventually('the event', async () => (await kubectl.ok('events --for pod/big')).includes(message));
    expect(await kubectl.ok('get pod big --no-headers')).to.match(/^big +0\/1 +Pending /);
    await kubectl.ok('delete pod big --now');
  });

  // a failed node is noticed after 40 s, whatever the kubectl
  if (!newest) return;
  it('moves the pods of a failed node when their tolerations run out', async function () {
    this.timeout(120_000);
    await kubectl.ok('apply -f -', [], { input: JSON.stringify(tolerating('hasty', 1)) });
    await kubectl.ok('apply -f -', [], { input: JSON.stringify(tolerating('patient', 600)) });
    await kubectl.ok('rollout status deployment/hasty --timeout=20s');
    await kubectl.ok('rollout status deployment/patient --timeout=20s');
    expect(await nodesOf('app=hasty')).to.deep.equal(['node-1', 'node-2', 'node-3']);

    expect(await kubemu('node', 'stop', 'node-3', '--data-dir', dirname(cluster.kubeconfig))).to.equal('node/node-3 stopped\n');
    await eventually('NotReady', async () => rows(await kubectl.ok('get node node-3'))[0]?.['STATUS'] === 'NotReady', 70_000);
    const taints = (await kubectl.json<Node>('get node node-3')).spec?.taints?.map((t) => `${t.key}:${t.effect}`).sort();
    expect(taints).to.deep.equal(['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']);
    await eventually('three replicas are ready on the nodes that are left', async () => {
      const { status } = await cluster.client.get(deployments, { namespace: 'default', name: 'hasty' });
      return status?.readyReplicas === 3;
    });
    expect((await nodesOf('app=hasty')).filter((name) => name === 'node-3')).to.deep.equal([]);
    expect(await nodesOf('app=patient'), 'nothing moves before its time').to.include('node-3');
    const lost = (await kubectl.json<{ items: Pod[] }>('get pods -l app=patient')).items.find((pod) => pod.spec?.nodeName === 'node-3');
    expect(lost?.status?.conditions?.find((c) => c.type === 'Ready')?.status, 'not ready, though still there').to.equal('False');

    expect(await kubemu('node', 'start', 'node-3', '--data-dir', dirname(cluster.kubeconfig))).to.equal('node/node-3 started\n');
    await kubectl.ok('wait node/node-3 --for=condition=Ready --timeout=20s');
    await eventually('the node has no taints', async () => (await kubectl.ok('get node node-3 -o jsonpath={.spec.taints}')) === '');
    await eventually('the pod that stayed is ready again', async () => {
      const pod = await kubectl.json<Pod>(`get pod ${lost?.metadata.name}`);
      return pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
    });
  });
}

/** A deployment of three pods, one on each node, that leave a failed node after `seconds`. */
function tolerating(name: string, seconds: number): object {
  const tolerations = ['unreachable', 'not-ready'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: seconds,
  }));
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { tolerations, containers: [{ name: 'main', image: 'x' }] } },
    },
  };
}
