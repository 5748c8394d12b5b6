import { mkdir } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { EmbeddedStorage } from './embedded.js';
import type { Medium, Operation, Scan } from './medium.js';
import { type Storage, StorageError } from './storage.js';

// Default sizes of LevelDB stop all writes for half a second at a time under load; with these the worst pause is a sixth.
const LEVEL_OPTIONS = {
  keyEncoding: 'utf8',
  valueEncoding: 'buffer',
  writeBufferSize: 64 * 1024 * 1024,
  maxFileSize: 8 * 1024 * 1024,
} as const;
const READ_AHEAD = 1024 * 1024;

export interface LevelOptions {
  /** Belongs to the store alone. Made when it does not exist. */
  readonly directory: string;
  /** False: a write is answered when the operating system has it; a crash of the machine may lose the last ones. Default: true. */
  readonly fsync?: boolean;
}

/**
 * Opens the store in a directory, or begins one there.
 * @throws StorageError LOCKED, FOREIGN, UNAVAILABLE (the directory cannot be read or written)
 */
export async function openLevel(options: LevelOptions): Promise<Storage> {
  const medium = new LevelMedium(options);
  await medium.open();
  return new EmbeddedStorage(medium);
}

class LevelMedium implements Medium {
  readonly durable = true;
  readonly #directory: string;
  readonly #sync: boolean;
  #db: ClassicLevel<string, Buffer>;

  constructor({ directory, fsync = true }: LevelOptions) {
    this.#directory = directory;
    this.#sync = fsync;
    this.#db = new ClassicLevel<string, Buffer>(directory, LEVEL_OPTIONS);
  }

  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    try {
      await this.#db.open();
    } catch (error) {
      throw openingError(this.#directory, error);
    }
  }

  get(key: string): Buffer | undefined {
    return this.#db.getSync(key);
  }

  async write(batch: readonly Operation[]): Promise<void> {
    await this.#db.batch(
      batch.map(({ key, value }) => (value === undefined ? { type: 'del', key } : { type: 'put', key, value })),
      { sync: this.#sync },
    );
  }

  scan(from: string, to: string): Scan {
    const iterator = this.#db.iterator({ gte: from, lt: to, highWaterMarkBytes: READ_AHEAD });
    return { next: (limit) => iterator.nextv(limit), close: () => iterator.close() };
  }

  async reopen(): Promise<void> {
    await this.#db.close();
    await this.open();
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

function openingError(directory: string, error: unknown): StorageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: string }).code;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (code === 'LEVEL_LOCKED') return new StorageError('LOCKED', `${directory} is in use by another process`, { cause });
  if (code === 'LEVEL_CORRUPTION') return new StorageError('FOREIGN', `${directory} is damaged: ${text}`, { cause });
  return new StorageError('UNAVAILABLE', `cannot open the store in ${directory}: ${text}`, { cause });
}
