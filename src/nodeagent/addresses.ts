/** The IPv4 addresses of a CIDR as numbers. @throws Error when the text is no IPv4 CIDR */
export function parseCIDR(cidr: string): { first: number; size: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a, b, c, d, prefix] = (match ?? []).slice(1).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined || prefix === undefined || prefix > 32)
    throw new Error(`${cidr} is not an IPv4 CIDR`);
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), size };
}

/** `10.0.0.1` */
export function ipText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The address as a number. */
export function ipNumber(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Gives out the addresses of a node's range: never the first two (network, gateway) nor the last (broadcast). */
export class AddressPool {
  readonly #first: number;
  readonly #size: number;
  readonly #used = new Set<number>();
  #next = 2;

  constructor(cidr: string) {
    const { first, size } = parseCIDR(cidr);
    this.#first = first;
    this.#size = size;
  }

  /** @returns undefined when all are in use. An address that came free is not given again before all others have been. */
  take(): string | undefined {
    const usable = this.#size - 3;
    for (let tries = 0; tries < usable; tries++) {
      const offset = this.#next;
      this.#next = offset + 1 >= this.#size - 1 ? 2 : offset + 1;
      if (this.#used.has(offset)) continue;
      this.#used.add(offset);
      return ipText(this.#first + offset);
    }
    return undefined;
  }

  /** Marks an address as taken that was given out in an earlier life. */
  reserve(ip: string): void {
    const offset = ipNumber(ip) - this.#first;
    if (offset >= 0 && offset < this.#size) this.#used.add(offset);
  }

  /** Gives an address back. */
  release(ip: string): void {
    this.#used.delete(ipNumber(ip) - this.#first);
  }
}
