/** Tables for eight bytes at a time ("slicing by 8"); polynomial of Castagnoli, reflected. */
const TABLES = makeTables();

function makeTables(): readonly Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const [first] = tables as [Int32Array];
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[n] = crc;
  }
  for (let t = 1; t < 8; t++) {
    const before = tables[t - 1] as Int32Array;
    const table = tables[t] as Int32Array;
    for (let n = 0; n < 256; n++) {
      const crc = before[n] as number;
      table[n] = (crc >>> 8) ^ (first[crc & 255] as number);
    }
  }
  return tables;
}

/** CRC-32C of `data[from, to)`, the checksum of LevelDB's files. */
export function crc32c(data: Buffer, from: number, to: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let crc = -1;
  let i = from;
  for (; i + 8 <= to; i += 8) {
    // every index is within its table: one byte
    const a = crc ^ (byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24));
    crc =
      (t7[a & 255] as number) ^
      (t6[(a >>> 8) & 255] as number) ^
      (t5[(a >>> 16) & 255] as number) ^
      (t4[a >>> 24] as number) ^
      (t3[byte(data, i + 4)] as number) ^
      (t2[byte(data, i + 5)] as number) ^
      (t1[byte(data, i + 6)] as number) ^
      (t0[byte(data, i + 7)] as number);
  }
  for (; i < to; i++) crc = (t0[(crc ^ byte(data, i)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** What LevelDB stores for a checksum: rotated and offset, so that a checksum of data with checksums in it means something. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function byte(data: Buffer, at: number): number {
  return data[at] as number;
}
