// The socket side: TLS, both versions of HTTP, limits against slow clients, and an orderly end.
//
// The folder: this file takes connections, http.ts has the answers of both versions, filters/ what every request passes
// (the list is filters/index.ts), exchange.ts what the filters hand on, request-info.ts what a URL asks for. authorization/
// and tokens/ decide who is who and who may what; pki.ts keeps keys and certificates; paths.ts serves what the server says
// about itself. From the last filter on a request is a plain value, and its answer the business of ../handlers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../util/clock.js';
import { hostPort } from '../util/host-port.js';
import type { Logger } from '../util/log.js';
import { UserError } from '../util/user-error.js';
import { Exchange } from './exchange.js';
import { chain, type FilterOptions } from './filters/index.js';
import { type Answer, answerClasses, type ServerRequest } from './http.js';
import { http1Problem, isHttp2, refusal } from './http1-rules.js';

/** Limits as kube-apiserver sets them for its own server. */
const MAX_HEADER_BYTES = 1 << 20;
const HEADERS_TIMEOUT_MS = 32_000;
const IDLE_TIMEOUT_MS = 90_000;
/** What a body may take to arrive; the request's own deadline is shorter, except for long-running requests. */
const BODY_TIMEOUT_MS = 300_000;
const MAX_STREAMS = 250;
const STREAM_WINDOW_BYTES = 256 * 1024;
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;
/** What one connection may hold for streams that are read slowly; above it, new streams are refused. */
const SESSION_MEMORY_MB = 512;
/** After the last answer: what the sockets get to send it. */
const FLUSH_MS = 500;

/** Where to listen, as whom, and what answers. */
export interface ListenOptions extends Omit<FilterOptions, 'logger'> {
  readonly bindAddress: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** PEM of the authorities whose client certificates are believed. */
  readonly clientCAs: readonly string[];
  readonly logger: Logger;
}

/** An open socket with its server. */
export interface Listener {
  readonly port: number;
  /**
   * Ends orderly: no new connections, watches are told to end at once, other requests get `graceMs` to finish, then all
   * sockets are closed. May be called again (with 0: at once).
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves HTTPS (HTTP/2 and HTTP/1.1).
 * @throws UserError when the address cannot be had
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const server = new Server(options);
  await server.start(options);
  return server;
}

class Server implements Listener {
  readonly #handle: (exchange: Exchange) => Promise<void>;
  readonly #server: ReturnType<typeof createSecureServer>;
  readonly #logger: Logger;
  readonly #exchanges = new Set<Exchange>();
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<Http2Session>();
  #closing = false;
  /** Called when no request is under way any more. */
  readonly #waiting = new Set<() => void>();

  constructor(options: ListenOptions) {
    this.#handle = chain(options);
    this.#logger = options.logger;
    this.#server = createSecureServer({
      ...answerClasses,
      allowHTTP1: true,
      key: options.key,
      cert: options.cert,
      ca: [...options.clientCAs],
      requestCert: true,
      // who shows no certificate may still have a token
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: MAX_HEADER_BYTES },
      maxSessionMemory: SESSION_MEMORY_MB,
      handshakeTimeout: HEADERS_TIMEOUT_MS,
    });
    Object.assign(this.#server, {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: BODY_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
    });
    this.#attach();
  }

  #attach(): void {
    const server = this.#server;
    server.on('request', (request: ServerRequest, response: Answer) => {
      const problem = isHttp2(request) ? undefined : http1Problem(request);
      if (problem === undefined) this.#serve(new Exchange(request, response));
      else request.socket.end(refusal(problem));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const problem = http1Problem(request);
      if (problem !== undefined) socket.end(refusal(problem));
      else this.#upgrade(request, socket, head);
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.setNoDelay(true);
    });
    server.on('session', (session: Http2Session) => this.#addSession(session));
    // broken connections are the client's affair: they must not end the process
    const broken = (error: Error) => this.#logger.debug('connection failed', { error });
    server.on('sessionError', broken);
    server.on('tlsClientError', (error: Error, socket: Socket) => {
      broken(error);
      socket.destroy();
    });
    server.on('clientError', (error: Error, socket: Socket) => {
      broken(error);
      const tooLong = (error as NodeJS.ErrnoException).code === 'HPE_HEADER_OVERFLOW';
      if (socket.writable) socket.end(refusal(tooLong ? '431 Request Header Fields Too Large' : '400 Bad Request'));
      else socket.destroy();
    });
  }

  #addSession(session: Http2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session.once('close', () => this.#sessions.delete(session));
    session.on('error', () => session.destroy());
    let streams = 0;
    session.on('stream', (stream) => {
      streams++;
      stream.once('close', () => streams--);
    });
    // a quiet watch is no idle connection
    session.setTimeout(IDLE_TIMEOUT_MS, () => {
      if (streams === 0) session.close();
    });
  }

  start({ port, bindAddress }: ListenOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(startError(error, bindAddress, port));
      this.#server.once('error', failed);
      this.#server.listen(port, bindAddress, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => this.#logger.error('server failed', { error }));
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(exchange: Exchange): void {
    const { request, response, upgrade } = exchange;
    this.#exchanges.add(exchange);
    response.on('error', () => {});
    response.once('close', () => {
      if (!response.writableEnded) exchange.abort();
      exchange.close();
      // a connection that was taken over lives on
      if (!upgrade || exchange.upgrade) this.#finished(exchange);
    });
    if (this.#closing && !isHttp2(request)) response.setHeader('Connection', 'close');
    void this.#handle(exchange);
  }

  /** A request to change the protocol walks through the same filters; its answer is written by a response of our own making. */
  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const response = new answerClasses.Http1ServerResponse(request);
    response.shouldKeepAlive = false;
    try {
      response.assignSocket(socket);
    } catch (error) {
      // an earlier request on the connection has not been answered yet: no client that means it changes the protocol then
      this.#logger.debug('connection failed', { error });
      socket.destroy();
      return;
    }
    socket.on('error', () => socket.destroy());
    const exchange = new Exchange(request as ServerRequest, response as ServerResponse & Answer, { request, socket, head });
    this.#serve(exchange);
    response.once('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    socket.once('close', () => {
      exchange.abort();
      exchange.close();
      this.#finished(exchange);
    });
  }

  #finished(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    if (this.#exchanges.size > 0) return;
    for (const done of this.#waiting) done();
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    for (const session of this.#sessions) session.close();
    for (const exchange of this.#exchanges) if (exchange.longRunning) exchange.abort();
    await this.#quiet(graceMs);
    for (const exchange of this.#exchanges) exchange.abort();
    await this.#emptied(graceMs > 0 ? FLUSH_MS : 0);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Waits until no request is under way, at most `ms`. */
  #quiet(ms: number): Promise<void> {
    if (this.#exchanges.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const timer = systemClock.after(ms, done);
      this.#waiting.add(done);
    });
  }

  /** Lets idle HTTP/1.1 connections go and waits until all others have sent what they have, at most `ms`. */
  #emptied(ms: number): Promise<void> {
    const server = this.#server as unknown as { closeIdleConnections?(): void };
    server.closeIdleConnections?.();
    const open = [...this.#sockets];
    const all = Promise.all(
      open.map((socket) => new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))),
    );
    return new Promise((resolve) => {
      const timer = systemClock.after(ms, () => resolve());
      void all.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function startError(error: NodeJS.ErrnoException, address: string, port: number): Error {
  const where = hostPort(address, port);
  if (error.code === 'EADDRINUSE')
    return new UserError(`${where} is in use: choose another port with --secure-port (0 takes any free one)`, 'failure', { cause: error });
  if (error.code === 'EACCES') return new UserError(`${where}: no permission to listen there`, 'failure', { cause: error });
  if (error.code === 'EADDRNOTAVAIL')
    return new UserError(`${where}: this machine has no such address (--bind-address)`, 'failure', { cause: error });
  return error;
}
