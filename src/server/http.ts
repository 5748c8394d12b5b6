// Requests and answers of both protocols. Node's two response classes are derived from once, so that filters and handlers need
// not know over which version of HTTP they answer.
import type { EventEmitter } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';
import type { Response } from '../handlers/request.js';
import { Compression } from './compression.js';

type Callback = () => void;
type Chunk = string | Uint8Array;

/** A request over either protocol, as a server gets it. */
export type ServerRequest = (IncomingMessage | Http2ServerRequest) & { readonly method: string; readonly url: string };

/** The response of either protocol, and what it can do beyond Node's own. */
export interface Answer extends Response {
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
  return class extends Base implements Omit<Answer, keyof Response> {
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

/** For `createSecureServer({ allowHTTP1: true })`: it makes a server's responses, all of which are an `Answer`. */
export const answerClasses = {
  Http1ServerResponse: answerClass(ServerResponse as unknown as new () => PlainResponse, false) as unknown as typeof ServerResponse,
  Http2ServerResponse: answerClass(
    Http2ServerResponse as unknown as new () => PlainResponse,
    true,
  ) as unknown as typeof Http2ServerResponse,
};
