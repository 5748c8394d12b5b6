// The controllers and the scheduler of Kubernetes itself, against `kubemu apiserver`: whatever they do with the real server they
// must be able to do here, without a complaint in their logs.
import { expect } from 'chai';
import { deployments, leases, nodes, pods } from '../../src/api/meta/resources.gen.js';
import { versionInfo } from '../../src/server/version.js';
import { StockCluster } from './stock/cluster.js';
import { governanceConversations } from './stock/governance.js';
import { nodeConversations } from './stock/nodes.js';
import { COMPONENTS, findComponents } from './stock/programs.js';
import { storageConversations } from './stock/storage.js';
import { deployment, workloadConversations } from './stock/workloads.js';

const found = findComponents(versionInfo().minor);

describe(`the stock kube-controller-manager and kube-scheduler${'missing' in found ? `: ${found.missing}` : ''}`, function () {
  this.timeout(90_000);
  let cluster: StockCluster;

  before(async function () {
    if ('missing' in found) this.skip();
    cluster = await StockCluster.start(found.paths);
    for (const name of ['node-a', 'node-b', 'node-c']) await cluster.kubelets.join(name);
  });
  after(() => cluster?.stop());

  describe('the start', () => {
    it('elects them', async () => {
      for (const name of COMPONENTS)
        await cluster.until(`a leader of ${name}`, async () => {
          const lease = await cluster.objects.find(leases, { namespace: 'kube-system', name });
          return lease?.spec?.holderIdentity;
        });
    });

    it('takes the nodes in', async () => {
      await cluster.until('no node is tainted', async () => (await cluster.objects.list(nodes)).every((node) => !node.spec?.taints));
      const ranges = (await cluster.objects.list(nodes)).map((node) => node.spec?.podCIDR);
      expect(new Set(ranges).size, ranges.join()).to.equal(3);
    });
  });

  describe('workloads', () => workloadConversations(() => cluster));
  describe('storage', () => storageConversations(() => cluster));
  describe('governance', () => governanceConversations(() => cluster));
  describe('nodes', () => nodeConversations(() => cluster));

  describe('logs', () =>
    it('hold nothing to complain about', () => {
      for (const component of cluster.components) expect(component.complaints(), component.name).to.deep.equal([]);
      expect(cluster.kubelets.failures).to.deep.equal([]);
      expect(cluster.server.errors).to.equal('');
    }));

  describe('a restart of the server', () =>
    it('is survived: leaders lead on, and what they watch goes on where it was', async () => {
      const before = cluster.components.map((component) => component.log.length);
      await cluster.restart();
      const namespace = await cluster.namespace('afterwards');
      await cluster.objects.create(deployments, deployment(namespace, 'web', 2));
      await cluster.until('two pods that run', async () => {
        const list = await cluster.objects.list(pods, { namespace });
        return list.length === 2 && list.every((pod) => pod.status?.phase === 'Running');
      });
      for (const [i, component] of cluster.components.entries())
        expect(component.log.slice(before[i]), component.name).not.to.match(/too old resource version|Expired|leaderelection lost/);
    }));
});
