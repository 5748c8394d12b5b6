import 'reflect-metadata'; // @peculiar/x509 refuses to load without it
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Subject } from '../../src/server/certificates.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** What somebody sends who wants a certificate: a PKCS#10 request, and the key that it is for; both PEM. */
export async function signingRequest({ commonName, organizations = [] }: Subject): Promise<{ request: string; publicKey: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const name = [...organizations.map((o) => ({ O: [o] })), { CN: [commonName] }];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: ALGORITHM });
  const publicKey = x509.PemConverter.encode(await webcrypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY');
  return { request: request.toString('pem'), publicKey };
}
