import { access, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { StorageError } from './storage.js';

/**
 * Directories in use by this process. Process-wide because LevelDB's lock is: a second opening in the same process not
 * only fails, it also releases the lock of the first (POSIX locks go when any descriptor of the file is closed).
 */
const inUse = new Set<string>();

/**
 * Claims a directory within this process.
 * @returns a function that gives it back @throws StorageError LOCKED
 */
export async function claim(directory: string): Promise<() => void> {
  const identity = await realpath(directory);
  if (inUse.has(identity)) throw locked(directory, 'this process');
  inUse.add(identity);
  return () => void inUse.delete(identity);
}

/**
 * Whether another process has the directory open; nothing in it is touched. LevelDB takes its lock before all else, so an
 * attempt to open an empty directory, whose LOCK is a link to the real one, tells.
 * @throws StorageError LOCKED
 */
export async function assertUnlocked(directory: string): Promise<void> {
  const lock = join(directory, 'LOCK');
  if (
    !(await access(lock).then(
      () => true,
      () => false,
    ))
  )
    return;
  const empty = await mkdtemp(join(tmpdir(), 'kubemu-lock-'));
  try {
    await symlink(await realpath(lock), join(empty, 'LOCK'));
    const probe = new ClassicLevel(empty, { createIfMissing: false });
    const error = await probe.open().then(
      () => undefined,
      (e: unknown) => e,
    );
    if (isLocked(error)) throw locked(directory, 'another process');
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}

/** Whether anybody has the directory open; nothing in it is touched. @throws StorageError LOCKED */
export async function assertUnused(directory: string): Promise<void> {
  const identity = await realpath(directory).catch(() => directory);
  // looking at the lock would release it
  if (inUse.has(identity)) throw locked(directory, 'this process');
  await assertUnlocked(directory);
}

/** Whether LevelDB refused to open because the directory is in use. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'LEVEL_LOCKED';
}

/** The error of a store that somebody else has open. */
export function locked(directory: string, by: string): StorageError {
  return new StorageError('LOCKED', `the store in ${directory} is in use by ${by}`);
}
