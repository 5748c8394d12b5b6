import { Reader } from './varint.js';

/**
 * Uncompresses a block in Snappy's raw format (google/snappy, format_description.txt).
 * @throws RangeError when the block is not well formed
 */
export function uncompress(block: Buffer): Buffer {
  const input = new Reader(block);
  const out = Buffer.alloc(input.varint());
  let length = 0;
  const copy = (count: number, offset: number) => {
    if (offset === 0 || offset > length || length + count > out.length) throw new RangeError('bad copy');
    // source and target may overlap: the copy then repeats what it has just written
    for (let i = 0; i < count; i++, length++) out[length] = out[length - offset] as number;
  };
  while (!input.done) {
    const tag = input.byte();
    const size = tag >>> 2;
    switch (tag & 3) {
      case 0: {
        const count = (size < 60 ? size : input.little(size - 59)) + 1;
        if (length + count > out.length) throw new RangeError('too long');
        input.bytes(count).copy(out, length);
        length += count;
        break;
      }
      case 1:
        copy((size & 7) + 4, ((size >>> 3) << 8) | input.byte());
        break;
      case 2:
        copy(size + 1, input.little(2));
        break;
      default:
        copy(size + 1, input.little(4));
    }
  }
  if (length !== out.length) throw new RangeError('too short');
  return out;
}
