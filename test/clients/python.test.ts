// The public Python client: python/clients.py runs in an environment of its own, made with what pip can install.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { absence, runProgram, skipAll } from './programs.js';

const SOURCE = fileURLToPath(new URL('python', import.meta.url));
const INSTALL_MS = 300_000;

describe('the Python client', function () {
  this.timeout(60_000);
  let directory: string;
  let python: string;
  let cluster: TestCluster;

  before(async function () {
    this.timeout(INSTALL_MS);
    directory = await mkdtemp(join(tmpdir(), 'kubemu-python-'));
    python = join(directory, 'bin', 'python');
    const made = await runProgram('python3', ['-m', 'venv', directory]);
    if (made.failed) skipAll(this, absence('python3', made));
    const quick = ['--disable-pip-version-check', '--retries=1', '--timeout=10'];
    const installed = await runProgram(python, ['-m', 'pip', 'install', ...quick, '-r', join(SOURCE, 'requirements.txt')]);
    if (installed.failed) skipAll(this, absence('pip', installed));
    cluster = await startTestCluster({ components: API_ONLY, authorizationMode: ['RBAC'] });
  });
  after(async () => {
    await cluster?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Has the conversations of a group. @returns the names of those that went well */
  async function converse(group: string): Promise<string[]> {
    const env = { KUBECONFIG: cluster.kubeconfig, PYTHONDONTWRITEBYTECODE: '1' };
    const { failed, stdout, stderr } = await runProgram(python, [join(SOURCE, 'clients.py'), group], env);
    expect(failed, stderr).to.equal(false);
    return stdout.trimEnd().split('\n');
  }

  it('typed classes: verbs, pages, patches, subresources, tokens and refusals', async () => {
    expect(await converse('typed')).to.deep.equal(['verbs', 'pages', 'patches', 'subresources', 'tokens', 'refusals']);
  });

  it('watches and elects a leader', async () => {
    expect(await converse('watch')).to.deep.equal(['watches', 'leader']);
  });

  it('objects without classes: the dynamic client and custom objects', async () => {
    expect(await converse('dynamic')).to.deep.equal(['untyped', 'custom_objects']);
  });

  it('creates and applies what is in files, and reads what the server offers', async () => {
    expect(await converse('files')).to.deep.equal(['create_from_yaml', 'discovery']);
  });
});
