import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { resources, startCluster } from '../src/index.js';

const inMemory = () =>
  startCluster({ memory: true, securePort: 0, runtime: 'simulated', components: { controllers: false, scheduler: false, nodes: false } });

describe('clusters in memory', () => {
  it('have directories of their own, which go when they stop', async () => {
    const [first, second] = await Promise.all([inMemory(), inMemory()]);
    try {
      expect(first.kubeconfig).not.to.equal(second.kubeconfig);
      await second.stop();
      expect([existsSync(first.kubeconfig), existsSync(second.kubeconfig)]).to.deep.equal([true, false]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
    expect(existsSync(first.kubeconfig)).to.equal(false);
  });

  it('find objects without a namespace for clients that name none', async () => {
    const cluster = await inMemory();
    try {
      const key = { name: 'default' } as { namespace: string; name: string };
      expect((await cluster.client.get(resources.namespaces, key)).metadata.name).to.equal('default');
    } finally {
      await cluster.stop();
    }
  });
});
