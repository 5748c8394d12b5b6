// A process of its own that opens a store and writes until its standard input ends or it is killed. Prints "open", and
// then the number of each key whose creation was acknowledged.
// Arguments: directory, number of concurrent writers, first key number.
import { openLevel } from '../../src/storage/level.js';
import { valueOf } from './values.js';

const [directory = '', writers = '1', first = '0'] = process.argv.slice(2);
const storage = await openLevel({ directory });
let stopping = false;
let next = Number(first);
process.stdin.resume().on('end', () => {
  stopping = true;
});
process.stdout.write('open\n');

async function write(): Promise<void> {
  while (!stopping) {
    const n = next++;
    const key = `/registry/core/configmaps/default/${String(n).padStart(8, '0')}`;
    const revision = await storage.create(key, valueOf(n));
    process.stdout.write(`${n} ${revision}\n`);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write));
if (Number(writers) === 0) await new Promise((resolve) => process.stdin.on('end', resolve));
await storage.close();
