import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevel } from '../../src/storage/level.js';
import { storageSuite } from '../suites/storage.js';

for (const fsync of [true, false]) {
  let directory: string;
  storageSuite(`level, fsync ${fsync}`, {
    open: async () => {
      directory = await mkdtemp(join(tmpdir(), 'kubemu-level-'));
      return openLevel({ directory, fsync });
    },
    reopen: async (storage) => {
      await storage.close();
      return openLevel({ directory, fsync });
    },
    cleanUp: () => rm(directory, { recursive: true }),
  });
}
