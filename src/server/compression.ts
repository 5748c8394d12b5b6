import type { EventEmitter } from 'node:events';
import { constants, createGzip, type Gzip } from 'node:zlib';

/** Bodies up to this size are sent as they are (upstream's defaultGzipThresholdBytes). */
const THRESHOLD = 128 * 1024;

interface Response extends EventEmitter {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string | number): unknown;
  removeHeader(name: string): void;
}

/** Sends bytes to the client as they are. */
interface Sink {
  /** @returns false: wait for the response's 'drain' */
  write(chunk: Buffer): boolean;
  end(chunk?: Buffer): void;
}

type Chunk = string | Uint8Array;

/**
 * Compresses a body once it is known to be large: everything is held back until the threshold is passed or the body ends.
 * Level 1, as upstream: an API answer shrinks little more at higher ones, and costs much more.
 */
export class Compression {
  readonly #response: Response;
  readonly #sink: Sink;
  #held: Buffer[] = [];
  #size = 0;
  #gzip: Gzip | undefined;

  constructor(response: Response, sink: Sink) {
    this.#response = response;
    this.#sink = sink;
  }

  /** @returns false: the caller should wait for 'drain' */
  write(chunk: Chunk, encoding?: BufferEncoding): boolean {
    const buffer = toBuffer(chunk, encoding);
    if (this.#gzip) return this.#gzip.write(buffer);
    this.#held.push(buffer);
    this.#size += buffer.length;
    return this.#size <= THRESHOLD || this.#start();
  }

  end(chunk?: Chunk, encoding?: BufferEncoding): void {
    if (chunk !== undefined) this.write(chunk, encoding);
    if (this.#gzip) {
      this.#gzip.end();
      return;
    }
    const response = this.#response;
    const body = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held);
    if (!response.headersSent && response.getHeader('content-length') === undefined) response.setHeader('content-length', this.#size);
    this.#sink.end(body);
  }

  /** Frees the compressor of an answer that was cut short. */
  destroy(): void {
    this.#gzip?.destroy();
    this.#held = [];
  }

  #start(): boolean {
    const response = this.#response;
    response.setHeader('content-encoding', 'gzip');
    const vary = response.getHeader('vary');
    if (typeof vary !== 'string') response.setHeader('vary', 'Accept-Encoding');
    else if (!vary.includes('Accept-Encoding')) response.setHeader('vary', `${vary}, Accept-Encoding`);
    response.removeHeader('content-length');
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    this.#gzip = gzip;
    response.once('close', () => gzip.destroy());
    gzip.on('data', (compressed: Buffer) => {
      if (this.#sink.write(compressed)) return;
      gzip.pause();
      response.once('drain', () => gzip.resume());
    });
    gzip.on('end', () => this.#sink.end());
    gzip.on('drain', () => response.emit('drain'));
    const held = Buffer.concat(this.#held);
    this.#held = [];
    return gzip.write(held);
  }
}

/** Whether a client's Accept-Encoding names gzip (upstream looks for the bare word). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const text = Array.isArray(header) ? header.join(',') : header;
  return text !== undefined && text.split(',').some((token) => token.trim() === 'gzip');
}

function toBuffer(chunk: Chunk, encoding?: BufferEncoding): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
