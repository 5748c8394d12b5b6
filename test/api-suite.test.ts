// The API suite, against a server of our own, or against the one of KUBEMU_TEST_SERVER: the path of a kubeconfig with a client
// certificate. What passes there and not here is a bug here.
import { readFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { API_ONLY, startTestCluster } from './helpers/cluster.js';
import { type ApiServer, apiSuite } from './suites/api.js';

const kubeconfig = process.env['KUBEMU_TEST_SERVER'];

describe(`the API, as ${kubeconfig ? 'the server of KUBEMU_TEST_SERVER' : 'kubemu'} serves it`, function () {
  this.timeout(20_000);
  apiSuite(kubeconfig ? () => serverOf(kubeconfig) : ownServer);
});

async function ownServer(): Promise<ApiServer> {
  const cluster = await startTestCluster({ components: API_ONLY, authorizationMode: ['Node', 'RBAC'] });
  return { url: cluster.url, ...cluster.admin, close: () => cluster.close() };
}

async function serverOf(path: string): Promise<ApiServer> {
  const config = new KubeConfig();
  config.loadFromString(await readFile(path, 'utf8'));
  const user = config.getCurrentUser();
  const url = config.getCurrentCluster()?.server;
  const cert = user?.certData && Buffer.from(user.certData, 'base64');
  const key = user?.keyData && Buffer.from(user.keyData, 'base64');
  if (!url || !cert || !key) throw new Error(`${path} must name a server and hold a client certificate with its key`);
  return { url, cert, key, close: async () => {} };
}
