// Finds stock kubectl programs and runs them against a cluster as a user would, each with a home directory of its own so that no
// discovery or OpenAPI cache of another cluster is seen.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** A kubectl on this machine. */
export interface KubectlProgram {
  readonly path: string;
  /** v1.33.1 */
  readonly version: string;
  /** 33 */
  readonly minor: number;
}

/**
 * The kubectl programs of this machine, oldest first, one of each minor version: those on the PATH, those that lie beside them as
 * kubectl.MAJOR.MINOR, and those that the variable KUBECTL_EXTRA lists (paths, separated as in PATH).
 */
export function findKubectls(env: NodeJS.ProcessEnv = process.env): KubectlProgram[] {
  const found = new Map<number, KubectlProgram>();
  for (const path of candidates(env)) {
    const version = versionOf(path);
    const minor = Number(/^v1\.(\d+)\./.exec(version ?? '')?.[1]);
    // a dispatcher only starts one of the programs beside it
    if (!version || !minor || (version.endsWith('-dispatcher') && found.size > 0)) continue;
    if (!found.has(minor)) found.set(minor, { path, version, minor });
  }
  return [...found.values()].sort((a, b) => a.minor - b.minor);
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const onPath = (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .filter((path) => existsSync(path))
    .map((path) => realpathSync(path));
  const beside = [...new Set(onPath.map(dirname))].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^kubectl[.-]?v?1\.\d+$/.test(name))
      .map((name) => join(folder, name)),
  );
  const extra = (env['KUBECTL_EXTRA'] ?? '').split(delimiter).filter((path) => path !== '');
  return [...new Set([...extra, ...beside, ...onPath])];
}

function versionOf(path: string): string | undefined {
  try {
    const out = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return (JSON.parse(out) as { clientVersion?: { gitVersion?: string } }).clientVersion?.gitVersion;
  } catch {
    return undefined;
  }
}

/** The newest and the oldest: what differs between versions shows there. */
export function ends<T>(list: readonly T[]): T[] {
  return list.filter((_, i) => i === 0 || i === list.length - 1);
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user at a terminal: one kubectl, one cluster, one namespace. */
export class Kubectl {
  readonly program: KubectlProgram;
  readonly #kubeconfig: string;
  readonly #namespace: string;
  readonly #home: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(program: KubectlProgram, kubeconfig: string, namespace: string, home: string) {
    this.program = program;
    this.#kubeconfig = kubeconfig;
    this.#namespace = namespace;
    this.#home = home;
  }

  static async open(program: KubectlProgram, kubeconfig: string, namespace = 'default'): Promise<Kubectl> {
    const home = await mkdtemp(join(tmpdir(), 'kubemu-kubectl-'));
    await mkdir(join(home, 'tmp'));
    return new Kubectl(program, kubeconfig, namespace, home);
  }

  /** A directory of its own for files. */
  get home(): string {
    return this.#home;
  }

  /** Runs `kubectl LINE` to its end, whatever its exit code. Words are separated by spaces; what holds spaces comes as `more`. */
  run(line: string, more: readonly string[] = [], options: RunOptions = {}): Promise<Output> {
    return new Promise((resolve) => {
      const child = execFile(
        this.program.path,
        [...this.#words(line), ...more],
        { env: { ...this.#env(), ...options.env }, maxBuffer: 64 << 20, timeout: 60_000 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 255) : 0, stdout, stderr }),
      );
      child.stdin?.end(options.input ?? '');
    });
  }

  /** @returns what the command prints. @throws Error with everything it printed when it fails */
  async ok(line: string, more: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, more, options);
    if (code !== 0) throw new Error(`kubectl ${line} ${more.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** @returns what the command prints to its error output. @throws Error when it does not fail */
  async fails(line: string, more: readonly string[] = [], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(line, more, options);
    if (code === 0) throw new Error(`kubectl ${line} ${more.join(' ')} must fail, but printed\n${stdout}${stderr}`);
    return stderr;
  }

  /** The object that `-o json` prints. */
  async json<T>(line: string): Promise<T> {
    return JSON.parse(await this.ok(`${line} -o json`)) as T;
  }

  /** Starts a command that goes on, such as `get -w`; it is ended by `stop` or `close`. */
  start(line: string): Running {
    const child = spawn(this.program.path, this.#words(line), { env: this.#env(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    return new Running(child);
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.#home, { recursive: true, force: true });
  }

  #words(line: string): string[] {
    return [`--namespace=${this.#namespace}`, ...line.split(' ').filter((word) => word !== '')];
  }

  #env(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.#home, TMPDIR: join(this.#home, 'tmp'), KUBECONFIG: this.#kubeconfig };
  }
}

/** A kubectl that goes on until it is stopped. */
export class Running {
  readonly #child: ChildProcess;
  readonly #closed: Promise<number>;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#closed = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 255)));
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  /** @returns the exit code, once it has ended by itself */
  get ended(): Promise<number> {
    return this.#closed;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.#closed;
  }
}

/** The rows of a table that kubectl printed, by the titles of its columns. */
export function rows(table: string): Record<string, string>[] {
  const [head = '', ...lines] = table.trimEnd().split('\n');
  const columns = [...head.matchAll(/(\S+(?: \S+)*)(?:\s{2,}|$)/g)].map((m) => ({ title: m[1] as string, from: m.index }));
  return lines.map((line) =>
    Object.fromEntries(columns.map(({ title, from }, i) => [title, line.slice(from, columns[i + 1]?.from).trim()])),
  );
}
