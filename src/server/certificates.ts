// Makes certificates (RFC 5280). Node reads and checks them but makes none; the libraries that do take longer to load than the
// whole server to start.
import { createHash, createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { parseAddress } from '../api/shared/ip.js';
import * as der from '../util/der.js';

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

/** How signatures of such a key are made: with SHA-256. Keys of our own are all `ec`. */
const SIGNATURES: Readonly<Record<string, Buffer>> = {
  ec: der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2')),
  rsa: der.sequence(der.objectIdentifier('1.2.840.113549.1.1.11'), der.nothing),
};

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

const SUBJECT_KEY = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const ALTERNATIVE_NAMES = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY = '2.5.29.35';
const EXTENDED_KEY_USAGE = '2.5.29.37';

/** What a key may be used for: positions in the extension's flags. */
const DIGITAL_SIGNATURE = 0;
const KEY_ENCIPHERMENT = 2;
const CERTIFICATE_SIGN = 5;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** The forms of a name in a certificate. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** Makes an authority that signs itself. */
export async function makeAuthority(commonName: string, days: number): Promise<KeyPair> {
  const keys = await newKeys();
  const name = distinguishedName({ commonName });
  const extensions = [
    extension(BASIC_CONSTRAINTS, der.sequence(der.TRUE), 'critical'),
    extension(KEY_USAGE, der.flags(CERTIFICATE_SIGN, DIGITAL_SIGNATURE, KEY_ENCIPHERMENT), 'critical'),
    extension(SUBJECT_KEY, der.octetString(keyIdentifier(keys.publicKey))),
  ];
  return pair(keys, { issuer: name, subject: name, signingKey: keys.privateKey, days, extensions });
}

/**
 * Makes a certificate signed by `authority`.
 * @param names who a server is; absent: a client's certificate
 * @throws Error when the authority's key is neither an elliptic curve's nor RSA
 */
export async function issue(authority: KeyPair, subject: Subject, days: number, names?: Names): Promise<KeyPair> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.cert);
  const extensions = [
    extension(BASIC_CONSTRAINTS, der.sequence(), 'critical'),
    extension(KEY_USAGE, der.flags(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT), 'critical'),
    extension(EXTENDED_KEY_USAGE, der.sequence(der.objectIdentifier(names ? SERVER_AUTHENTICATION : CLIENT_AUTHENTICATION))),
    extension(AUTHORITY_KEY, der.sequence(der.implicit(0, keyIdentifier(issuer.publicKey)))),
    ...(names ? [extension(ALTERNATIVE_NAMES, generalNames(names))] : []),
  ];
  const signingKey = createPrivateKey(authority.key);
  return pair(keys, { issuer: subjectOf(issuer), subject: distinguishedName(subject), signingKey, days, extensions });
}

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Contents {
  /** DER, as the subject. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly signingKey: KeyObject;
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

/** Signs the certificate of a new key. */
function pair({ publicKey, privateKey }: Keys, { issuer, subject, signingKey, days, extensions }: Contents): KeyPair {
  const algorithm = SIGNATURES[signingKey.asymmetricKeyType ?? ''];
  if (!algorithm) throw new Error(`certificates are not signed with keys of type ${signingKey.asymmetricKeyType}`);
  const version3 = der.explicit(0, der.integer(Buffer.from([2])));
  const signed = der.sequence(
    version3,
    der.integer(randomBytes(16)),
    algorithm,
    issuer,
    validity(days),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const certificate = der.sequence(signed, algorithm, der.bitString(sign('sha256', signed, signingKey)));
  return { cert: pem('CERTIFICATE', certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

function newKeys(): Promise<Keys> {
  return promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
}

/** A sequence of sets of attributes: `O=system:masters, CN=kubernetes-admin`. */
function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, text: string) => der.set(der.sequence(der.objectIdentifier(type), der.utf8(text)));
  return der.sequence(...organizations.map((name) => attribute(ORGANIZATION, name)), attribute(COMMON_NAME, commonName));
}

/** The subject as it stands in a certificate: those that it signs must name it by the same bytes. */
function subjectOf({ raw }: X509Certificate): Buffer {
  const [certificate] = der.elements(raw);
  const [signed] = der.elements(der.tagged(certificate, der.SEQUENCE).content);
  const [, , , , , subject] = der.elements(der.tagged(signed, der.SEQUENCE).content);
  return der.tagged(subject, der.SEQUENCE).whole;
}

function extension(type: string, value: Buffer, critical?: 'critical'): Buffer {
  return der.sequence(der.objectIdentifier(type), ...(critical ? [der.TRUE] : []), der.octetString(value));
}

/** By which a certificate says who has signed it: a hash of the key's bits (RFC 5280, 4.2.1.2). */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const [info] = der.elements(publicKey.export({ type: 'spki', format: 'der' }));
  const [, bits] = der.elements(der.tagged(info, der.SEQUENCE).content);
  // the first byte counts the bits that are not used: none
  return createHash('sha1').update(der.tagged(bits, der.BIT_STRING).content.subarray(1)).digest();
}

function generalNames({ dns, ips }: Names): Buffer {
  return der.sequence(
    ...dns.map((name) => der.implicit(DNS_NAME, Buffer.from(name))),
    ...ips.map((ip) => der.implicit(IP_ADDRESS, addressBytes(ip))),
  );
}

function addressBytes(ip: string): Buffer {
  const address = parseAddress(ip);
  if (!address) throw new Error(`${ip} is no IP address`);
  return Buffer.from(address.value.toString(16).padStart(address.family === 'IPv4' ? 8 : 32, '0'), 'hex');
}

/** By the machine's time: TLS knows no other. */
function validity(days: number): Buffer {
  const now = Date.now();
  return der.sequence(der.time(new Date(now - BACKDATED_MS)), der.time(new Date(now + days * DAY_MS)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
