// client-go, the library of operators and of Kubernetes itself: the program in go/ is built and its conversations are had.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const SOURCE = fileURLToPath(new URL('go', import.meta.url));
/** What the toolchain says when modules can neither be found nor fetched. */
const NO_MODULES = /module lookup disabled|dial tcp|no such host|i\/o timeout|connection refused|proxyconnect|requires go >= /;
const BUILD_MS = 600_000;

interface Ended {
  readonly failed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { env: { ...process.env, ...env }, cwd, maxBuffer: 16 << 20, timeout: BUILD_MS }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, stdout, stderr: error && stderr === '' ? error.message : stderr }),
    );
  });
}

describe('client-go', function () {
  this.timeout(60_000);
  let directory: string;
  let program: string;
  let cluster: TestCluster;

  before(async function () {
    this.timeout(BUILD_MS);
    directory = await mkdtemp(join(tmpdir(), 'kubemu-go-'));
    program = join(directory, 'clients');
    const built = await run('go', ['build', '-o', program, '.'], { CGO_ENABLED: '0' }, SOURCE);
    if (built.failed) {
      const absent = built.stderr.includes('ENOENT')
        ? 'no go on the PATH'
        : NO_MODULES.test(built.stderr)
          ? 'its modules cannot be had'
          : undefined;
      if (absent === undefined) throw new Error(built.stderr);
      // the name of a skipped test is all that is seen of it
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (${absent})`;
      this.skip();
    }
    cluster = await startTestCluster({ components: API_ONLY, authorizationMode: ['RBAC'] });
  });
  after(async () => {
    await cluster?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Has the conversations of a group. @returns the names of those that went well */
  async function converse(group: string): Promise<string[]> {
    const { failed, stdout, stderr } = await run(program, [group], { KUBECONFIG: cluster.kubeconfig });
    expect(failed, stderr).to.equal(false);
    return stdout.trimEnd().split('\n');
  }

  it('typed clients: all verbs, patches and refusals, in protobuf and in JSON', async () => {
    expect(await converse('typed')).to.have.length(9);
  });

  it('dynamic and metadata clients, and tables', async () => {
    expect(await converse('untyped')).to.have.length(3);
  });

  it('watches, watch lists, informers of every form and leader election', async () => {
    expect(await converse('watch')).to.have.length(5);
  });

  it('apply configurations and what is extracted from managed fields', async () => {
    expect(await converse('apply')).to.have.length(2);
  });

  it('subresources, tokens, impersonation and the scale client', async () => {
    expect(await converse('subresources')).to.have.length(7);
  });

  it('discovery, resource mapping, OpenAPI and health', async () => {
    expect(await converse('discovery')).to.have.length(4);
  });
});
