// Whose a data directory is. It is judged before anything is written into it, and again before anything is removed.
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pkiDirectory } from './server/pki.js';
import { assertOwn } from './storage/inspect.js';
import { makeDirectory } from './util/directories.js';
import { save } from './util/save.js';
import { UserError } from './util/user-error.js';

/** A file of ours that says so; written before all others. */
const MARKER = 'KUBEMU';
const FORMAT = 1;
/** What a crash while a file was saved leaves. */
const DRAFT = /^(?:KUBEMU|kubeconfig)\.\d+\.tmp$/;
const OWN: readonly string[] = [MARKER, 'pki', 'store', 'pods', 'kubeconfig'];

/**
 * Makes a directory the data directory of a cluster, if it is not there yet.
 * @throws UserError when it holds things and is not ours, or cannot be used; it is left as it was
 */
export async function claimDataDirectory(directory: string): Promise<void> {
  try {
    const entries = await entriesOf(directory);
    const ours = await isOurs(directory, entries);
    const others = entries.filter((name) => !isOwn(name));
    if (!ours && entries.some((name) => !DRAFT.test(name)))
      throw new UserError(
        `--data-dir=${directory}: it holds other things and was not made by kubemu (${listOf(others.length > 0 ? others : entries)}). ` +
          'It was left as it is; name an empty directory or one that does not exist.',
      );
    if (entries.includes(MARKER)) return;
    await makeDirectory(directory, 0o700);
    await save(join(directory, MARKER), `${JSON.stringify({ dataDirectory: 'kubemu', format: FORMAT })}\n`, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UserError(`--data-dir=${directory}: cannot be used: ${(error as Error).message}`, 'failure', { cause: error });
  }
}

/**
 * What of a data directory may be removed: the names that are kubemu's, the marker last, so that an interrupted removal can be
 * repeated; and those that are not.
 * @returns undefined when there is no such directory, or nothing in it
 * @throws UserError when the directory is not ours, or its store is not, or it cannot be read
 */
export async function contentsOf(directory: string): Promise<Contents | undefined> {
  const entries = await namesIn(directory).catch((error: Error) => {
    throw new UserError(`--data-dir=${directory}: cannot be read: ${error.message}`, 'failure', { cause: error });
  });
  if (entries.length === 0) return undefined;
  if (!(await isOurs(directory, entries))) throw new UserError(`${directory} is not a data directory of kubemu: nothing was removed`);
  if (entries.includes('store'))
    await assertOwn(join(directory, 'store')).catch((error: Error) => {
      throw new UserError(`${error.message} Nothing was removed.`, 'failure', { cause: error });
    });
  const own = entries.filter((name) => isOwn(name) && name !== MARKER);
  return { own: entries.includes(MARKER) ? [...own, MARKER] : own, others: entries.filter((name) => !isOwn(name)) };
}

/** Names in a data directory. */
export interface Contents {
  readonly own: readonly string[];
  readonly others: readonly string[];
}

function isOwn(name: string): boolean {
  return OWN.includes(name) || DRAFT.test(name);
}

async function entriesOf(directory: string): Promise<string[]> {
  return (await namesIn(directory)).filter((name) => name !== 'lost+found');
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function isOurs(directory: string, entries: readonly string[]): Promise<boolean> {
  if (!entries.includes(MARKER)) return isOursUnmarked(directory, entries);
  const marker = await readFile(join(directory, MARKER), 'utf8');
  try {
    const { dataDirectory, format } = JSON.parse(marker) as { dataDirectory?: unknown; format?: unknown };
    if (dataDirectory !== 'kubemu') return false;
    if (format === FORMAT) return true;
    throw new UserError(`${directory} is of format ${String(format)}, this program knows format ${FORMAT} only`);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}

/** Before there was a marker, a directory held our authority, maybe a store of ours, and nothing of others. */
async function isOursUnmarked(directory: string, entries: readonly string[]): Promise<boolean> {
  if (!entries.includes('pki') || !entries.every(isOwn)) return false;
  try {
    if (entries.includes('store')) await assertOwn(join(directory, 'store'));
    return new X509Certificate(await readFile(join(pkiDirectory(directory), 'ca.crt'))).subject === 'CN=kubemu';
  } catch {
    return false;
  }
}

function listOf(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}
