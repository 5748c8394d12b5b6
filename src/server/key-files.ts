import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { save } from '../util/save.js';
import { UserError } from '../util/user-error.js';
import type { KeyPair } from './certificates.js';

/**
 * Reads NAME.crt and NAME.key.
 * @returns undefined: they are not there; a key alone is what an interrupted first start leaves
 * @throws UserError naming the file when one of them cannot be used: what stands in it may be all there is of it
 */
export async function loadPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certFile, keyFile] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const [cert, key] = await Promise.all([readOrNothing(certFile), readOrNothing(keyFile)]);
  if (cert === undefined) return undefined;
  const certificate = parse(certFile, 'certificate', () => new X509Certificate(cert));
  if (key === undefined) throw unusable(keyFile, 'is missing');
  const privateKey = parse(keyFile, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw unusable(keyFile, `is not the key of ${name}.crt`);
  return { cert, key };
}

/** Reads a private key; undefined: it is not there. @throws UserError naming the file when it holds no RSA key */
export async function loadRsaKey(path: string): Promise<KeyObject | undefined> {
  const text = await readOrNothing(path);
  if (text === undefined) return undefined;
  const key = parse(path, 'private key', () => createPrivateKey(text));
  if (key.asymmetricKeyType !== 'rsa') throw unusable(path, 'holds no RSA key');
  return key;
}

function parse<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unusable(path, `holds no ${what}`, error);
  }
}

function unusable(path: string, why: string, cause?: unknown): UserError {
  const pair = basename(path).replace(/^(ca|apiserver|admin)\.(?:crt|key)$/, '$1.crt and $1.key');
  return new UserError(`${path} ${why}: restore it from a copy, or remove ${pair} to have new made at the next start`, 'failure', {
    cause,
  });
}

/** Writes NAME.crt and NAME.key; the key is for its owner only. */
export async function storePair(directory: string, name: string, { cert, key }: KeyPair): Promise<void> {
  await save(join(directory, `${name}.key`), key, 0o600);
  await save(join(directory, `${name}.crt`), cert, 0o644);
}

/** @throws Error when one of the two is no PEM */
export function belongTogether({ cert, key }: KeyPair): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** @returns undefined: there is no such file */
async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`, 'failure', { cause: error });
  }
}

/** Reads a file that a flag names. @throws UserError when that does not work */
export async function readFlagged(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`${flag}=${path}: cannot be read: ${(error as Error).message}`, 'failure', { cause: error });
  }
}
