// A kubemu process of its own, as a user starts it, so that it can be killed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs a command of `kubemu` to its end. @returns what it prints. @throws Error with that when it fails */
export function kubemu(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--import', 'tsx', MAIN, ...args], (error, stdout, stderr) => {
      if (error) reject(new Error(`kubemu ${args.join(' ')}: ${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A running `kubemu` and its admin. */
export class Kubemu {
  readonly dataDir: string;
  readonly url: string;
  /** Milliseconds from the start of the process until it said that it is ready. */
  readonly startedIn: number;
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #agent: Agent;
  readonly #errors: () => string;

  private constructor(
    child: ChildProcess,
    fields: { dataDir: string; url: string; startedIn: number; agent: Agent; errors: () => string },
  ) {
    this.#child = child;
    this.#closed = once(child, 'close');
    this.dataDir = fields.dataDir;
    this.url = fields.url;
    this.startedIn = fields.startedIn;
    this.#agent = fields.agent;
    this.#errors = fields.errors;
  }

  /** Starts `kubemu ARGS --data-dir DIR` and waits until it is ready. @throws Error with its output when it ends before */
  static async start(dataDir: string, args: readonly string[]): Promise<Kubemu> {
    const begin = Date.now();
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args, '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const found = /^\s*server\s+(https:\S+)$/m.exec(output)?.[1];
        if (found) resolve(found);
      });
      child.once('close', (code) => reject(new Error(`kubemu ended with ${code} before it was ready:\n${output}${errors}`)));
    });
    const startedIn = Date.now() - begin;
    const [ca, cert, key] = await Promise.all(['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(join(dataDir, 'pki', file))));
    const agent = new Agent({ keepAlive: true, maxSockets: 64, ca, cert, key });
    return new Kubemu(child, { dataDir, url, startedIn, agent, errors: () => errors });
  }

  /** What it printed to its error output. */
  get errors(): string {
    return this.#errors();
  }

  /** @throws Error when there is no whole answer: whether a write was done is unknown then */
  send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      // Node sends the body of a DELETE without saying how long it is
      const headers = text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) };
      const sent = request(new URL(path, this.url), { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          response.complete
            ? resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
            : reject(new Error('the answer is not whole')),
        );
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(text);
    });
  }

  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.send('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  /** Follows a watch until it ends, however it does. */
  watch(path: string): Watch {
    return new Watch(new URL(path, this.url), this.#agent);
  }

  /** kill -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone();
  }

  /** SIGTERM. @returns its exit code */
  async terminate(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    await this.#gone();
    return this.#child.exitCode;
  }

  async #gone(): Promise<void> {
    await this.#closed;
    this.#agent.destroy();
  }
}

export interface WatchEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } };
}

/** A watch over one connection. */
export class Watch {
  readonly events: WatchEvent[] = [];
  /** How it ended: `end` as the protocol says, `cut` when the connection broke. */
  readonly ended: Promise<'end' | 'cut'>;
  readonly #abort = new AbortController();

  constructor(url: URL, agent: Agent) {
    this.ended = new Promise((resolve) => {
      const sent = request(url, { agent, signal: this.#abort.signal }, (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          // a last line without its end was cut off: it was not told
          for (const line of lines) this.events.push(JSON.parse(line) as WatchEvent);
        });
        response.on('end', () => resolve(response.complete ? 'end' : 'cut'));
        response.on('error', () => resolve('cut'));
      });
      sent.on('error', () => resolve('cut'));
      sent.end();
    });
  }

  stop(): Promise<'end' | 'cut'> {
    this.#abort.abort();
    return this.ended;
  }
}
