// Express over HTTP/1.1 and HTTP/2 on one port.
//
// Express calls Object.setPrototypeOf on every request and response. Over HTTP/2 that breaks the objects, over HTTP/1.1 it
// makes them slow: it is most of what express costs. Here the server constructs its objects from classes whose prototypes
// are express's own already ("born objects"), so the call changes nothing.
import type { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import express, { type Express } from 'express';
import { Compression } from './compression.js';
import { isHttp2 } from './http1-rules.js';

type Callback = () => void;
type Chunk = string | Uint8Array;

/** What a response of either protocol can do beyond Node's own. */
export interface Answer {
  /** Compresses the body when it turns out to be large. Has no effect once something was written. */
  compress(): void;
  /** Forgets what was written but not sent: another answer is to be given. */
  discard(): void;
  /** Breaks an answer off so that the client cannot take it for a complete one. */
  cut(): void;
  /** Ignores whatever is written from now on: the answer is complete, though its handler still runs. */
  seal(): void;
  /** How much of the body was sent so far, compressed or not. */
  readonly bytesSent: number;
}

/** What Node's two response classes have in common, as far as it is used here. */
interface PlainResponse extends EventEmitter {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string | number): unknown;
  removeHeader(name: string): void;
  flushHeaders(): void;
  write(chunk: Chunk, encoding?: BufferEncoding | Callback, callback?: Callback): boolean;
  end(chunk?: Chunk | Callback, encoding?: BufferEncoding | Callback, callback?: Callback): unknown;
  destroy(): unknown;
  /** Over HTTP/2 only. */
  readonly stream?: ServerHttp2Stream;
}

/**
 * Derives from one of Node's response classes.
 * @param endWrites its `end` passes the last chunk to `write`
 */
function answerClass(Base: new () => PlainResponse, endWrites: boolean) {
  return class extends Base implements Answer {
    #compression: Compression | undefined;
    #sealed = false;
    bytesSent = 0;

    compress(): void {
      if (this.headersSent) return;
      this.#compression = new Compression(this, {
        write: (chunk) => {
          this.bytesSent += chunk.length;
          return super.write(chunk);
        },
        end: (chunk) => {
          this.#compression = undefined;
          if (!endWrites) this.bytesSent += chunk?.length ?? 0;
          super.end(chunk);
        },
      });
    }

    discard(): void {
      this.#compression?.destroy();
      this.#compression = undefined;
      if (!this.headersSent) this.removeHeader('content-encoding');
    }

    cut(): void {
      if (this.stream) this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      else this.destroy();
    }

    seal(): void {
      this.#sealed = true;
    }

    override write(chunk: Chunk, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
      if (this.#sealed) return true;
      if (!this.#compression) {
        this.bytesSent += chunk.length;
        return super.write(chunk, encoding, callback);
      }
      const done = typeof encoding === 'function' ? encoding : callback;
      const more = this.#compression.write(chunk, typeof encoding === 'string' ? encoding : undefined);
      if (done) process.nextTick(done);
      return more;
    }

    override end(chunk?: Chunk | Callback, encoding?: BufferEncoding | Callback, callback?: Callback): unknown {
      if (this.#sealed) return this;
      if (!this.#compression) {
        if (!endWrites && chunk !== undefined && typeof chunk !== 'function') this.bytesSent += chunk.length;
        return super.end(chunk, encoding, callback);
      }
      const done = [chunk, encoding, callback].find((v) => typeof v === 'function');
      if (done) this.once('finish', done as Callback);
      this.#compression.end(typeof chunk === 'function' ? undefined : chunk, typeof encoding === 'string' ? encoding : undefined);
      return this;
    }

    override flushHeaders(): void {
      this.#compression = undefined;
      super.flushHeaders();
    }
  };
}

/** A class derived from `Base` that has what express adds to a request or response. */
function dress<T extends abstract new (...args: never[]) => object>(Base: T, extras: object, app: Express): T {
  const { constructor: _, ...properties } = Object.getOwnPropertyDescriptors(extras);
  const Dressed = { Dressed: class extends (Base as unknown as new () => object) {} }.Dressed;
  Object.defineProperties(Dressed.prototype, { ...properties, app: { value: app, configurable: true, writable: true } });
  return Dressed as unknown as T;
}

/** Express's app has a `handle`, which the types leave out. */
type Handling = Express & { handle(request: unknown, response: unknown): void };

/**
 * Prepares `app` for a server made with `http2.createSecureServer(options, handle)`.
 * Routers may be mounted on it, other apps not: they would change the prototypes again.
 */
export function serveWith(app: Express) {
  const Http1Request = dress(IncomingMessage, express.request, app);
  const Http1Response = dress(
    answerClass(ServerResponse as unknown as new () => PlainResponse, false),
    express.response,
    app,
  ) as unknown as typeof ServerResponse;
  const Http2Request = dress(Http2ServerRequest, express.request, app);
  const Http2Response = dress(
    answerClass(Http2ServerResponse as unknown as new () => PlainResponse, true),
    express.response,
    app,
  ) as unknown as typeof Http2ServerResponse;
  app.request = Http1Request.prototype as unknown as Express['request'];
  app.response = Http1Response.prototype as unknown as Express['response'];
  const overHttp2 = Object.create(app, {
    request: { value: Http2Request.prototype },
    response: { value: Http2Response.prototype },
  }) as Handling;
  return {
    options: {
      allowHTTP1: true,
      Http1IncomingMessage: Http1Request,
      Http1ServerResponse: Http1Response,
      Http2ServerRequest: Http2Request,
      Http2ServerResponse: Http2Response,
    },
    Http1Response,
    handle(request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse): void {
      if (!isHttp2(request)) return (app as Handling).handle(request, response);
      const { headers, stream } = request;
      // what express and its middlewares ask for is absent over HTTP/2
      headers.host ??= headers[':authority'];
      if (!stream.endAfterHeaders && headers['content-length'] === undefined) headers['transfer-encoding'] ??= 'chunked';
      overHttp2.handle(request, response);
    },
  };
}
