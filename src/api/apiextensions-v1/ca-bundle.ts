import { X509Certificate } from 'node:crypto';
import { type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';

/** @returns an error when a bundle (base64 of PEM) holds no certificates */
export function validateCertificates(bundle: string, path: FieldPath): FieldError[] {
  const blocks = Buffer.from(bundle, 'base64')
    .toString()
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  const readable = blocks?.every((pem) => {
    try {
      return Boolean(new X509Certificate(pem));
    } catch {
      return false;
    }
  });
  if (readable) return [];
  const why = blocks ? 'x509: malformed certificate' : 'unable to parse bytes as PEM block';
  return [invalid(path, bundle, `unable to load root certificates: ${why}`)];
}
