// A listener with real TLS and all filters before a handler of the test's own.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler } from '../../src/handlers/request.js';
import { alwaysAllow } from '../../src/server/authorization/always.js';
import { issue, type KeyPair, type Subject } from '../../src/server/certificates.js';
import { listen, type Listener, type ListenOptions } from '../../src/server/listener.js';
import { Metrics } from '../../src/server/metrics.js';
import { openPki, type Pki, pkiDirectory } from '../../src/server/pki.js';
import { loadPair } from '../../src/server/key-files.js';
import { noTokens } from '../../src/server/token-file.js';
import { versionInfo } from '../../src/server/version.js';
import { silentLogger } from '../../src/util/log.js';

export const dataDir = mkdtempSync(join(tmpdir(), 'kubemu-listener-'));
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));

let opened: Promise<Pki> | undefined;

/** The certificates of all tests of a process: making them takes longer than most tests. */
export function testPki(): Promise<Pki> {
  opened ??= openPki({
    dataDir,
    bindAddress: '127.0.0.1',
    serviceAddresses: ['10.96.0.1'],
    tlsCertFile: undefined,
    tlsPrivateKeyFile: undefined,
    clientCAFile: undefined,
    tokenAuthFile: undefined,
    logger: silentLogger,
  });
  return opened;
}

/** A client's certificate, signed by the cluster's authority. */
export async function clientPair(subject: Subject, days = 1): Promise<KeyPair> {
  await testPki();
  const ca = await loadPair(pkiDirectory(dataDir), 'ca');
  if (!ca) throw new Error('no authority');
  return issue(ca, subject, days);
}

export function newMetrics(): Metrics {
  return new Metrics({ version: versionInfo(), objectCounts: () => [], isServed: () => true });
}

/** What a handler was asked, as JSON: for tests of what comes before it. */
export const echo: Handler = async ({ response, user, info, headers }) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ user, verb: info.verb, headers }));
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly json: Record<string, unknown> & {
    user: { username: string; groups: string[]; extra?: Record<string, string[]> };
    message: string;
  };
}

export interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** A listener and clients of both versions of HTTP for it. */
export class Listening {
  readonly listener: Listener;
  readonly pki: Pki;
  readonly #sessions = new Set<ClientHttp2Session>();

  private constructor(listener: Listener, pki: Pki) {
    this.listener = listener;
    this.pki = pki;
  }

  /** By default: everybody may do everything, requests without credentials are refused. */
  static async start(handler: Handler, options: Partial<ListenOptions> = {}): Promise<Listening> {
    const pki = await testPki();
    const listener = await listen({
      bindAddress: '127.0.0.1',
      port: 0,
      ...pki.serving,
      clientCAs: pki.clientCAs,
      tokens: noTokens,
      anonymousAuth: false,
      authorizer: alwaysAllow,
      metrics: newMetrics(),
      handler,
      logger: silentLogger,
      newId: randomUUID,
      requestTimeoutMs: 60_000,
      ...options,
    });
    return new Listening(listener, pki);
  }

  get url(): string {
    return `https://127.0.0.1:${this.listener.port}`;
  }

  /** One request over HTTP/1.1 on a connection of its own. `client` null: without a certificate. */
  http1(path: string, call: Call = {}, client: KeyPair | null = this.pki.admin): Promise<Answer> {
    const agent = new Agent({ ca: this.pki.caCert, ...client });
    return new Promise<Answer>((resolve, reject) => {
      const sent = request(`${this.url}${path}`, { method: call.method ?? 'GET', headers: call.headers, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(answer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
      });
      sent.on('error', reject);
      sent.end(call.body);
    }).finally(() => agent.destroy());
  }

  /** An HTTP/2 connection; closed with the listener. */
  session(client: KeyPair | null = this.pki.admin): ClientHttp2Session {
    const session = connect(this.url, { ca: this.pki.caCert, ...client });
    session.on('error', () => {});
    this.#sessions.add(session);
    return session;
  }

  /** One request over HTTP/2. */
  async http2(path: string, call: Call = {}, client: KeyPair | null = this.pki.admin): Promise<Answer> {
    const session = this.session(client);
    try {
      return await over(session, path, call);
    } finally {
      session.close();
    }
  }

  async close(graceMs = 0): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await this.listener.close(graceMs);
  }
}

/** One request on an open HTTP/2 connection. */
export function over(session: ClientHttp2Session, path: string, call: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ':method': call.method ?? 'GET', ...call.headers });
    let headers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (received) => (headers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve(answer(Number(headers[':status']), headers, Buffer.concat(chunks))));
    stream.end(call.body);
  });
}

function answer(status: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
  const text = body.toString();
  const getJson = () => JSON.parse(text) as Answer['json'];
  // not enumerable: a failing assertion prints the answer, and not every body is JSON
  return Object.defineProperty({ status, headers, body, text }, 'json', { get: getJson }) as Answer;
}
