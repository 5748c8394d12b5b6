/** What the writer process puts under key number n: mostly about a kilobyte, now and then more than a block of the log. */
export function valueOf(n: number): Buffer {
  return Buffer.alloc(n % 97 === 0 ? 50_000 : 200 * (1 + (n % 10)), `${n};`);
}
