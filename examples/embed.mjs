// A cluster inside a program: nothing to install, nothing left behind. `cluster.client` needs no HTTP; `cluster.kubeconfig` is for
// everybody else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resources, startCluster } from 'kubemu';

const dataDir = await mkdtemp(join(tmpdir(), 'kubemu-example-'));
const cluster = await startCluster({ dataDir, memory: true, securePort: 0, runtime: 'simulated', nodes: 2 });
console.log(`a cluster at ${cluster.url}`);

const labels = { app: 'embedded' };
await cluster.client.create(resources.deployments, {
  metadata: { name: 'embedded', namespace: 'default' },
  spec: {
    replicas: 4,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] } },
  },
});

// a watch from the version of a list misses nothing
const list = await cluster.client.list(resources.pods, { namespace: 'default', labelSelector: 'app=embedded' });
const nodes = new Map();
const end = new AbortController();
for await (const { type, object } of cluster.client.watch(resources.pods, {
  namespace: 'default',
  labelSelector: 'app=embedded',
  resourceVersion: list.metadata.resourceVersion,
  signal: end.signal,
})) {
  if (type !== 'MODIFIED' || object.status?.phase !== 'Running') continue;
  nodes.set(object.metadata.name, object.spec.nodeName);
  if (nodes.size === 4) break;
}
end.abort();
for (const node of ['node-1', 'node-2']) console.log(`${node}: ${[...nodes.values()].filter((name) => name === node).length} pods`);

await cluster.stop();
await rm(dataDir, { recursive: true });
