import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../util/user-error.js';
import type { KeyPair } from './certificates.js';

/**
 * Reads NAME.crt and NAME.key.
 * @returns undefined: they are not there, or what is there cannot be used
 */
export async function loadPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [cert, key] = await Promise.all([readOrNothing(join(directory, `${name}.crt`)), readOrNothing(join(directory, `${name}.key`))]);
  if (cert === undefined || key === undefined) return undefined;
  try {
    return belongTogether({ cert, key }) ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
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
export async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
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

/** Writes a file so that nobody ever sees half of it. */
export async function save(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, content, { mode });
  await rename(draft, path);
}
