// What the filters know about one request and hand on to each other.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NextFunction, Request, Response } from 'express';
import type { UserInfo } from '../api/meta/object.js';
import type { RequestInfo } from '../handlers/request.js';

/** A connection that a client wants to use for another protocol (WebSocket, SPDY). */
export interface RawConnection {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Filled in on the way through the filters; each says what it adds. */
export interface Exchange {
  /** Unique name of the request in logs and in the Audit-Id header. */
  auditId: string;
  /** performance.now() when the request came. */
  readonly received: number;
  readonly controller: AbortController;
  /** Set by the filter request-info. */
  info: RequestInfo;
  /** Watches, logs, exec …: no deadline, ended first at shutdown. Set by request-info. */
  longRunning: boolean;
  /** Who the request acts as. Set by authentication, changed by impersonation. */
  user: UserInfo | undefined;
  readonly warnings: string[];
  /** Present until a handler takes the connection over. */
  upgrade: RawConnection | undefined;
}

/** express's place for what belongs to one request. */
export interface Locals extends Record<string, unknown> {
  exchange: Exchange;
}

export type ServerResponse = Response<unknown, Locals>;

/** One step of the way from the socket to a handler. Calls `next` to go on, or answers, or throws ApiError. */
export type Filter = (request: Request, response: ServerResponse, next: NextFunction) => void | Promise<void>;
