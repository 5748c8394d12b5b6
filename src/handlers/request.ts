import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex, Writable } from 'node:stream';
import type { UserInfo } from '../api/meta/object.js';

/** What a URL asks for, as k8s.io/apiserver's RequestInfo says it. Made by server/request-info.ts before any handler. */
export interface RequestInfo {
  /** False for /healthz, /version, /openapi, discovery documents … */
  readonly isResource: boolean;
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the HTTP method in lower case. */
  readonly verb: string;
  /** The path as sent, without the query. */
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" for cluster-scoped resources and for all namespaces. For the resource namespaces itself: "" too (its name is in `name`), but authorization sees the name as namespace, as upstream. */
  readonly namespace: string;
  readonly name: string;
  /** What follows the subresource: /pods/x/proxy/a/b → "a/b". */
  readonly tail: string;
  readonly query: URLSearchParams;
  /** The path is one of the deprecated /watch/ ones. */
  readonly deprecatedWatch: boolean;
}

/** The answer's side of a request. Works over HTTP/1.1 and HTTP/2. */
export interface Response extends Writable {
  statusCode: number;
  readonly headersSent: boolean;
  setHeader(name: string, value: string | readonly string[]): unknown;
  getHeader(name: string): unknown;
  removeHeader(name: string): void;
  flushHeaders(): void;
}

/** A connection that the client wants to use for another protocol (exec, attach, portforward: WebSocket or SPDY). */
export interface Upgrade {
  /** Takes the connection over: the response can no longer be used, and the handler's promise settles when it is done with the socket. */
  accept(): { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };
}

/** One request, before any handler sees it: plain values; only the answer is a stream. */
export interface ApiRequest {
  readonly method: string;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly headers: IncomingHttpHeaders;
  /** The whole body. @throws ApiError RequestEntityTooLarge, or a timeout for slow clients */
  body(): Promise<Buffer>;
  readonly response: Response;
  /** Present when the client asked to upgrade the connection; a handler that leaves it alone answers as usual. */
  readonly upgrade?: Upgrade | undefined;
  /** Aborted when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
  /** Texts for `Warning: 299` headers; whoever writes the head of the answer sends them (respond.ts). */
  readonly warnings: string[];
}

/** A handler answers the request, or throws ApiError (the error filter answers with its Status). */
export type Handler = (request: ApiRequest) => Promise<void>;
