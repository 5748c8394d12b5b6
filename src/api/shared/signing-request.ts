// PKCS #10 certificate signing requests (RFC 2986): are they well-formed? Who signed them is the signer's to check.
import { createPublicKey, X509Certificate } from 'node:crypto';
import { BIT_STRING, DerError, type Element, elements, SEQUENCE, tagged } from '../../util/der.js';
import { messageOf } from '../../util/errors.js';

/** id-at-commonName and id-at-organizationName (X.520), as DER has them. */
const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';

/** For whom a certificate is requested. */
export interface RequestedSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** The request cannot be read. The message is Go's. */
export class SigningRequestError extends Error {}

/** @returns what is wrong with a request in base64 of PEM; texts as of Go's crypto/x509 */
export function signingRequestProblem(request: string): string | undefined {
  try {
    requestedSubject(request);
    return undefined;
  } catch (e) {
    if (e instanceof SigningRequestError) return e.message;
    throw e;
  }
}

/** The subject of a request in base64 of PEM. @throws SigningRequestError */
export function requestedSubject(request: string): RequestedSubject {
  const pem = Buffer.from(request, 'base64').toString('latin1');
  const block = /-----BEGIN CERTIFICATE REQUEST-----([\s\S]*?)-----END CERTIFICATE REQUEST-----/.exec(pem);
  if (!block || pem.slice(0, block.index).includes('-----BEGIN'))
    throw new SigningRequestError('PEM block type must be CERTIFICATE REQUEST');
  try {
    return parseRequest(Buffer.from(block[1] ?? '', 'base64'));
  } catch (e) {
    const problem = e instanceof DerError ? `asn1: structure error: ${e.message}` : `x509: ${messageOf(e)}`;
    throw new SigningRequestError(problem, { cause: e });
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

/** @throws Error when it is not a request with a public key, an algorithm and a signature */
function parseRequest(der: Buffer): RequestedSubject {
  const [request] = elements(der);
  const [info, algorithm, signature] = elements(tagged(request, SEQUENCE).content);
  const [, subject, key] = elements(tagged(info, SEQUENCE).content);
  tagged(algorithm, SEQUENCE);
  tagged(signature, BIT_STRING);
  createPublicKey({ key: tagged(key, SEQUENCE).whole, format: 'der', type: 'spki' });
  return readName(tagged(subject, SEQUENCE));
}

/** A name is a sequence of sets of attributes, each an identifier and a text. */
function readName(name: Element): RequestedSubject {
  const attributes = elements(name.content)
    .flatMap((set) => elements(set.content))
    .map((attribute) => elements(attribute.content))
    .map(([type, value]) => ({ type: type?.content.toString('hex'), text: value?.content.toString() ?? '' }));
  const texts = (wanted: string) => attributes.filter(({ type }) => type === wanted).map(({ text }) => text);
  return { commonName: texts(COMMON_NAME).at(-1) ?? '', organizations: texts(ORGANIZATION) };
}
