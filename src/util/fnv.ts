const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** The 64-bit FNV-1 hash of some bytes, as Go's hash/fnv New64 sums it. */
export function fnv64(bytes: Uint8Array): Buffer {
  let hash = OFFSET;
  for (const byte of bytes) hash = BigInt.asUintN(64, hash * PRIME) ^ BigInt(byte);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64BE(hash);
  return sum;
}
