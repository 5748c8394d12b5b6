// Giving out numbers (addresses, ports) of which each may have one owner. The owners are objects in the store; what is held
// in memory are only the claims of writes that the reader does not show yet.

/**
 * Claims on values by writes under way. A claim lasts until its write fails, until the reader shows the written object
 * (`settle`), or until the object is gone.
 */
export class Claims<V extends string | number> {
  readonly #owners = new Map<V, { owner: string; written: boolean }>();

  has(value: V): boolean {
    return this.#owners.has(value);
  }
  claim(value: V, owner: string): void {
    this.#owners.set(value, { owner, written: false });
  }
  /** The write succeeded. */
  keep(value: V): void {
    const claim = this.#owners.get(value);
    if (claim) claim.written = true;
  }
  release(value: V): void {
    this.#owners.delete(value);
  }
  /** Forgets the claims of writes that `isStored` knows. */
  settle(isStored: (value: V, owner: string) => boolean): void {
    for (const [value, { owner, written }] of this.#owners) if (written && isStored(value, owner)) this.#owners.delete(value);
  }
}

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
