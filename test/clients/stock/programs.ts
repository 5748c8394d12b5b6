// The stock kube-controller-manager and kube-scheduler of Kubernetes, run as its packages run them: a client certificate each,
// service account credentials for each controller, protobuf, leader election. What they complain about is kept.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { issue, type KeyPair } from '../../../src/server/certificates.js';
import { writeKubeconfig } from '../../../src/server/kubeconfig.js';

export const COMPONENTS = ['kube-controller-manager', 'kube-scheduler'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** Where the programs of this machine are, or why there are none. */
export type Found = { readonly paths: Readonly<Record<ComponentName, string>> } | { readonly missing: string };

/**
 * The programs in the directory that KUBERNETES_BIN names, or else on the PATH. Their minor version must be the one that is
 * served: an older scheduler watches resources that are gone.
 */
export function findComponents(minor: string, env: NodeJS.ProcessEnv = process.env): Found {
  const folders = env['KUBERNETES_BIN'] ? [env['KUBERNETES_BIN']] : (env['PATH'] ?? '').split(delimiter);
  const paths: Partial<Record<ComponentName, string>> = {};
  for (const name of COMPONENTS) {
    const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (path === undefined) return { missing: `no ${name} (KUBERNETES_BIN names a directory that has it)` };
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    if (!version.includes(`v1.${minor}.`)) return { missing: `${version} is not of 1.${minor}` };
    paths[name] = path;
  }
  return { paths: paths as Record<ComponentName, string> };
}

/** Lines that a component writes in these tests against the real API server too, if that is started as this one is. */
const EXPECTED: readonly RegExp[] = [
  // of the component's own machine and flags
  /The manifest file is empty/,
  /Flexvolume plugin directory at/,
  // there is no authority of front proxies: no --requestheader-client-ca-file
  /missing content for CA bundle "?\\?"?client-ca::kube-system::extension-apiserver-authentication::requestheader-client-ca-file/,
  // a write was answered before its watch event came: it is tried again
  /read version: \d+ is not as new as written version: \d+/,
  // two workers met at a new node: the second is refused
  /range_allocator\.go.*may specify no more than one CIDR for each IP family/,
  // an object was changed or deleted while it was worked on
  /the object has been modified; please apply your changes to the latest version/,
  /Error getting updated StatefulSet from lister/,
  /[a-z.]+ \\*"[\w-]+\\*" not found/,
  /because it is being terminated/,
  // a plugin of the scheduler is asked though those before it never came to set it up
  /Status after running PostFilter plugins for pod.*status="not found"/,
  // there are no metrics
  /the server could not find the requested resource \(get pods\.metrics\.k8s\.io\)/,
];

/** One running component. */
export class Component {
  readonly name: ComponentName;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #log = '';

  private constructor(name: ComponentName, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
  }

  /**
   * Starts a component against the cluster of a data directory.
   * @param flags what it is told besides who it is and where the server is
   */
  static async start(name: ComponentName, path: string, dataDir: string, url: string, flags: readonly string[]): Promise<Component> {
    const home = join(dataDir, name);
    await mkdir(home, { recursive: true });
    const ca = await authority(dataDir);
    const client = await issue(ca, { commonName: `system:${name}` }, 1);
    const kubeconfig = await writeKubeconfig(home, { server: url, ca: ca.cert, client });
    const child = spawn(
      path,
      [
        ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((flag) => `--${flag}=${kubeconfig}`),
        `--cert-dir=${join(home, 'serving')}`,
        '--bind-address=127.0.0.1',
        '--secure-port=0',
        ...flags,
      ],
      { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return new Component(name, child);
  }

  /** Everything it has written. */
  get log(): string {
    return this.#log;
  }

  /** The errors, warnings and last words that the server must have caused. */
  complaints(also: readonly RegExp[] = []): string[] {
    const excused = [...EXPECTED, ...also];
    return this.#log
      .split('\n')
      .filter((line) => /^[EWF]\d{4} /.test(line) || line.startsWith('panic'))
      .filter((line) => !excused.some((pattern) => pattern.test(line)));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

async function authority(dataDir: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all(['ca.crt', 'ca.key'].map((file) => readFile(join(dataDir, 'pki', file), 'utf8')));
  return { cert: cert as string, key: key as string };
}
