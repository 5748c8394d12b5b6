import { openMemory } from '../../src/storage/memory.js';
import { storageSuite } from '../suites/storage.js';

storageSuite('memory', {
  open: async () => openMemory(),
  reopen: async (storage) => storage,
  cleanUp: async () => {},
});
