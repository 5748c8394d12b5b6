// The two servers: the reference, named by its kubeconfig, and kubemu, started here with the reference's settings or named too.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { parseYaml } from '../../src/util/yaml.js';
import { API_ONLY, startTestCluster } from '../helpers/cluster.js';

/** What is sent. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What came back. Status 0: nothing did, and the body says why. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** Both servers are talked to as the same user: some answers tell who asked. */
const IDENTITY = { 'impersonate-user': 'differential', 'impersonate-group': 'system:masters' };
/** No answer takes longer. */
const PATIENCE_MS = 20_000;
const CONNECTIONS = 16;

/** A server and the credentials of a member of system:masters. */
export class Side {
  readonly url: URL;
  readonly #agent: https.Agent;

  constructor(url: string, credentials: { readonly cert?: Buffer; readonly key?: Buffer }) {
    this.url = new URL(url);
    this.#agent = new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false, ...credentials });
  }

  /** @throws Error for a kubeconfig without client certificate */
  static from(kubeconfig: string): Side {
    const { clusters, users } = parseYaml(readFileSync(kubeconfig, 'utf8')).value as Kubeconfig;
    const pem = (name: string): Buffer => {
      const user = users[0]?.user ?? {};
      if (user[name]) return readFileSync(user[name]);
      if (user[`${name}-data`]) return Buffer.from(user[`${name}-data`] ?? '', 'base64');
      throw new Error(`${kubeconfig}: the first user has no ${name}`);
    };
    return new Side(clusters[0]?.cluster.server ?? '', { cert: pem('client-certificate'), key: pem('client-key') });
  }

  /** Sends a request; never fails. A watch is given `readFor` milliseconds and then closed. */
  send({ method, path, headers, body }: Request, readFor?: number): Promise<Answer> {
    return new Promise((resolve) => {
      const failed = (e: Error) => resolve({ status: 0, headers: {}, body: Buffer.from(e.message) });
      const all = {
        'user-agent': 'differential',
        ...IDENTITY,
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      };
      const req = https.request({ agent: this.#agent, host: this.url.hostname, port: this.url.port, method, path, headers: all }, (res) => {
        const chunks: Buffer[] = [];
        const done = () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) });
        const timer = readFor === undefined ? undefined : setTimeout(() => res.destroy(), readFor);
        res.on('data', (d: Buffer) => chunks.push(d));
        res.on('close', () => {
          clearTimeout(timer);
          done();
        });
        res.on('error', () => undefined);
      });
      req.setTimeout(PATIENCE_MS, () => req.destroy(new Error('no answer')));
      req.on('error', failed);
      req.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Starts kubemu as the reference server runs: no controllers, RBAC, no ServiceAccount admission. */
export async function startKubemu(): Promise<{ side: Side; stop(): Promise<void> }> {
  const cluster = await startTestCluster({
    components: API_ONLY,
    authorizationMode: ['Node', 'RBAC'],
    disableAdmissionPlugins: ['ServiceAccount'],
  });
  return { side: new Side(cluster.url, cluster.admin), stop: () => cluster.close() };
}
