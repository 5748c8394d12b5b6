// client-go, the library of operators and of Kubernetes itself: the program in go/ is built and its conversations are had.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { absence, runProgram, skipAll } from './programs.js';

const SOURCE = fileURLToPath(new URL('go', import.meta.url));
const BUILD_MS = 600_000;

describe('client-go', function () {
  this.timeout(60_000);
  let directory: string;
  let program: string;
  let cluster: TestCluster;

  before(async function () {
    this.timeout(BUILD_MS);
    directory = await mkdtemp(join(tmpdir(), 'kubemu-go-'));
    program = join(directory, 'clients');
    const built = await runProgram('go', ['build', '-o', program, '.'], { CGO_ENABLED: '0' }, SOURCE);
    if (built.failed) skipAll(this, absence('go', built));
    cluster = await startTestCluster({ components: API_ONLY, authorizationMode: ['RBAC'] });
  });
  after(async () => {
    await cluster?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Has the conversations of a group. @returns how many went well */
  async function converse(group: string): Promise<number> {
    const { failed, stdout, stderr } = await runProgram(program, [group], { KUBECONFIG: cluster.kubeconfig });
    expect(failed, stderr).to.equal(false);
    return stdout.trimEnd().split('\n').length;
  }

  it('typed clients: all verbs, patches and refusals, in protobuf and in JSON', async () => {
    expect(await converse('typed')).to.equal(9);
  });

  it('dynamic and metadata clients, and tables', async () => {
    expect(await converse('untyped')).to.equal(3);
  });

  it('watches, watch lists, informers of every form and leader election', async () => {
    expect(await converse('watch')).to.equal(5);
  });

  it('apply configurations and what is extracted from managed fields', async () => {
    expect(await converse('apply')).to.equal(2);
  });

  it('subresources, tokens, impersonation and the scale client', async () => {
    expect(await converse('subresources')).to.equal(7);
  });

  it('discovery, resource mapping, OpenAPI and health', async () => {
    expect(await converse('discovery')).to.equal(4);
  });
});
