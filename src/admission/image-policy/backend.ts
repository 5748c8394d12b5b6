// Asks a server elsewhere what it thinks of images (imagepolicy.k8s.io/v1alpha1), as client-go does.
import * as http from 'node:http';
import * as https from 'node:https';
import { type Clock, sleep } from '../../util/clock.js';
import { type Answer, BackendError, type ImageReviewStatus, REVIEW, statusIn, unreachable } from './answer.js';
import type { Access } from './kubeconfig.js';

/** What is asked, in the order of the fields upstream sends. */
export interface ImageReviewSpec {
  readonly containers?: readonly { readonly image?: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly namespace: string;
}

/** What a question may go by beside the server. */
export interface Asking {
  /** The first pause between two tries, in milliseconds; each next is longer by half. */
  readonly retryBackoff: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
}

const TRIES = 5;
const TIMEOUT_MS = 30_000;
const TRANSIENT = new Set(['InternalError', 'Timeout', 'TooManyRequests']);

/** Asks until there is an answer, some times at most. @throws BackendError */
export async function review(access: Access, spec: ImageReviewSpec, asking: Asking): Promise<ImageReviewStatus> {
  const { clock, random, signal } = asking;
  const body = `${JSON.stringify({ ...REVIEW, metadata: {}, spec, status: { allowed: false } })}\n`;
  for (let pause = asking.retryBackoff, left = TRIES - 1; ; pause *= 1.5, left--) {
    try {
      return statusIn(await post(access, body, signal));
    } catch (error) {
      const { reason = '', details } = error instanceof BackendError ? error.status : {};
      const again = TRANSIENT.has(reason) || (details?.retryAfterSeconds ?? 0) > 0;
      if (!again || left === 0 || signal?.aborted) throw error;
      if (pause > 0) await sleep(clock, pause * (1 + 0.2 * random()), signal);
    }
  }
}

async function post({ url, keys, verified, serverName, authorization }: Access, body: string, signal?: AbortSignal): Promise<Answer> {
  const target = new URL(url);
  target.searchParams.set('timeout', '30s');
  const bearer = await authorization().catch((error: NodeJS.ErrnoException) => {
    throw unreachable(target, error);
  });
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const options: https.RequestOptions = {
    method: 'POST',
    // one request, one connection: nothing lasts
    agent: false,
    ...keys,
    rejectUnauthorized: verified,
    ...(serverName !== undefined && { servername: serverName }),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'content-length': Buffer.byteLength(body),
      ...(bearer !== undefined && { authorization: bearer }),
    },
  };
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(unreachable(target, error));
    const { request } = target.protocol === 'https:' ? https : http;
    const sent = request(target, options, (response) => {
      const { statusCode: code = 0, headers } = response;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ code, body: Buffer.concat(chunks).toString(), type: headers['content-type'], retryAfter: headers['retry-after'] }),
      );
      response.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}
