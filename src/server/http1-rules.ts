// What Go's net/http refuses before anybody sees the request; Node's parser lets it through.
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { BAD_ESCAPE } from './request-info.js';

/** Bytes that may stand in a Host header (golang.org/x/net/http/httpguts). */
const HOST = /^[A-Za-z0-9!$%&'()*+,\-.:;=@[\]_~]*$/;

/** Not by its version: a client over HTTP/1 may write any into its first line. */
export function isHttp2(request: IncomingMessage | Http2ServerRequest): request is Http2ServerRequest {
  return 'stream' in request;
}

/** Why a request over HTTP/1 is no proper one: `400 Bad Request: missing required Host header`; undefined: it is one. */
export function http1Problem(request: IncomingMessage): string | undefined {
  const { httpVersionMajor: major, httpVersionMinor: minor, method, rawHeaders, url = '' } = request;
  if (major !== 1) return major === 0 ? '400 Bad Request' : '505 HTTP Version Not Supported: unsupported protocol version';
  if (BAD_ESCAPE.test(url.split('?', 1)[0] as string)) return '400 Bad Request';
  const hosts: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') hosts.push(rawHeaders[i + 1] ?? '');
  const [host] = hosts;
  if (hosts.length > 1) return '400 Bad Request';
  if (host === undefined) return minor >= 1 && method !== 'CONNECT' ? '400 Bad Request: missing required Host header' : undefined;
  return HOST.test(host) ? undefined : '400 Bad Request: malformed Host header';
}

/** The answer to what is no proper request. @param problem its status and why, as it is shown */
export function refusal(problem: string): string {
  return `HTTP/1.1 ${problem.split(':')[0]}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${problem}`;
}
