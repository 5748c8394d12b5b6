// PKCS #10 certificate signing requests (RFC 2986): are they well-formed? Who signed them is the signer's to check.
import { createPublicKey, X509Certificate } from 'node:crypto';

/** One element of DER: its whole bytes, and its content. */
interface Element {
  readonly tag: number;
  readonly whole: Buffer;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;
/** @returns what is wrong with a request in base64 of PEM; texts as of Go's crypto/x509 */
export function signingRequestProblem(request: string): string | undefined {
  const pem = Buffer.from(request, 'base64').toString('latin1');
  const block = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/.exec(pem);
  if (!block || pem.slice(0, block.index).includes('-----BEGIN')) return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    parseRequest(Buffer.from(block[1] ?? '', 'base64'));
    return undefined;
  } catch (e) {
    return e instanceof DerError ? `asn1: structure error: ${e.message}` : `x509: ${e instanceof Error ? e.message : String(e)}`;
  }
}

/** @returns what is wrong with a chain of certificates in base64 of PEM */
export function certificateProblem(certificate: string): string | undefined {
  const pem = Buffer.from(certificate, 'base64').toString('latin1');
  const blocks = [...pem.matchAll(/-----BEGIN ([^-]*)-----([\s\S]*?)-----END \1-----/g)];
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const [text, type, body] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (body?.includes(':')) return 'no PEM block headers are permitted';
    try {
      new X509Certificate(text);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return undefined;
}

class DerError extends Error {}

/** @throws Error when it is not a request with a public key, an algorithm and a signature */
function parseRequest(der: Buffer): void {
  const [request] = elements(der);
  const [info, algorithm, signature] = elements(expect(request, SEQUENCE).content);
  const [, , key] = elements(expect(info, SEQUENCE).content);
  expect(algorithm, SEQUENCE);
  expect(signature, BIT_STRING);
  createPublicKey({ key: expect(key, SEQUENCE).whole, format: 'der', type: 'spki' });
}

function expect(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new DerError('tags do not match');
  return element;
}

function elements(der: Buffer): Element[] {
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
