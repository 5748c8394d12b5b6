// What the answers of a server that is asked for its opinion mean, in the words of client-go.
import type { Status } from '../../api/meta/errors.js';
import { show } from '../../api/meta/field-errors.js';
import { goQuote } from '../../api/meta/quote.js';
import { DecodeError, decode } from '../../api/schema/decode.js';
import { JsonError, parseJson } from '../../api/schema/json.js';
import { mapType, scalarType } from '../../api/schema/types.js';
import { isObject } from '../../util/json.js';
import { configurationType, documentType, STRING } from '../configuration/document.js';

/** The opinion. */
export interface ImageReviewStatus {
  readonly allowed?: boolean;
  readonly reason?: string;
}

/** An answer as it comes over the wire. */
export interface Answer {
  readonly code: number;
  readonly body: string;
  readonly type: string | undefined;
  readonly retryAfter: string | undefined;
}

/** There is no opinion. */
export class BackendError extends Error {
  /** What is told of it: a client is told a refusal in the server's own words. */
  readonly status: Pick<Status, 'reason' | 'message' | 'code' | 'details'>;

  constructor(status: BackendError['status'], options?: { readonly cause?: unknown }) {
    super(status.message ?? '', options);
    this.status = status;
  }
}

/** What kind of object is asked with, and answers. */
export const REVIEW = { kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1alpha1' };
const TYPE = documentType('v1alpha1.ImageReview', {
  status: configurationType('v1alpha1.ImageReviewStatus', {
    allowed: scalarType('bool'),
    reason: STRING,
    auditAnnotations: mapType(STRING),
  }),
});
/** How upstream names what knows the kinds. */
const SCHEME = 'pkg/runtime/scheme.go:111';
/** So much of an answer is told that nobody expected. */
const MAX_TOLD = 2048;

/** @throws BackendError when the answer holds no opinion */
export function statusIn(answer: Answer): ImageReviewStatus {
  const { code, body, type = 'application/json' } = answer;
  if (code < 200 || code > 206) throw new BackendError(failureIn(body) ?? unexpected(answer));
  if (body === '') throw new BackendError({ message: `0-length response with status code: ${code} and content type: ${type}` });
  try {
    const { value } = parseJson(body);
    const { kind = REVIEW.kind, apiVersion = REVIEW.apiVersion } = isObject(value) ? value : {};
    if (kind !== REVIEW.kind || apiVersion !== REVIEW.apiVersion)
      throw new BackendError({ message: `no kind ${show(kind)} is registered for version ${show(apiVersion)} in scheme "${SCHEME}"` });
    return decode<{ readonly status?: ImageReviewStatus }>(TYPE, value).object.status ?? {};
  } catch (error) {
    if (error instanceof JsonError)
      throw new BackendError({ message: `couldn't get version/kind; json parse error: ${error.message}` }, { cause: error });
    if (error instanceof DecodeError) throw new BackendError({ message: error.message }, { cause: error });
    throw error;
  }
}

/** The Status that a server of Kubernetes' making fails with. */
function failureIn(body: string): BackendError['status'] | undefined {
  try {
    const { value } = parseJson(body);
    return isObject(value) && value['kind'] === 'Status' && value['status'] === 'Failure' ? (value as unknown as Status) : undefined;
  } catch {
    return undefined;
  }
}

const MEANINGS: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  409: ['AlreadyExists', 'the server reported a conflict'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
};

/** What client-go makes of a code (apimachinery's NewGenericServerResponse). */
function unexpected({ code, body, type, retryAfter = '' }: Answer): BackendError['status'] {
  const said = type?.startsWith('text/') === false ? 'unknown' : body.slice(0, MAX_TOLD).trim();
  const [reason, message] = meaningOf(code, said);
  const retryAfterSeconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : 0;
  const causes = [{ reason: 'UnexpectedServerResponse', message: said }];
  return { reason, message, code, details: { causes, ...(retryAfterSeconds > 0 && { retryAfterSeconds }) } };
}

function meaningOf(code: number, said: string): readonly [reason: string, message: string] {
  const known = MEANINGS[code];
  if (known) return known;
  if (code === 403) return ['Forbidden', said];
  if (code === 406) return ['NotAcceptable', said];
  if (code === 415) return ['UnsupportedMediaType', said];
  if (code >= 500) return ['InternalError', `an error on the server (${goQuote(said)}) has prevented the request from succeeding`];
  return ['Unknown', `the server responded with the status code ${code} but did not return more information`];
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to say of a server that could not be asked. */
export function unreachable(url: URL, error: NodeJS.ErrnoException): BackendError {
  // a connection that was reset may be tried again
  const reset = error.code === 'ECONNRESET' && error.message !== 'socket hang up';
  return new BackendError(
    { message: `Post ${goQuote(url.href)}: ${inGo(url, error)}`, ...(reset && { reason: 'Timeout' }) },
    { cause: error },
  );
}

/** In Go's words, as far as there are any. */
function inGo({ hostname, port, protocol }: URL, { code = '', name, message }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return `dial tcp ${hostname}:${port || (protocol === 'https:' ? '443' : '80')}: connect: connection refused`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (UNTRUSTED.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (name === 'AbortError' || name === 'TimeoutError') return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  return message === 'socket hang up' ? 'EOF' : message;
}
