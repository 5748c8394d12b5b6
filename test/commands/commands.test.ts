import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { claimDataDirectory } from '../../src/data-directory.js';

const PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** The same with a stand-in for the cluster. */
const FAKE = fileURLToPath(new URL('../helpers/fake-main.ts', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the command line', function () {
  // every command is a process of its own
  this.timeout(30_000);
  let dataDir: string;
  const running = new Set<ChildProcess>();

  beforeEach(async () => void (dataDir = await mkdtemp(join(tmpdir(), 'kubemu-cli-'))));
  afterEach(async () => {
    for (const child of running) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    await rm(dataDir, { recursive: true, force: true });
  });

  function begin(
    program: string,
    args: readonly string[],
  ): { child: ChildProcess; ended: Promise<Outcome>; printed: (text: string) => Promise<string> } {
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], { env: { ...process.env, KUBEMU_DATA_DIR: dataDir } });
    running.add(child);
    const seen = { out: '', err: '' };
    const waiting = new Set<() => void>();
    for (const [name, stream] of [
      ['out', child.stdout],
      ['err', child.stderr],
    ] as const)
      stream?.on('data', (chunk: Buffer) => {
        seen[name] += String(chunk);
        for (const check of waiting) check();
      });
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return { code: code as number | null, ...seen };
    });
    const printed = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const check = () => (seen.out.includes(text) || seen.err.includes(text)) && resolve(seen.out);
        waiting.add(check);
        check();
        void ended.then((outcome) => reject(new Error(`ended without saying ${JSON.stringify(text)}: ${JSON.stringify(outcome)}`)));
      });
    return { child, ended, printed };
  }
  const kubemu = (...args: string[]) => begin(PROGRAM, args).ended;
  const fake = (...args: string[]) => begin(FAKE, args).ended;

  it('has help with examples for every command', async () => {
    const commands = [[], ['up'], ['apiserver'], ['node'], ['kubeconfig'], ['reset']];
    for (const { code, out } of await Promise.all(commands.map((c) => kubemu(...c, '--help')))) {
      expect(code).to.equal(0);
      expect(out).to.match(/Usage: kubemu .*\nExamples:\n {2}\S/s);
    }
  });

  it('prints its version', async () => {
    const [line, json] = await Promise.all([kubemu('version'), kubemu('version', '-o', 'json')]);
    expect(line.out).to.match(/^kubemu v\d+\.\d+\.\d+ \(Kubernetes v1\.36\.3\)\n$/);
    expect(JSON.parse(json.out)).to.have.nested.property('kubernetes.minor', '36');
  });

  const wrong: [args: string[], code: number, message: string][] = [
    [['upp'], 2, "error: unknown command 'upp'\n(Did you mean up?)\n"],
    [['up', '--fsnc'], 2, "error: unknown option '--fsnc'\n(Did you mean --fsync?)\n"],
    [['up', '--secure-port', 'x'], 2, "error: option '--secure-port <port>' argument 'x' is invalid. It must be a whole number.\n"],
    [['up', '--secure-port=70000'], 2, 'error: --secure-port=70000: must be a number from 0 to 65535\n'],
    [['up', '--memory=perhaps'], 2, "error: option '--memory [bool]' argument 'perhaps' is invalid. It must be true or false.\n"],
    [['apiserver', '--nodes=1'], 2, "error: unknown option '--nodes=1'\n"],
    [['node', 'add'], 2, "error: missing required argument 'names'\n"],
    [
      ['up', '--token-auth-file=/nowhere'],
      1,
      "error: --token-auth-file=/nowhere: cannot be read: ENOENT: no such file or directory, open '/nowhere'\n",
    ],
    [
      ['up', '--data-dir=/dev/null/x'],
      1,
      "error: --data-dir=/dev/null/x: cannot be used: ENOTDIR: not a directory, scandir '/dev/null/x'\n",
    ],
    [['reset', '--data-dir=/dev/null'], 1, "error: --data-dir=/dev/null: cannot be read: ENOTDIR: not a directory, scandir '/dev/null'\n"],
  ];
  for (const [args, code, message] of wrong)
    it(`${args.join(' ')} ends with ${code} and one clear line`, async () => {
      expect(await fake(...args)).to.deep.equal({ code, out: '', err: message });
    });

  it('says when there is no cluster', async () => {
    const [list, kubeconfig] = await Promise.all([kubemu('node', 'list'), kubemu('kubeconfig')]);
    const message = `error: no cluster found: ${join(dataDir, 'kubeconfig')} cannot be read (start one with "kubemu up", or say where it is with --data-dir)\n`;
    expect([list, kubeconfig]).to.deep.equal(Array(2).fill({ code: 1, out: '', err: message }));
  });

  it('starts a cluster, says how to reach it, and stops it with a signal', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const up = begin(FAKE, ['up', '--secure-port=0', '--nodes=3']);
      const out = await up.printed('Ctrl-C');
      expect(out).to.match(/^kubemu v\S+ \(Kubernetes v1\.36\.3\) is ready after \d+\.\d s\n {2}server {6}https:\/\/127\.0\.0\.1:\d+\n/);
      expect(out)
        .to.contain(`export KUBECONFIG=${join(dataDir, 'kubeconfig')}\n`)
        .and.to.contain('3 (simulated)');
      up.child.kill(signal);
      expect((await up.ended).code).to.equal(0);
    }
  });

  it('stops at once at the second signal', async () => {
    const up = begin(FAKE, ['up', '--secure-port=0', '--nodes=2']);
    await up.printed('Ctrl-C');
    up.child.kill('SIGINT');
    await up.printed('Stopping');
    up.child.kill('SIGINT');
    expect((await up.ended).code).to.equal(130);
  });

  it('counts the nodes of earlier starts', async () => {
    for (const nodes of [3, 1]) {
      const up = begin(PROGRAM, ['up', '--secure-port=0', '--runtime=simulated', `--nodes=${nodes}`]);
      expect(await up.printed('Ctrl-C')).to.contain('  nodes       3 (simulated)\n');
      up.child.kill();
      await up.ended;
    }
  });

  it('stops in order though nobody reads its output any more', async () => {
    const up = begin(PROGRAM, ['up', '--secure-port=0', '--runtime=simulated', '--v=2']);
    await up.printed('Ctrl-C');
    up.child.stdout?.destroy();
    up.child.stderr?.destroy();
    up.child.kill('SIGTERM');
    expect((await up.ended).code).to.equal(0);
  });

  it('hands the flags on', async () => {
    const flags =
      '--bind-address=127.0.0.1 --secure-port=0 --memory --fsync=false --nodes=5 --runtime=simulated --node-cpu=4 --v=1 --controllers=*,-deployment ' +
      '--authorization-mode=AlwaysDeny --anonymous-auth=false --enable-bootstrap-token-auth --service-cluster-ip-range=10.1.0.0/16 --service-node-port-range=31000+10 ' +
      '--event-ttl=1h30m --enable-admission-plugins=A,B --disable-admission-plugins=C --admission-control-config-file=conf.yaml --default-not-ready-toleration-seconds=60 --default-unreachable-toleration-seconds=-1 --allow-privileged=false';
    const up = begin(FAKE, ['up', ...flags.split(' ')]);
    await up.printed('Ctrl-C');
    expect(JSON.parse(await readFile(join(dataDir, 'settings.json'), 'utf8'))).to.deep.equal({
      bindAddress: '127.0.0.1',
      securePort: 0,
      dataDir,
      memory: true,
      fsync: false,
      nodes: 5,
      runtime: 'simulated',
      nodeCapacity: { cpu: '4', memory: '32Gi', pods: '110' },
      controllers: ['*', '-deployment'],
      authorizationMode: ['AlwaysDeny'],
      anonymousAuth: false,
      enableBootstrapTokenAuth: true,
      serviceClusterIPRanges: ['10.1.0.0/16'],
      serviceNodePortRange: [31000, 31010],
      eventTTL: 5_400_000,
      enableAdmissionPlugins: ['A', 'B'],
      disableAdmissionPlugins: ['C'],
      admissionControlConfigFile: 'conf.yaml',
      notReadyTolerationSeconds: 60,
      unreachableTolerationSeconds: -1,
      allowPrivileged: false,
      components: { controllers: true, scheduler: true, nodes: true },
      verbosity: 1,
    });
  });

  it('apiserver starts nothing beside the API server', async () => {
    const up = begin(FAKE, ['apiserver', '--secure-port=0']);
    await up.printed('kubeconfig');
    const { components } = JSON.parse(await readFile(join(dataDir, 'settings.json'), 'utf8')) as { components: object };
    expect(components).to.deep.equal({ controllers: false, scheduler: false, nodes: false });
  });

  it('adds, stops, starts and lists nodes of the running cluster, and prints its kubeconfig', async () => {
    await begin(FAKE, ['up', '--secure-port=0']).printed('Ctrl-C');
    expect(await kubemu('node', 'add', 'a', 'b', '--cpu=64')).to.deep.equal({ code: 0, out: 'node/a added\nnode/b added\n', err: '' });
    expect(await kubemu('node', 'add', 'a')).to.deep.equal({ code: 1, out: '', err: 'error: nodes "a" already exists\n' });
    expect(await kubemu('node', 'stop', 'b')).to.deep.equal({ code: 0, out: 'node/b stopped\n', err: '' });
    const list = await kubemu('node', 'list');
    expect(list.out.split('\n').map((line) => line.split(/ +/).slice(0, 5))).to.deep.equal([
      ['NAME', 'STATUS', 'AGENT', 'RUNTIME', 'CPU'],
      ['a', 'NotReady', 'running', '64'],
      ['b', 'NotReady', 'stopped', '64'],
      [''],
    ]);
    expect((await kubemu('node', 'start', 'b')).out).to.equal('node/b started\n');
    expect((await kubemu('node', 'list')).out).to.not.contain('stopped');
    expect((await kubemu('node', 'stop', 'c')).err).to.equal('error: nodes "c" not found\n');
    const file = join(dataDir, 'kubeconfig');
    expect((await kubemu('kubeconfig', '--path')).out).to.equal(`${file}\n`);
    expect((await kubemu('kubeconfig')).out).to.equal(await readFile(file, 'utf8'));
    expect((await fake('reset')).err).to.match(/^error: the cluster of \S+ is running at https:\/\/127\.0\.0\.1:\d+: stop it first\n$/);
  });

  it('neither begins a cluster in a directory of someone else nor resets it', async () => {
    for (const name of ['store', 'pods', 'pki']) await mkdir(join(dataDir, name));
    await writeFile(join(dataDir, 'pki', 'ca.crt'), '-----BEGIN CERTIFICATE-----');
    await writeFile(join(dataDir, 'pods', 'notes.txt'), 'mine');
    const before = await readdir(dataDir, { recursive: true });
    for (const command of ['up', 'apiserver']) {
      const { code, out, err } = await begin(PROGRAM, [command, '--secure-port=0']).ended;
      expect({ code, out }).to.deep.equal({ code: 1, out: '' });
      expect(err).to.equal(
        `error: --data-dir=${dataDir}: it holds other things and was not made by kubemu (pki, pods, store). It was left as it is; name an empty directory or one that does not exist.\n`,
      );
    }
    const { code, err } = await begin(PROGRAM, ['reset']).ended;
    expect({ code, err }).to.deep.equal({ code: 1, err: `error: ${dataDir} is not a data directory of kubemu: nothing was removed\n` });
    expect(await readdir(dataDir, { recursive: true })).to.deep.equal(before);
  });

  it('does not reset a store of someone else in a directory of its own', async () => {
    await claimDataDirectory(dataDir);
    await mkdir(join(dataDir, 'store'));
    await writeFile(join(dataDir, 'store', 'notes.txt'), 'mine');
    const { code, err } = await begin(PROGRAM, ['reset']).ended;
    expect(code).to.equal(1);
    expect(err).to.match(/it holds other things: notes\.txt\. It was left as it is\. Nothing was removed\.\n$/);
    expect(await readFile(join(dataDir, 'store', 'notes.txt'), 'utf8')).to.equal('mine');
  });

  it('does not reset a running cluster whose kubeconfig is lost', async () => {
    await begin(PROGRAM, ['apiserver', '--secure-port=0']).printed('kubeconfig');
    await rm(join(dataDir, 'kubeconfig'));
    const { code, err } = await begin(PROGRAM, ['reset']).ended;
    expect({ code, err }).to.deep.equal({
      code: 1,
      err: `error: the store in ${join(dataDir, 'store')} is in use by another process: stop it first\n`,
    });
  });

  it('has nothing to reset where there is no cluster, and that is no failure', async () => {
    const nowhere = join(dataDir, 'nowhere');
    for (const directory of [nowhere, dataDir])
      expect(await fake('reset', `--data-dir=${directory}`)).to.deep.equal({
        code: 0,
        out: `nothing to reset: there is no cluster in ${directory}\n`,
        err: '',
      });
  });

  it('leaves the kubeconfig of a running cluster alone when another one is asked for in its directory', async () => {
    for (const [memory, others] of [
      ['--memory=false', ['--memory']],
      ['--memory', ['--memory', '--memory=false']],
    ] as const) {
      const first = begin(PROGRAM, ['apiserver', '--secure-port=0', memory]);
      await first.printed('kubeconfig');
      const file = join(dataDir, 'kubeconfig');
      const before = await readFile(file, 'utf8');
      for (const other of others) {
        const { code, err } = await begin(PROGRAM, ['apiserver', '--secure-port=0', other]).ended;
        expect(code).to.equal(1);
        expect(err).to.match(/ (is running at \S+|is in use by another process): stop it first\n$/);
      }
      expect(await readFile(file, 'utf8')).to.equal(before);
      first.child.kill();
      await first.ended;
    }
  });

  it('resets what is its own and leaves the rest', async () => {
    const up = begin(FAKE, ['up', '--secure-port=0']);
    await up.printed('Ctrl-C');
    up.child.kill();
    await up.ended;
    const { code, out } = await fake('reset');
    expect(code).to.equal(0);
    expect(out).to.contain('removed 2 containers\n').and.to.contain(`kept ${dataDir}: it holds files of others (settings.json)\n`);
    expect(await readdir(dataDir)).to.deep.equal(['settings.json']);
    await rm(join(dataDir, 'settings.json'));
    await claimDataDirectory(dataDir);
    expect((await fake('reset')).code).to.equal(0);
    expect(await stat(dataDir).catch((e: NodeJS.ErrnoException) => e.code)).to.equal('ENOENT');
  });
});
