// One script of all verbs, run with both major versions of @kubernetes/client-node.
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { runProgram } from './programs.js';

const SCRIPT = fileURLToPath(new URL('javascript/clients.mjs', import.meta.url));
const CONVERSATIONS = ['verbs', 'patches', 'subresources', 'tokens', 'watches', 'informer', 'untyped'];

/** The packages, and the Node that each needs. */
const VERSIONS = [
  { version: '1.4', library: '@kubernetes/client-node', node: 20 },
  { version: '2.x', library: 'client-node-2', node: 22 },
];

describe('a script with @kubernetes/client-node', function () {
  this.timeout(30_000);
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await startTestCluster({ components: API_ONLY, authorizationMode: ['RBAC'] });
  });
  afterEach(() => cluster?.close());

  for (const { version, library, node } of VERSIONS) {
    const here = Number(process.versions.node.split('.')[0]) >= node;
    (here ? it : it.skip)(`does all verbs with ${version}${here ? '' : ` (needs Node ${node})`}`, async () => {
      const { failed, stdout, stderr } = await runProgram(process.execPath, [SCRIPT, library], { KUBECONFIG: cluster.kubeconfig });
      expect(failed, stderr).to.equal(false);
      expect(stdout.trimEnd().split('\n')).to.deep.equal(CONVERSATIONS);
    });
  }
});
