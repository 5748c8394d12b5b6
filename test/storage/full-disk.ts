// A process of its own whose files may not grow beyond a limit it sets itself: to LevelDB that is a full disk. Expects to
// be started with SIGXFSZ ignored. Prints what happened as JSON. Argument: directory.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openLevel } from '../../src/storage/level.js';
import { StorageError, type StorageEvent } from '../../src/storage/storage.js';

const [directory = ''] = process.argv.slice(2);
const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
const codeOf = (error: unknown) => (error instanceof StorageError ? error.code : String(error));

let storage = await openLevel({ directory });
const log: StorageEvent[] = [];
await storage.subscribe(0, (events) => log.push(...events));

const acknowledged = new Map<string, number>();
const codes = new Set<string>();
let next = 0;
async function write(count: number): Promise<number> {
  let written = 0;
  const one = async () => {
    const key = `/a/${String(next++).padStart(6, '0')}`;
    try {
      acknowledged.set(key, await storage.create(key, randomBytes(1000)));
      written++;
    } catch (error) {
      codes.add(codeOf(error));
    }
  };
  for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, one));
  return written;
}

limit('2000000');
while (codes.size === 0) await write(100);
const beforeFull = acknowledged.size;
limit('100000');
const whileFull = await write(100);
const readable = (await storage.list({ prefix: '/a/' })).entries.length === storage.revision() && storage.revision() === acknowledged.size;
limit('unlimited');
const afterwards = await write(100);
const { length } = log;
await storage.close();
storage = await openLevel({ directory });
const { entries } = await storage.list({ prefix: '/' });
const found = new Map(entries.map((entry) => [entry.key, entry.revision]));
const kept = [...acknowledged].every(([key, revision]) => found.get(key) === revision);
const gapless = entries.length === storage.revision() && log.every((event, i) => event.revision === i + 1) && length === storage.revision();
await storage.close();
process.stdout.write(JSON.stringify({ codes: [...codes], wroteBefore: beforeFull > 0, whileFull, readable, afterwards, kept, gapless }));
