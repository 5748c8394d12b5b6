import { statSync } from 'node:fs';
import { access, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { makeDirectory } from '../util/directories.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { EmbeddedStorage } from './embedded.js';
import { inspect, mark, SCRATCH } from './inspect.js';
import { assertUnlocked, claim, isLocked, locked } from './lock.js';
import type { Medium, Operation, Scan } from './medium.js';
import { type Storage, StorageError } from './storage.js';

// With its default sizes LevelDB stops all writes for half a second at a time under load; larger buffers stop it less, and
// cost twice their size in memory.
const SIZES = { writeBufferSize: 16 * 1024 * 1024, maxFileSize: 8 * 1024 * 1024 };
const READ_AHEAD = 1024 * 1024;
/** What LevelDB needs to open, beside the room to copy its logs into tables. */
const SPARE_ROOM = 1024 * 1024;

/** Where the store is and how it keeps its word. */
export interface LevelOptions {
  /** Belongs to the store alone. Made when it does not exist. */
  readonly directory: string;
  /** False: a write is answered when the operating system has it; a crash of the machine may then cost the last ones, or the store. Default: true. */
  readonly fsync?: boolean;
  readonly logger?: Logger;
}

/**
 * Opens the store in a directory, or begins one there. The directory is judged before LevelDB, which repairs and deletes
 * as it opens, may see it.
 * @throws StorageError LOCKED, FOREIGN, UNAVAILABLE (it cannot be read or written)
 */
export async function openLevel({ directory, fsync = true, logger }: LevelOptions): Promise<Storage> {
  const path = resolve(directory);
  try {
    await makeDirectory(path);
    const release = await claim(path);
    const medium = new LevelMedium(path, fsync, release);
    try {
      await assertUnlocked(path);
      await medium.open();
      return new EmbeddedStorage(medium, logger);
    } catch (error) {
      await medium.close();
      throw error;
    }
  } catch (error) {
    throw error instanceof StorageError ? error : unavailable(path, error);
  }
}

class LevelMedium implements Medium {
  readonly durable = true;
  readonly #directory: string;
  readonly #sync: boolean;
  readonly #release: () => void;
  #open: ClassicLevel<string, Buffer> | undefined;
  /** The lock file LevelDB holds, whatever the directory's name comes to mean. */
  #lock: number | undefined;

  /** @param release called when the directory is free again */
  constructor(directory: string, sync: boolean, release: () => void) {
    this.#directory = directory;
    this.#sync = sync;
    this.#release = release;
  }

  async open(): Promise<void> {
    const isNew = (await inspect(this.#directory)) === 'new';
    if (isNew) await mark(this.#directory);
    // not sooner: it opens itself in the turn after its making
    const db = new ClassicLevel<string, Buffer>(this.#directory, { keyEncoding: 'utf8', valueEncoding: 'buffer' });
    try {
      await db.open({ createIfMissing: isNew, ...SIZES });
      this.#open = db;
      this.#lock = this.#lockFile();
    } catch (error) {
      throw isLocked(error) ? locked(this.#directory, 'another process') : error;
    }
  }

  get #db(): ClassicLevel<string, Buffer> {
    if (!this.#open) throw new Error('the database is closed since a failed write');
    return this.#open;
  }

  get(key: string): Buffer | undefined {
    return this.#db.getSync(key);
  }

  async write(batch: readonly Operation[]): Promise<void> {
    await this.#db.batch(
      batch.map(({ key, value }) => (value === undefined ? { type: 'del', key } : { type: 'put', key, value })),
      { sync: this.#sync },
    );
    this.#assertThere();
  }

  scan(from: string, to: string): Scan {
    const iterator = this.#db.iterator({ gte: from, lt: to, highWaterMarkBytes: READ_AHEAD });
    return { next: (limit) => iterator.nextv(limit), close: () => iterator.close() };
  }

  async reopen(): Promise<void> {
    await this.#assertRoom();
    // what is gone may come back; in its place nothing is begun
    if ((await inspect(this.#directory)) === 'new') throw new Error(`there is no store in ${this.#directory} any more`);
    await this.#open?.close();
    this.#open = undefined;
    await this.open();
  }

  /** LevelDB goes on writing into files that nobody can open again. */
  async check(): Promise<void> {
    this.#assertThere();
    await access(join(this.#directory, 'CURRENT'));
  }

  #assertThere(): void {
    if (this.#lockFile() !== this.#lock) throw new Error(`the store in ${this.#directory} is another one now`);
  }

  /** Asked for at once: that takes microseconds, where a turn in the pool of threads takes as long as a small write. */
  #lockFile(): number {
    return statSync(join(this.#directory, 'LOCK')).ino;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
    this.#release();
  }

  /** Opening needs room. While there is none the database stays open, so that it can still be read. */
  async #assertRoom(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith('.log'));
    const logs = await Promise.all(names.map(async (name) => (await stat(join(this.#directory, name))).size));
    const { bavail, bsize } = await statfs(this.#directory);
    const needed = logs.reduce((sum, size) => sum + size, SPARE_ROOM);
    if (bavail * bsize < needed) throw new Error(`the disk has ${bavail * bsize} bytes left, ${needed} are needed`);
    // there are other limits than the size of the disk
    const scratch = join(this.#directory, SCRATCH);
    const file = await open(scratch, 'w');
    try {
      await file.writeFile(Buffer.alloc(SPARE_ROOM));
      await file.sync();
    } finally {
      await file.close();
      await rm(scratch);
    }
  }
}

function unavailable(directory: string, error: unknown): StorageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new StorageError('UNAVAILABLE', `cannot open the store in ${directory}: ${messageOf(cause)}`, { cause });
}
