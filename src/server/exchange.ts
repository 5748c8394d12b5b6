// What the filters know about one request and hand on to each other.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UserInfo } from '../api/meta/object.js';
import type { RequestInfo } from '../handlers/request.js';
import type { Answer, ServerRequest } from './http.js';
import { requestInfo } from './request-info.js';

/** A connection that a client wants to use for another protocol (WebSocket, SPDY). */
export interface RawConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** One request and its answer; filled in on the way through the filters. */
export class Exchange {
  readonly request: ServerRequest;
  readonly response: Answer;
  /** Unique name of the request in logs and in the Audit-Id header. */
  auditId = '';
  /** performance.now() when the request came. */
  readonly received = performance.now();
  /** Set by the filter request-info. */
  info: RequestInfo = UNREAD;
  /** Watches, logs, exec …: no deadline, ended first at shutdown. Set by request-info. */
  longRunning = false;
  /** Who the request acts as. Set by authentication, changed by impersonation. */
  user: UserInfo | undefined;
  readonly warnings: string[] = [];
  /** Present until a handler takes the connection over. */
  upgrade: RawConnection | undefined;
  /** Most requests end before anybody asks for it, and it is dear. */
  #controller: AbortController | undefined;
  #aborted = false;
  #closing: (() => void)[] = [];

  constructor(request: ServerRequest, response: Answer, upgrade?: RawConnection) {
    this.request = request;
    this.response = response;
    this.upgrade = upgrade;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Aborted when the client goes away, time is up, or the server stops. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }

  /** Calls `listener` once the answer is sent, or can no longer be. */
  whenClosed(listener: () => void): void {
    this.#closing.push(listener);
  }

  /** For the listener alone: the answer is sent, or can no longer be. */
  close(): void {
    for (const listener of this.#closing.splice(0)) listener();
  }
}

/** Until the filter request-info has read the request. */
const UNREAD = requestInfo('GET', '/');

/** One step of the way from the socket to a handler: lets the request go on, or throws ApiError. */
export type Filter = (exchange: Exchange) => void | Promise<void>;
