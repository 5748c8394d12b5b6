// Makes certificates. Loading the library takes longer than everything else here, so this module is imported only when
// one must be made: the first start, or once they are about to expire.
import 'reflect-metadata'; // @peculiar/x509 refuses to load without it
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Curves as Node and as Web Crypto call them. */
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const DAY_MS = 86_400_000;
/** Clocks of clients may be behind, and that of this machine may go back: whose certificate is not valid yet gets 401. */
const BACKDATED_MS = DAY_MS;

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Whom a certificate is about. */
export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

/** The names and addresses a server is reached by. */
export interface Names {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

/** Makes an authority that signs itself. */
export async function makeAuthority(commonName: string, days: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: [commonName] }],
    ...validity(days),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyPem(keys.privateKey) };
}

/**
 * Makes a certificate signed by `authority`.
 * @param names who a server is; absent: a client's certificate
 * @throws Error when the authority's key is neither an elliptic curve's nor RSA
 */
export async function issue(authority: KeyPair, subject: Subject, days: number, names?: Names): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.cert);
  const signingAlgorithm = algorithmOf(authority);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(authority.key), signingAlgorithm, false, [
    'sign',
  ]);
  const keys = await newKeys();
  const usage = names ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
    new x509.ExtendedKeyUsageExtension([usage]),
    await x509.AuthorityKeyIdentifierExtension.create(issuer),
  ];
  if (names) extensions.push(new x509.SubjectAlternativeNameExtension(generalNames(names)));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    // a list of parts keeps their order and needs no escaping
    subject: [...(subject.organizations ?? []).map((O) => ({ O: [O] })), { CN: [subject.commonName] }],
    issuer: issuer.subjectName,
    ...validity(days),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm,
    extensions,
  });
  return { cert: certificate.toString('pem'), key: await keyPem(keys.privateKey) };
}

/** An authority that was made elsewhere may have another kind of key. */
function algorithmOf({ key }: KeyPair) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(key);
  if (type === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const namedCurve = CURVES[details?.namedCurve ?? ''];
  if (!namedCurve) throw new Error(`certificates are not signed with keys of type ${type}`);
  return { ...ALGORITHM, namedCurve };
}

function generalNames({ dns, ips }: Names): x509.JsonGeneralName[] {
  return [...dns.map((value) => ({ type: 'dns' as const, value })), ...ips.map((value) => ({ type: 'ip' as const, value }))];
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

/** Positive, as RFC 5280 wants it. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 1;
  return bytes.toString('hex');
}

/** By the machine's time: TLS knows no other. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}
