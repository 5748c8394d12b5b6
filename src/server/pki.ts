// The cluster's own certificate authority and what it has signed, kept in DATA_DIR/pki.
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../util/clock.js';
import { UserError } from '../util/user-error.js';
import type { KeyPair, Names, Subject } from './certificates.js';
import { MASTERS_GROUP } from './user-names.js';

const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 365;
/** A certificate with less than this left is replaced at the next start. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface PkiOptions {
  readonly dataDir: string;
  readonly bindAddress: string;
  /** The service `kubernetes` inside the cluster: the first address of each service range. */
  readonly serviceAddresses: readonly string[];
}

export interface Pki {
  /** PEM of the cluster's authority. */
  readonly ca: string;
  readonly serving: KeyPair;
  /** Of kubernetes-admin, who is in system:masters. */
  readonly admin: KeyPair;
}

/**
 * Reads the certificates from the data directory; makes those that are missing, about to expire, or for other names.
 * @throws UserError when the directory cannot be read or written
 */
export async function openPki(options: PkiOptions): Promise<Pki> {
  const directory = pkiDirectory(options.dataDir);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const ca = await authority(directory);
    const names = servingNames(options);
    const [serving, admin] = await Promise.all([
      signed(directory, 'apiserver', ca, { commonName: 'kube-apiserver' }, names),
      signed(directory, 'admin', ca, { commonName: 'kubernetes-admin', organizations: [MASTERS_GROUP] }),
    ]);
    return { ca: ca.cert, serving, admin };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`--data-dir=${options.dataDir}: cannot be used: ${(error as Error).message}`, 'failure', { cause: error });
  }
}

/** Where a data directory keeps keys and certificates. */
export function pkiDirectory(dataDir: string): string {
  return join(dataDir, 'pki');
}

/** The key that signs service account tokens (RSA 2048); made when it is first asked for, since that takes a while. */
export async function serviceAccountKey(dataDir: string): Promise<KeyObject> {
  const path = join(pkiDirectory(dataDir), 'sa.key');
  const existing = await readOrNothing(path);
  if (existing !== undefined) return createPrivateKey(existing);
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await save(path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600);
  return privateKey;
}

/**
 * A serving certificate that the user brings along.
 * @throws UserError when a file cannot be read, or certificate and key do not belong together
 */
export async function readServing(certFile: string, keyFile: string): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readPem('--tls-cert-file', certFile), readPem('--tls-private-key-file', keyFile)]);
  let belongs: boolean;
  try {
    belongs = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new UserError(`--tls-cert-file=${certFile}, --tls-private-key-file=${keyFile}: ${(error as Error).message}`, 'failure', {
      cause: error,
    });
  }
  if (!belongs) throw new UserError(`--tls-private-key-file=${keyFile} is not the key of --tls-cert-file=${certFile}`);
  return { cert, key };
}

/** The authorities of --client-ca-file, PEM. @throws UserError when it cannot be read or holds no certificate */
export async function readClientCA(file: string): Promise<string> {
  const pem = await readPem('--client-ca-file', file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new UserError(`--client-ca-file=${file} holds no certificate`);
  return pem;
}

async function readPem(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${flag}=${file}: cannot be read: ${(error as Error).message}`, 'failure', { cause: error });
  }
}

/** Under which names clients may call the server. */
function servingNames({ bindAddress, serviceAddresses }: PkiOptions): Names {
  const everywhere = bindAddress === '0.0.0.0' || bindAddress === '::';
  const own = everywhere
    ? Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((a) => !a.scopeid).map((a) => a.address))
    : [bindAddress];
  return {
    dns: unique([
      'localhost',
      hostname().toLowerCase(),
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ]),
    ips: unique(['127.0.0.1', '::1', ...own, ...serviceAddresses]),
  };
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

async function authority(directory: string): Promise<KeyPair> {
  const existing = await load(directory, 'ca');
  if (existing && isCurrent(existing)) return existing;
  const { makeAuthority } = await import('./certificates.js');
  const made = await makeAuthority('kubemu', AUTHORITY_DAYS);
  await store(directory, 'ca', made);
  return made;
}

async function signed(directory: string, name: string, ca: KeyPair, subject: Subject, names?: Names): Promise<KeyPair> {
  const existing = await load(directory, name);
  if (existing && isCurrent(existing) && isSignedBy(existing, ca) && (!names || covers(existing, names))) return existing;
  const { issue } = await import('./certificates.js');
  const made = await issue(ca, subject, CERTIFICATE_DAYS, names);
  await store(directory, name, made);
  return made;
}

function isCurrent({ cert }: KeyPair): boolean {
  return Date.parse(new X509Certificate(cert).validTo) - systemClock.now() > RENEW_BEFORE_MS;
}

function isSignedBy({ cert }: KeyPair, ca: KeyPair): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(ca.cert).publicKey);
}

function covers({ cert }: KeyPair, names: Names): boolean {
  const certificate = new X509Certificate(cert);
  return names.dns.every((name) => certificate.checkHost(name)) && names.ips.every((ip) => certificate.checkIP(ip));
}

/** @returns undefined: there is none, or what there is cannot be used */
async function load(directory: string, name: string): Promise<KeyPair | undefined> {
  const [cert, key] = await Promise.all([readOrNothing(join(directory, `${name}.crt`)), readOrNothing(join(directory, `${name}.key`))]);
  if (cert === undefined || key === undefined) return undefined;
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

async function store(directory: string, name: string, { cert, key }: KeyPair): Promise<void> {
  await save(join(directory, `${name}.key`), key, 0o600);
  await save(join(directory, `${name}.crt`), cert, 0o644);
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file so that nobody ever sees half of it. */
export async function save(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, content, { mode });
  await rename(draft, path);
}
