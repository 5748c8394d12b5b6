// The command line with a stand-in for the cluster: a listener whose API knows nodes and nothing else.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { alreadyExists, notFound } from '../../src/api/meta/errors.js';
import { nodes } from '../../src/api/meta/resources.gen.js';
import type { Node } from '../../src/api/types/core-v1.gen.js';
import { run } from '../../src/commands/index.js';
import type { StartCluster } from '../../src/commands/run.js';
import { claimDataDirectory } from '../../src/data-directory.js';
import type { Handler } from '../../src/handlers/request.js';
import { resolveOptions, serviceAddresses } from '../../src/options.js';
import { alwaysAllow } from '../../src/server/authorization/always.js';
import { serverUrl } from '../../src/server/kubeconfig.js';
import { listen } from '../../src/server/listener.js';
import { openPki } from '../../src/server/pki.js';
import { newMetrics } from './listening.js';

/** GET, POST and PATCH of nodes, as far as the command line uses them. */
function nodeApi(): Handler {
  const known = new Map<string, Node>();
  return async (request) => {
    const { verb, name } = request.info;
    const body = () => request.body().then((b) => JSON.parse(b.toString()) as Node);
    let answer: object = { kind: 'NodeList', items: [...known.values()] };
    if (verb === 'create') {
      const node = await body();
      if (known.has(node.metadata.name ?? '')) throw alreadyExists(nodes, node.metadata.name ?? '');
      known.set(node.metadata.name ?? '', node);
      answer = node;
    } else if (verb === 'patch') {
      const node = known.get(name);
      if (!node) throw notFound(nodes, name);
      for (const [key, value] of Object.entries((await body()).metadata.annotations ?? {})) {
        if (value === null) delete node.metadata.annotations?.[key];
        else node.metadata.annotations = { ...node.metadata.annotations, [key]: value };
      }
      answer = node;
    }
    request.response.setHeader('content-type', 'application/json');
    request.response.end(JSON.stringify(answer));
  };
}

const start: StartCluster = async (options) => {
  const settings = resolveOptions(options);
  await claimDataDirectory(settings.dataDir);
  const pki = await openPki({ ...settings, serviceAddresses: serviceAddresses(settings) });
  const listener = await listen({
    bindAddress: settings.bindAddress,
    port: settings.securePort,
    ...pki.serving,
    clientCAs: pki.clientCAs,
    tokens: pki.tokens,
    anonymousAuth: settings.anonymousAuth,
    authorizer: alwaysAllow,
    metrics: newMetrics(),
    handler: nodeApi(),
    logger: settings.logger,
    newId: randomUUID,
    requestTimeoutMs: 1000,
  });
  const { logger: _, clock: __, random: ___, ...plain } = settings;
  await writeFile(join(settings.dataDir, 'settings.json'), JSON.stringify(plain));
  return {
    kubeconfig: await pki.writeKubeconfig(listener.port),
    url: serverUrl(settings.bindAddress, listener.port),
    nodes: settings.components.nodes ? { nodes: () => Array(settings.nodes).fill({ runtime: 'simulated' }) } : undefined,
    settings,
    // a test that asks for two nodes wants to see a cluster that does not stop by itself
    stop: () => (settings.nodes === 2 ? new Promise(() => {}) : listener.close(1000)),
  };
};

process.exitCode = await run(process.argv.slice(2), { start, removeLeftovers: async () => ['2 containers'] });
