import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLevel } from '../../src/storage/level.js';
import { openMemory } from '../../src/storage/memory.js';
import { watchSuite } from '../suites/watch.js';

watchSuite('memory', { open: async () => openMemory(), reopen: async (storage) => storage, cleanUp: async () => {} });

let directory: string;
watchSuite('level', {
  open: async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubemu-watch-'));
    return openLevel({ directory });
  },
  reopen: async (storage) => {
    await storage.close();
    return openLevel({ directory });
  },
  cleanUp: () => rm(directory, { recursive: true }),
});
