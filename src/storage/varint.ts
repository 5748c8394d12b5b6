/** Reads numbers and bytes one after another, as LevelDB and Snappy write them. Every method throws RangeError at the end. */
export class Reader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  get done(): boolean {
    return this.#at >= this.#data.length;
  }

  /** What has not been read yet. */
  get rest(): Buffer {
    return this.#data.subarray(this.#at);
  }

  byte(): number {
    const byte = this.#data[this.#at++];
    if (byte === undefined) throw new RangeError('ends too early');
    return byte;
  }

  /** Seven bits a byte, lowest first; the highest bit says that more follow. */
  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('number too large');
    }
  }

  /** A number of `size` bytes, lowest first. */
  little(size: number): number {
    return this.bytes(size).readUIntLE(0, size);
  }

  bytes(count: number): Buffer {
    if (this.#at + count > this.#data.length) throw new RangeError('ends too early');
    this.#at += count;
    return this.#data.subarray(this.#at - count, this.#at);
  }

  /** Bytes with their number before them. */
  slice(): Buffer {
    return this.bytes(this.varint());
  }
}
