// /healthz, /livez and /readyz, each with ?verbose, ?exclude=NAME, and every check under a path of its own.
import type { ApiRequest, Handler } from '../handlers/request.js';
import { sendBody, sendText } from '../handlers/respond.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';

/** One thing that must be right for the server to count as healthy. */
export interface HealthCheck {
  /** Part of the path: ping, etcd, poststarthook/bootstrap-controller. */
  readonly name: string;
  /** Which of the three it belongs to; default: all. A server that is only not ready yet is alive. */
  readonly endpoints?: readonly Endpoint[];
  /** Throws, or rejects, with the reason when something is wrong. */
  check(): void | Promise<void>;
}

/** The paths that tell how the server is: healthz is the older name of livez. */
export type Endpoint = 'healthz' | 'livez' | 'readyz';

const ENDPOINTS: readonly Endpoint[] = ['healthz', 'livez', 'readyz'];

/** Holds only in /readyz: whoever sends requests here should stop. */
const SHUTDOWN = 'shutdown';

/** The checks of one server. They are added as its parts are joined, in the order in which they are shown. */
export class Health {
  readonly #checks: HealthCheck[] = [{ name: 'ping', check() {} }];
  readonly #logger: Logger;
  #stopping = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Adds checks; they are shown in the order in which they are added. */
  add(...checks: readonly HealthCheck[]): void {
    this.#checks.push(...checks);
  }

  /** From now on the server is not ready. */
  stop(): void {
    this.#stopping = true;
  }

  /** The paths that are served: for the index at `/`. */
  paths(): string[] {
    return ENDPOINTS.flatMap((endpoint) => [`/${endpoint}`, ...this.#of(endpoint).map((check) => `/${endpoint}/${check.name}`)]);
  }

  /** Answers a path of the three, or says that it is none. */
  handlerFor(path: string): Handler | undefined {
    for (const endpoint of ENDPOINTS) {
      if (path === `/${endpoint}`) return (request) => this.#all(endpoint, request);
      if (!path.startsWith(`/${endpoint}/`)) continue;
      const check = this.#of(endpoint).find((c) => path === `/${endpoint}/${c.name}`);
      return check && ((request) => one(check, request));
    }
    return undefined;
  }

  #of(endpoint: Endpoint): HealthCheck[] {
    const checks = this.#checks.filter((check) => check.endpoints?.includes(endpoint) ?? true);
    if (endpoint !== 'readyz') return checks;
    const shutdown = () => {
      if (this.#stopping) throw new Error('process is shutting down');
    };
    return [...checks, { name: SHUTDOWN, check: shutdown }];
  }

  async #all(endpoint: Endpoint, request: ApiRequest): Promise<void> {
    const excluded = new Set(request.info.query.getAll('exclude'));
    const unknown = new Set(excluded);
    let report = '';
    const failed: string[] = [];
    for (const check of this.#of(endpoint)) {
      if (unknown.delete(check.name) || excluded.has(check.name)) {
        report += `[+]${check.name} excluded: ok\n`;
        continue;
      }
      const reason = await problem(check);
      // the reason may tell too much: this path is open to everybody
      report += reason === undefined ? `[+]${check.name} ok\n` : `[-]${check.name} failed: reason withheld\n`;
      if (reason === undefined) continue;
      failed.push(check.name);
      this.#logger.info('health check failed', { endpoint, check: check.name, reason });
    }
    if (unknown.size > 0)
      report += `warn: some health checks cannot be excluded: no matches for ${[...unknown]
        .sort()
        .map((n) => JSON.stringify(n))
        .join(',')}\n`;
    if (failed.length > 0) return sendText(request, 500, `${report}${endpoint} check failed\n`);
    sendText(request, 200, request.info.query.has('verbose') ? `${report}${endpoint} check passed\n` : 'ok');
  }
}

async function one(check: HealthCheck, request: ApiRequest): Promise<void> {
  const reason = await problem(check);
  if (reason === undefined) sendBody(request, 200, 'text/plain; charset=utf-8', Buffer.from('ok'));
  else sendText(request, 500, `internal server error: ${reason}\n`);
}

async function problem(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
