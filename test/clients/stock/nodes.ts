import { expect } from 'chai';
import { events, leases, nodes, pods, priorityclasses } from '../../../src/api/meta/resources.gen.js';
import type { StockCluster } from './cluster.js';

/** Where pods go, and what becomes of them when their node is lost. */
export function nodeConversations(use: () => StockCluster): void {
  let namespace: string;
  before(async () => {
    namespace = await use().namespace('nodes');
  });

  const container = (cpu: string) => [{ name: 'main', image: 'main:1', resources: { requests: { cpu } } }];
  const nodeOf = async (name: string) => (await use().objects.get(pods, { namespace, name })).spec?.nodeName;

  it('makes room for a pod that is more important', async () => {
    const { objects, kubelets, until } = use();
    await kubelets.join('crowded', { crowded: 'yes' });
    const nodeSelector = { crowded: 'yes' };
    await objects.create(priorityclasses, { metadata: { name: 'important' }, value: 1000 });
    await objects.create(pods, { metadata: { namespace, name: 'first' }, spec: { containers: container('3'), nodeSelector } });
    await until('the first is placed', () => nodeOf('first'));
    const important = { containers: container('2'), nodeSelector, priorityClassName: 'important' };
    await objects.create(pods, { metadata: { namespace, name: 'important' }, spec: important });
    await until('the second takes its place', () => nodeOf('important'));
    expect(await objects.find(pods, { namespace, name: 'first' })).to.equal(undefined);
    await until('an event of each', async () => {
      const reasons = (await objects.list(events, { namespace })).map((e) => `${e.involvedObject.name} ${e.reason}`);
      return ['first Scheduled', 'first Preempted', 'important Scheduled'].every((reason) => reasons.includes(reason));
    });
  });

  it('places a pod when its last gate is gone', async () => {
    const { objects, until } = use();
    const spec = { containers: container('1m'), schedulingGates: [{ name: 'example.com/wait' }] };
    await objects.create(pods, { metadata: { namespace, name: 'gated' }, spec });
    await until('it is held', async () => {
      const { status } = await objects.get(pods, { namespace, name: 'gated' });
      return status?.conditions?.some((c) => c.reason === 'SchedulingGated');
    });
    await objects.merge(pods, { namespace, name: 'gated' }, { spec: { schedulingGates: null } });
    await until('it is placed', () => nodeOf('gated'));
  });

  it('moves the pods of a node that is lost, and forgets a node that is deleted', async () => {
    const { objects, kubelets, until } = use();
    await kubelets.join('lost', { lost: 'yes' });
    const tolerations = [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: 1 },
    ];
    const spec = { containers: container('1m'), nodeSelector: { lost: 'yes' }, tolerations };
    await objects.create(pods, { metadata: { namespace, name: 'stranded' }, spec });
    await until('it is placed', () => nodeOf('stranded'));
    await until('it runs', async () => (await objects.get(pods, { namespace, name: 'stranded' })).status?.phase === 'Running');
    kubelets.lose('lost');
    const node = await until('the node is tainted', async () => {
      const found = await objects.get(nodes, { name: 'lost' });
      return found.spec?.taints?.some((t) => t.key === 'node.kubernetes.io/unreachable' && t.effect === 'NoExecute') && found;
    });
    expect(node.status?.conditions?.find((c) => c.type === 'Ready')?.status).to.equal('Unknown');
    await until('its pod is told to go', async () => {
      const pod = await objects.get(pods, { namespace, name: 'stranded' });
      return pod.metadata.deletionTimestamp !== undefined && pod.status?.conditions?.some((c) => c.reason === 'DeletionByTaintManager');
    });
    await objects.delete(nodes, { name: 'lost' });
    await until(
      'its lease is gone',
      async () => (await objects.find(leases, { namespace: 'kube-node-lease', name: 'lost' })) === undefined,
    );
  });
}
