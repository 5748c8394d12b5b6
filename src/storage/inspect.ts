import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { save } from '../util/save.js';
import { checkTable, Damage, readLog, readManifest } from './level-files.js';
import { StorageError } from './storage.js';

// A file of our own beside LevelDB's (which ignores it) says whose directory it is: it can be read without opening.
const MARKER = 'FORMAT';
/** A file that may be left behind half written: it means nothing. */
export const SCRATCH = 'FORMAT.tmp';
const FORMAT = 1;

const LEVEL_FILE = /^(?:CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(?:log|ldb|sst|dbtmp))$/;

/**
 * Judges a directory before LevelDB may touch it. Reads everything, changes nothing. A torn last record is what a crash
 * leaves and is accepted; so is a directory whose very first opening was interrupted.
 * @returns new: to be begun (after `mark`); store: ours and sound
 * @throws StorageError FOREIGN
 */
export async function inspect(directory: string): Promise<'new' | 'store'> {
  const names = await assertOwn(directory);
  if (!names.includes(MARKER)) return 'new';
  checkMarker(directory, await readFile(join(directory, MARKER), 'utf8'));
  if (!names.includes('CURRENT')) {
    // LevelDB makes its first log after CURRENT
    if (names.some((name) => /\.(?:log|ldb|sst)$/.test(name))) throw damaged(directory, 'CURRENT', 'it is missing');
    return 'new';
  }
  await checkFiles(directory, names);
  return 'store';
}

/**
 * Whether a directory holds nothing but a store of ours, sound or damaged, or nothing at all.
 * @returns the names of its files
 * @throws StorageError FOREIGN
 */
export async function assertOwn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name !== 'lost+found');
  const strange = names.filter((name) => !LEVEL_FILE.test(name) && name !== MARKER && name !== SCRATCH);
  if (strange.length > 0)
    throw foreign(directory, `it holds other things: ${strange.slice(0, 3).join(', ')}${strange.length > 3 ? ', …' : ''}`);
  if (!names.includes(MARKER) && names.some((name) => name !== SCRATCH))
    throw foreign(directory, 'it holds a database of some other program');
  return names;
}

/** Makes a directory ours. A crash on the way leaves it as empty as it was, or marked. */
export async function mark(directory: string): Promise<void> {
  await save(join(directory, MARKER), `${JSON.stringify({ store: 'kubemu', format: FORMAT })}\n`, 0o644, join(directory, SCRATCH));
}

function checkMarker(directory: string, text: string): void {
  let marker: { store?: unknown; format?: unknown };
  try {
    marker = JSON.parse(text) as typeof marker;
  } catch {
    throw damaged(directory, MARKER, 'it cannot be read');
  }
  if (marker?.store !== 'kubemu') throw foreign(directory, `${MARKER} names some other program`);
  if (marker.format !== FORMAT)
    throw foreign(directory, `it is of format ${String(marker.format)}, this program knows format ${FORMAT} only`);
}

async function checkFiles(directory: string, names: readonly string[]): Promise<void> {
  const current = await readFile(join(directory, 'CURRENT'), 'utf8');
  const manifestName = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  if (manifestName === undefined) throw damaged(directory, 'CURRENT', 'it names no manifest');
  if (!names.includes(manifestName)) throw damaged(directory, manifestName, 'it is missing');
  const { logNumber, tables } = await check(directory, manifestName, readManifest);
  for (const [number, size] of tables) {
    const name = [fileName(number, 'ldb'), fileName(number, 'sst')].find((n) => names.includes(n));
    if (name === undefined) throw damaged(directory, fileName(number, 'ldb'), 'it is missing');
    await check(directory, name, (data) => {
      if (data.length !== size) throw new Damage(`it has ${data.length} bytes, not ${size}`);
      checkTable(data);
    });
  }
  const log = fileName(logNumber, 'log');
  if (logNumber > 0 && !names.includes(log)) throw damaged(directory, log, 'it is missing');
  await checkLogs(directory, names, logNumber);
}

async function checkLogs(directory: string, names: readonly string[], from: number): Promise<void> {
  const logs = names
    .filter((name) => name.endsWith('.log') && Number.parseInt(name, 10) >= from)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  let torn: string | undefined;
  for (const name of logs) {
    const log = await check(directory, name, readLog);
    // the next log was begun when this one was complete, or by an opening that was itself interrupted: then it is empty
    if (torn !== undefined && log.records.length > 0) throw damaged(directory, torn, 'its end is missing');
    if (log.torn) torn = name;
  }
}

function fileName(number: number, suffix: string): string {
  return `${String(number).padStart(6, '0')}.${suffix}`;
}

/** Runs a check on the content of a file. */
async function check<T>(directory: string, name: string, run: (data: Buffer) => T): Promise<T> {
  const data = await readFile(join(directory, name));
  try {
    return run(data);
  } catch (error) {
    if (error instanceof Damage || error instanceof RangeError) throw damaged(directory, name, error.message);
    throw error;
  }
}

function foreign(directory: string, why: string): StorageError {
  return new StorageError('FOREIGN', `${directory} is not a store this program can use: ${why}. It was left as it is.`);
}

function damaged(directory: string, file: string, why: string): StorageError {
  return new StorageError(
    'FOREIGN',
    `the store in ${directory} is damaged: ${file}: ${why}. It was left as it is; restore it from a copy.`,
  );
}
