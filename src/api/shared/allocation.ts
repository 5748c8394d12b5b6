// Giving out numbers (addresses, ports) of a range.

/**
 * How much at the start of a range is left for those who ask for a certain value: `size / step`, within bounds; KEP-3070 for
 * cluster IPs, KEP-3668 for node ports.
 */
export function reservedPart(size: bigint, { min, max, step }: { min: bigint; max: bigint; step: bigint }): bigint {
  if (size <= min) return 0n;
  const part = size / step;
  return part < min ? min : part > max ? max : part;
}

/**
 * A free value of a range, from a random place on; first behind the reserved part, then in it.
 * @returns undefined when all are taken
 */
export function pickFree(
  range: { first: bigint; last: bigint; reserved: bigint },
  isTaken: (value: bigint) => boolean,
  random: () => number,
): bigint | undefined {
  const middle = range.first + range.reserved;
  return pickWithin(middle, range.last, isTaken, random) ?? pickWithin(range.first, middle - 1n, isTaken, random);
}

function pickWithin(first: bigint, last: bigint, isTaken: (value: bigint) => boolean, random: () => number): bigint | undefined {
  const size = last - first + 1n;
  if (size <= 0n) return undefined;
  // 2^53 places to start at are enough for any range
  const offset = (BigInt(Math.floor(random() * Number.MAX_SAFE_INTEGER)) * size) / BigInt(Number.MAX_SAFE_INTEGER);
  for (let i = 0n; i < size; i++) {
    const value = first + ((offset + i) % size);
    if (!isTaken(value)) return value;
  }
  return undefined;
}
