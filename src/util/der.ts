// DER (X.690), the encoding of certificates and of requests for them, as far as it is read here.

/** One element: its whole bytes, and its content. */
export interface Element {
  readonly tag: number;
  readonly whole: Buffer;
  readonly content: Buffer;
}

export const BIT_STRING = 0x03;
export const SEQUENCE = 0x30;

/** The bytes are no DER, or hold something else than is wanted. */
export class DerError extends Error {}

/** The elements that follow each other in `der`. @throws DerError */
export function elements(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der.readUInt8(at);
    let length = der[at + 1] ?? 0;
    let start = at + 2;
    if (length & 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 4 || start + size > der.length) throw new DerError('length too large');
      length = der.readUIntBE(start, size);
      start += size;
    }
    if (start + length > der.length) throw new DerError('data truncated');
    found.push({ tag, whole: der.subarray(at, start + length), content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** The element, which must have this tag. @throws DerError */
export function tagged(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new DerError('tags do not match');
  return element;
}
