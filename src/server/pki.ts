// The cluster's own certificate authority and what it has signed, kept in DATA_DIR/pki.
import { generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TokenAuthenticator } from '../api/context.js';
import type { Settings } from '../options.js';
import { systemClock } from '../util/clock.js';
import { makeDirectory } from '../util/directories.js';
import { save } from '../util/save.js';
import { UserError } from '../util/user-error.js';
import type { KeyPair, Names, Subject } from './certificates.js';
import { belongTogether, loadPair, loadRsaKey, readFlagged, storePair } from './key-files.js';
import { serverUrl, writeKubeconfig } from './kubeconfig.js';
import { noTokens, tokenFile } from './token-file.js';
import { MASTERS_GROUP } from './user-names.js';

const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 365;
/** A certificate with less than this left is replaced at the next start. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** The part of the settings that certificates depend on. */
export type PkiOptions = Pick<
  Settings,
  'dataDir' | 'bindAddress' | 'tlsCertFile' | 'tlsPrivateKeyFile' | 'clientCAFile' | 'tokenAuthFile' | 'logger'
> & {
  /** The service `kubernetes` inside the cluster: the first address of each service range. */
  readonly serviceAddresses: readonly string[];
};

/** Everything by which server and clients know each other. */
export interface Pki {
  /** PEM of what clients should trust: the cluster's authority, or the serving certificate that the user brought. */
  readonly caCert: string;
  readonly serving: KeyPair;
  /** Of kubernetes-admin, who is in system:masters. */
  readonly admin: KeyPair;
  /** PEM of the authorities whose client certificates are believed. */
  readonly clientCAs: readonly string[];
  /** The static tokens of --token-auth-file. */
  readonly tokens: TokenAuthenticator;
  /** Writes the admin's kubeconfig for a server on this port. @returns its path */
  writeKubeconfig(port: number): Promise<string>;
  /** The key that signs service account tokens (RSA 2048); made when it is first asked for, since that takes a while. */
  serviceAccountKey(): Promise<KeyObject>;
}

/**
 * Reads the certificates from the data directory; makes those that are missing, not valid for long, or for other names.
 * @throws UserError when the directory, a file in it or one that a flag names cannot be used
 */
export async function openPki(options: PkiOptions): Promise<Pki> {
  const { dataDir, bindAddress, clientCAFile, tokenAuthFile } = options;
  const directory = pkiDirectory(dataDir);
  const tokens = tokenAuthFile === undefined ? noTokens : tokenFile(tokenAuthFile, options.logger);
  // the user's files first: nothing is made when one of them is wrong
  const brought = await readServing(options);
  const clientCA = clientCAFile === undefined ? undefined : await readClientCA(clientCAFile);
  const own = await openOwn(options, directory);
  const { ca, admin } = own;
  const caCert = brought?.cert ?? ca.cert;
  let signingKey: Promise<KeyObject> | undefined = own.serviceAccountKey && Promise.resolve(own.serviceAccountKey);
  return {
    caCert,
    serving: brought ?? own.serving,
    admin,
    clientCAs: clientCA === undefined ? [ca.cert] : [ca.cert, clientCA],
    tokens,
    writeKubeconfig: (port) => writeKubeconfig(dataDir, { server: serverUrl(bindAddress, port), ca: caCert, client: admin }),
    serviceAccountKey() {
      signingKey ??= makeServiceAccountKey(directory);
      return signingKey;
    },
  };
}

/** Where a data directory keeps keys and certificates. */
export function pkiDirectory(dataDir: string): string {
  return join(dataDir, 'pki');
}

interface OwnFiles {
  readonly ca: KeyPair;
  readonly serving: KeyPair;
  readonly admin: KeyPair;
  /** Undefined: nobody has asked for one yet. */
  readonly serviceAccountKey: KeyObject | undefined;
}

async function openOwn(options: PkiOptions, directory: string): Promise<OwnFiles> {
  try {
    await makeDirectory(directory, 0o700);
    const ca = await authority(directory);
    const [serving, admin, serviceAccountKey] = await Promise.all([
      signed(directory, 'apiserver', ca, { commonName: 'kube-apiserver' }, servingNames(options)),
      signed(directory, 'admin', ca, { commonName: 'kubernetes-admin', organizations: [MASTERS_GROUP] }),
      loadRsaKey(serviceAccountKeyFile(directory)),
    ]);
    return { ca, serving, admin, serviceAccountKey };
  } catch (error) {
    // only what the system refuses is the user's to mend
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`--data-dir=${options.dataDir}: cannot be used: ${(error as Error).message}`, 'failure', { cause: error });
  }
}

function serviceAccountKeyFile(directory: string): string {
  return join(directory, 'sa.key');
}

async function makeServiceAccountKey(directory: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  await save(serviceAccountKeyFile(directory), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600);
  return privateKey;
}

/** The serving certificate that the user brings along; undefined: none. */
async function readServing({ tlsCertFile, tlsPrivateKeyFile }: PkiOptions): Promise<KeyPair | undefined> {
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined) return undefined;
  const [cert, key] = await Promise.all([
    readFlagged('--tls-cert-file', tlsCertFile),
    readFlagged('--tls-private-key-file', tlsPrivateKeyFile),
  ]);
  let fits: boolean;
  try {
    fits = belongTogether({ cert, key });
  } catch (error) {
    throw new UserError(
      `--tls-cert-file=${tlsCertFile}, --tls-private-key-file=${tlsPrivateKeyFile}: ${(error as Error).message}`,
      'failure',
      { cause: error },
    );
  }
  if (!fits) throw new UserError(`--tls-private-key-file=${tlsPrivateKeyFile} is not the key of --tls-cert-file=${tlsCertFile}`);
  return { cert, key };
}

async function readClientCA(file: string): Promise<string> {
  const pem = await readFlagged('--client-ca-file', file);
  try {
    void new X509Certificate(pem);
  } catch (error) {
    throw new UserError(`--client-ca-file=${file} holds no certificate`, 'failure', { cause: error });
  }
  return pem;
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
  const existing = await loadPair(directory, 'ca');
  if (existing && isCurrent(existing)) return existing;
  const { makeAuthority } = await import('./certificates.js');
  const made = await makeAuthority('kubemu', AUTHORITY_DAYS);
  await storePair(directory, 'ca', made);
  return made;
}

async function signed(directory: string, name: string, ca: KeyPair, subject: Subject, names?: Names): Promise<KeyPair> {
  const existing = await loadPair(directory, name);
  if (existing && isCurrent(existing) && isSignedBy(existing, ca) && (!names || covers(existing, names))) return existing;
  const { issue } = await import('./certificates.js');
  const made = await issue(ca, subject, CERTIFICATE_DAYS, names);
  await storePair(directory, name, made);
  return made;
}

/** Made while the clock was ahead, a certificate is not valid yet. */
function isCurrent({ cert }: KeyPair): boolean {
  const { validFrom, validTo } = new X509Certificate(cert);
  const now = systemClock.now();
  return Date.parse(validFrom) <= now && Date.parse(validTo) - now > RENEW_BEFORE_MS;
}

function isSignedBy({ cert }: KeyPair, ca: KeyPair): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(ca.cert).publicKey);
}

function covers({ cert }: KeyPair, names: Names): boolean {
  const certificate = new X509Certificate(cert);
  return names.dns.every((name) => certificate.checkHost(name)) && names.ips.every((ip) => certificate.checkIP(ip));
}
