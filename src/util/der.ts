// DER (X.690): the encoding of certificates and of requests for them, as far as both are read and written here.

/** One element: its whole bytes, and its content. */
export interface Element {
  readonly tag: number;
  readonly whole: Buffer;
  readonly content: Buffer;
}

const BOOLEAN = 0x01;
const INTEGER = 0x02;
export const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
const SET = 0x31;
/** Tags whose meaning the place decides: `[0]`, `[1]` … */
const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;

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

/** One element. */
function encode(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([Buffer.from([tag, ...encodedLength(length)]), ...contents]);
}

function encodedLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** Parts in their order. */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return encode(SEQUENCE, ...parts);
}

/** A set of one: nothing here has more, and more would have to be sorted. */
export function set(part: Uint8Array): Buffer {
  return encode(SET, part);
}

/** @param bytes a positive number, the highest byte first */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Buffer.alloc(1) : bytes.subarray(first);
  // a highest bit that is set would make it negative
  return encode(INTEGER, ...((digits[0] as number) & 0x80 ? [Buffer.alloc(1)] : []), digits);
}

/** The boolean true; false is left out. */
export const TRUE = encode(BOOLEAN, Buffer.from([0xff]));
/** The value that says nothing: the parameters of an algorithm that has none. */
export const nothing = encode(NULL);

/** @param dotted 1.2.840.113549 */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const digits = [first * 40 + second, ...rest].flatMap((part) => {
    const sevens = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) sevens.unshift(0x80 | (left % 128));
    return sevens;
  });
  return encode(OBJECT_IDENTIFIER, Buffer.from(digits));
}

/** Bytes as they are; often those of another value. */
export function octetString(...parts: readonly Uint8Array[]): Buffer {
  return encode(OCTET_STRING, ...parts);
}

/** Whole bytes as bits: a key, a signature. */
export function bitString(bytes: Uint8Array): Buffer {
  return encode(BIT_STRING, Buffer.alloc(1), bytes);
}

/** A set of flags, of which `positions` are up: trailing zeros are left out. */
export function flags(...positions: readonly number[]): Buffer {
  const last = Math.max(...positions);
  const bytes = Buffer.alloc(1 + (last >> 3) + 1);
  bytes[0] = 7 - (last & 7);
  for (const position of positions) bytes[1 + (position >> 3)] = (bytes[1 + (position >> 3)] as number) | (0x80 >> (position & 7));
  return encode(BIT_STRING, bytes);
}

/** A text. */
export function utf8(text: string): Buffer {
  return encode(UTF8_STRING, Buffer.from(text));
}

/** A moment, to the second. Years from 2050 on have a form of their own (RFC 5280, 4.1.2.5). */
export function time(moment: Date): Buffer {
  const digits = `${moment.toISOString().replace(/\.\d+Z$|[-:T]/g, '')}Z`;
  return moment.getUTCFullYear() < 2050 ? encode(UTC_TIME, Buffer.from(digits.slice(2))) : encode(GENERALIZED_TIME, Buffer.from(digits));
}

/** `[n]` in place of the element's own tag. @param bytes its content */
export function implicit(n: number, bytes: Uint8Array): Buffer {
  return encode(CONTEXT | n, bytes);
}

/** `[n]` around whole elements. */
export function explicit(n: number, ...parts: readonly Uint8Array[]): Buffer {
  return encode(CONTEXT | CONSTRUCTED | n, ...parts);
}
