// The programs under examples/, run as a user runs them: by node, against a cluster named by KUBECONFIG.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { configmaps, deployments, pods } from '../../src/api/meta/resources.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const root = new URL('../../', import.meta.url);

describe('the examples', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  const started: ChildProcess[] = [];

  before(async () => {
    cluster = await startTestCluster();
  });
  after(async () => {
    for (const child of started) child.kill('SIGKILL');
    await cluster?.close();
  });

  function start(name: string): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`examples/${name}`, root))], {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output, ended: once(child, 'close').then(() => child.exitCode) };
  }

  /** Runs an example to its end. @returns the lines it printed */
  async function run(name: string): Promise<string[]> {
    const { output, ended } = start(name);
    expect(await ended, output()).to.equal(0);
    return output().trimEnd().split('\n');
  }

  it('rollout: the update runs everywhere, and nothing is left', async () => {
    const lines = await run('rollout.mjs');
    const [created, updated, deleted] = ['created', 'updated', 'deleted'].map((word) => lines.indexOf(word));
    expect(created).to.equal(0);
    expect(lines[(updated ?? 0) - 1]).to.equal('  3 updated, 3 available of 3');
    expect(lines[(deleted ?? 0) - 1]).to.equal('  3 updated, 3 available of 3');
    await eventually('its pods are gone', async () => {
      const list = await cluster.client.list(pods, { namespace: 'default', labelSelector: 'app=example-rollout' });
      return list.items.length === 0;
    });
  });

  it('informer: sees a pod come, run and go', async () => {
    const lines = await run('informer.mjs');
    expect(lines[0]).to.equal('added example-informer');
    expect(lines).to.include('example-informer is Running, ready');
    expect(lines.at(-1)).to.equal('deleted example-informer; 0 left');
  });

  it('apply: shares an object between two managers', async () => {
    const lines = await run('apply.mjs');
    expect(lines.slice(0, -2)).to.deep.equal([
      "{ color: 'blue', size: 'large' }",
      "{ color: 'blue', shape: 'round', size: 'large' }",
      'Apply failed with 1 conflict: conflict with "team-a": .data.color',
      "{ color: 'red', shape: 'round', size: 'large' }",
      "{ color: 'red', shape: 'round' }",
    ]);
    // managers are in the order of the seconds in which they wrote last
    expect(lines.slice(-2)).to.have.members(['team-a owns nothing', 'team-b owns f:color and f:shape']);
  });

  it('operator: makes deployments of config maps, follows them, and lets them go', async () => {
    const { child, output, ended } = start('operator.mjs');
    await eventually('the operator watches', () => output().includes('watching'));
    const key = { namespace: 'default', name: 'wanted' };
    const available = (count: number) =>
      eventually(
        `${count} available replicas`,
        async () => (await cluster.client.get(deployments, key)).status?.availableReplicas === count,
      );
    await cluster.client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...key, labels: { 'example.com/app': 'yes' } },
      data: { replicas: '2', image: 'registry.example/app:1' },
    });
    await available(2);
    await cluster.client.patch(configmaps, key, { type: 'merge', body: { data: { replicas: '3' } } });
    await available(3);
    await cluster.client.delete(configmaps, key);
    await eventually('the deployment is gone', async () => {
      const list = await cluster.client.list(deployments, { namespace: 'default', fieldSelector: 'metadata.name=wanted' });
      return list.items.length === 0;
    });
    child.kill('SIGTERM');
    expect(await ended, output()).to.equal(0);
  });

  it('embed: a cluster of its own in the program', async function () {
    // it imports the package by its name, as it is published
    if (!existsSync(new URL('dist/index.js', root))) this.skip();
    const lines = await run('embed.mjs');
    expect(lines[0]).to.match(/^a cluster at https:\/\/127\.0\.0\.1:\d+$/);
    expect(lines.slice(1)).to.deep.equal(['node-1: 2 pods', 'node-2: 2 pods']);
  });
});
