// A few requests to a running cluster: too few to load a client library for.
import { request } from 'node:https';
import type { KubeObject } from '../api/meta/object.js';
import type { Status } from '../api/meta/errors.js';
import { type Access, readKubeconfig } from '../server/kubeconfig.js';
import { UserError } from '../util/user-error.js';

const TIMEOUT_MS = 30_000;

/** One request to the running cluster. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string;
}

/** Sends a request as the admin of the cluster of a data directory. */
export type Api = <T extends KubeObject>(call: ApiCall) => Promise<T>;

/** @throws UserError when there is no cluster; the calls throw it when the cluster does not answer or refuses */
export async function connect(dataDir: string): Promise<Api> {
  const access = await readKubeconfig(dataDir);
  return async <T extends KubeObject>(call: ApiCall) => {
    const { code, body } = await send(access, call);
    const answer = JSON.parse(body) as KubeObject;
    if (code >= 400) throw new UserError((answer as unknown as Status).message ?? `the cluster answered ${code}`);
    return answer as T;
  };
}

function send(access: Access, { method, path, body, contentType = 'application/json' }: ApiCall): Promise<{ code: number; body: string }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: 'application/json',
    'user-agent': 'kubemu',
    ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
  };
  const { ca, client } = access;
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(
        new UserError(
          `the cluster at ${access.server} does not answer (${error.message}): is it running? Start it with "kubemu up"`,
          'failure',
          { cause: error },
        ),
      );
    const sent = request(
      new URL(path, access.server),
      { method, headers, ca, cert: client.cert, key: client.key, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        response.on('error', failed);
      },
    );
    sent.on('error', failed);
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.end(text);
  });
}
