import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../../src/cluster.js';
import type { ClusterOptions } from '../../src/options.js';

/** A cluster of a test's own: any free port, its own directory, in memory and with simulated nodes unless told otherwise. */
export interface TestCluster extends Cluster {
  /** Credentials of the admin, PEM. */
  readonly admin: { readonly cert: Buffer; readonly key: Buffer };
  /** Stops it and removes its directory. */
  close(): Promise<void>;
}

export const API_ONLY = { controllers: false, scheduler: false, nodes: false } as const;

export async function startTestCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'kubemu-test-')));
  const cluster = await startCluster({ securePort: 0, memory: true, runtime: 'simulated', ...options, dataDir });
  const [cert, key] = await Promise.all(['admin.crt', 'admin.key'].map((f) => readFile(join(dataDir, 'pki', f))));
  return Object.assign(Object.create(cluster) as Cluster, {
    ...cluster,
    admin: { cert: cert as Buffer, key: key as Buffer },
    close: async () => {
      await cluster.stop();
      if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
    },
  });
}

/** Asks until `check` returns something other than undefined or false. @throws Error after `ms`, saying what was waited for */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 10_000,
): Promise<T> {
  const end = Date.now() + ms;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
      last = undefined;
    } catch (e) {
      last = e;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what}: not within ${ms} ms${last instanceof Error ? `; last error: ${last.message}` : ''}`);
}
