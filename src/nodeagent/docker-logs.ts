import { Transform, type TransformCallback } from 'node:stream';

const HEADER = 8;

/** Takes the frames off a container's output: each begins with eight bytes, the last four of which are its length. */
export class FrameStripper extends Transform {
  #rest: Buffer = Buffer.alloc(0);

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= HEADER) {
      const length = data.readUInt32BE(4);
      if (data.length < HEADER + length) break;
      this.push(data.subarray(HEADER, HEADER + length));
      data = data.subarray(HEADER + length);
    }
    this.#rest = data;
    done();
  }
}

/** Ends the stream after so many bytes. */
export class ByteLimit extends Transform {
  #left: number;

  constructor(limit: number) {
    super();
    this.#left = limit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#left > 0) this.push(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
    if (this.#left <= 0) this.push(null);
    done();
  }
}
