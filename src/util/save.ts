import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that nobody ever sees half of it, a crash of the machine included; it is on the disk when this resolves.
 * @param draft where it is written first, in the same directory
 * @throws ErrnoException
 */
export async function save(path: string, content: string, mode: number, draft = `${path}.${process.pid}.tmp`): Promise<void> {
  const file = await open(draft, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path));
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
