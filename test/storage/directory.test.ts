// Whatever is not a sound store of ours is refused before LevelDB sees it, and left byte for byte as it was.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { ClassicLevel } from 'classic-level';
import { openLevel } from '../../src/storage/level.js';
import { refused } from '../suites/storage.js';

const KEYS = 300;
const key = (i: number) => `/registry/core/configmaps/default/${String(i).padStart(4, '0')}`;
// incompressible, so that tables have many blocks
const value = (i: number) => Buffer.from(Array.from({ length: 50 }, (_, j) => Math.sin(i * 1000 + j)).join(','));

/** Names and contents of all files below a directory. */
async function contents(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (path) => [path.slice(directory.length), await readFile(path, 'latin1')])),
  );
}

async function only(directory: string, suffix: RegExp): Promise<string> {
  const names = (await readdir(directory)).filter((name) => suffix.test(name));
  expect(names, `files like ${suffix}`).to.have.length(1);
  return join(directory, names[0] as string);
}

async function overwrite(path: string, at: number, bytes: Buffer): Promise<void> {
  const content = await readFile(path);
  bytes.copy(content, at);
  await writeFile(path, content);
}

describe('the directory of a level store', () => {
  let root: string;
  let sound: string;
  let directory: string;
  let count = 0;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kubemu-directory-'));
    sound = join(root, 'sound');
    // a table (written by the second opening) and a log
    let storage = await openLevel({ directory: sound });
    for (let i = 0; i < KEYS - 10; i++) await storage.create(key(i), value(i));
    await storage.close();
    storage = await openLevel({ directory: sound });
    for (let i = KEYS - 10; i < KEYS; i++) await storage.create(key(i), value(i));
    await storage.close();
  });

  beforeEach(async () => {
    directory = join(root, `store-${++count}`);
    await cp(sound, directory, { recursive: true });
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));
  after(() => rm(root, { recursive: true }));

  async function refusedUntouched(pattern: RegExp): Promise<void> {
    const before = await contents(directory);
    const error = await refused(openLevel({ directory }), 'FOREIGN');
    expect(error.message).to.match(pattern);
    expect(await contents(directory)).to.deep.equal(before);
  }

  /** @param from the first key that may be missing */
  async function accepted(from = KEYS): Promise<void> {
    const storage = await openLevel({ directory });
    const { entries } = await storage.list({ prefix: '/' });
    expect(entries.length).to.be.within(from, KEYS);
    expect(storage.revision()).to.equal(entries.length);
    entries.forEach((entry, i) => expect(entry).to.deep.equal({ key: key(i), value: value(i), revision: i + 1 }));
    const next = await storage.create('/registry/next', Buffer.from('1'));
    expect(next).to.equal(entries.length + 1);
    await storage.close();
  }

  it('is made when it does not exist', async () => {
    directory = join(root, 'deep', 'er');
    const storage = await openLevel({ directory });
    expect(await storage.create('/a', Buffer.from('1'))).to.equal(1);
    await storage.close();
  });

  it('may be empty, or hold what a file system puts there', async () => {
    await rm(directory, { recursive: true });
    await mkdir(join(directory, 'lost+found'), { recursive: true });
    await (await openLevel({ directory })).close();
    await (await openLevel({ directory })).close();
  });

  it('is accepted when sound', () => accepted());

  it('is begun again when its first opening was interrupted', async () => {
    await rm(directory, { recursive: true });
    await mkdir(directory);
    for (const name of ['FORMAT.tmp', 'FORMAT', 'LOCK', 'MANIFEST-000001', '000001.dbtmp']) {
      await writeFile(join(directory, name), name === 'FORMAT' ? await readFile(join(sound, 'FORMAT')) : '');
      await cp(directory, join(root, 'step'), { recursive: true });
      const storage = await openLevel({ directory: join(root, 'step') });
      expect(storage.revision(), name).to.equal(0);
      await storage.close();
      await rm(join(root, 'step'), { recursive: true });
    }
  });

  describe('is refused and left as it is when it', () => {
    it('holds other files', async () => {
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await writeFile(join(directory, 'letter.txt'), 'Dear');
      await refusedUntouched(/holds other things: letter\.txt/);
    });

    it('holds other files beside the store', async () => {
      await mkdir(join(directory, 'pki'));
      await writeFile(join(directory, 'pki', 'ca.key'), 'secret');
      await refusedUntouched(/holds other things: pki/);
    });

    it('holds the LevelDB of another program', async () => {
      await rm(directory, { recursive: true });
      const db = new ClassicLevel(directory);
      await db.put('a', '1');
      await db.close();
      await refusedUntouched(/other program/);
    });

    it('is of another format', async () => {
      await writeFile(join(directory, 'FORMAT'), '{"store":"kubemu","format":2}\n');
      await refusedUntouched(/format 2, this program knows format 1/);
    });

    it('has a garbled FORMAT', async () => {
      await writeFile(join(directory, 'FORMAT'), '');
      await refusedUntouched(/FORMAT: it cannot be read/);
      await writeFile(join(directory, 'FORMAT'), 'null');
      await refusedUntouched(/FORMAT names some other program/);
    });

    it('has no CURRENT', async () => {
      await unlink(join(directory, 'CURRENT'));
      await refusedUntouched(/CURRENT: it is missing/);
    });

    for (const text of ['', 'MANIFEST-', 'MANIFEST-000009\n', 'x\n', '../sound/MANIFEST-000004\n']) {
      it(`has a CURRENT of ${JSON.stringify(text)}`, async () => {
        await writeFile(join(directory, 'CURRENT'), text);
        await refusedUntouched(/damaged: (?:CURRENT: it names no manifest|MANIFEST-000009: it is missing)/);
      });
    }

    it('has a MANIFEST cut short anywhere', async () => {
      const manifest = await only(directory, /^MANIFEST/);
      const whole = await readFile(manifest);
      for (let length = 0; length < whole.length; length += length < 20 ? 1 : 7) {
        await writeFile(manifest, whole.subarray(0, length));
        await refusedUntouched(/MANIFEST-\d+: /);
      }
    });

    it('has a MANIFEST with any byte changed', async () => {
      const manifest = await only(directory, /^MANIFEST/);
      const whole = await readFile(manifest);
      for (let at = 0; at < whole.length; at += 3) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ 0x40;
        await writeFile(manifest, changed);
        await refusedUntouched(/MANIFEST-\d+: /);
      }
    });

    it('lacks a table', async () => {
      await unlink(await only(directory, /\.ldb$/));
      await refusedUntouched(/\.ldb: it is missing/);
    });

    it('lacks its log', async () => {
      await unlink(await only(directory, /\.log$/));
      await refusedUntouched(/\.log: it is missing/);
    });

    it('has a table with garbage anywhere', async () => {
      const table = await only(directory, /\.ldb$/);
      const { length } = await readFile(table);
      for (const share of [0, 0.1, 0.35, 0.5, 0.77, 0.9, 0.98, 0.9999]) {
        await cp(join(sound, table.slice(directory.length)), table);
        await overwrite(table, Math.floor(share * (length - 4)), Buffer.from('junk'));
        await refusedUntouched(/\.ldb: /);
      }
    });

    it('has a table of another size', async () => {
      const table = await only(directory, /\.ldb$/);
      await appendFile(table, 'x');
      await refusedUntouched(/\.ldb: it has \d+ bytes, not \d+/);
      await truncate(table, 4096);
      await refusedUntouched(/\.ldb: it has 4096 bytes/);
      await truncate(table, 0);
      await refusedUntouched(/\.ldb: it has 0 bytes/);
    });

    it('has a log with garbage before its last record', async () => {
      const log = await only(directory, /\.log$/);
      for (const at of [0, 100, 3000]) {
        await cp(join(sound, log.slice(directory.length)), log);
        await appendFile(log, Buffer.alloc(40_000)); // the block of the garbage is dropped whole: the next one must be judged
        const content = await readFile(log);
        content.copy(content, 32768, 0, 2000);
        content.write('junk', at);
        await writeFile(log, content);
        await refusedUntouched(/\.log: garbled in the middle/);
      }
    });

    it('has a log whose end is missing although there is a later one', async () => {
      const log = await only(directory, /\.log$/);
      const later = join(directory, '000099.log');
      await cp(log, later);
      await truncate(log, 2500);
      await refusedUntouched(/\.log: its end is missing/);
    });
  });

  describe('is accepted after a crash, when', () => {
    it('the last record of the log ends too early', async () => {
      const log = await only(directory, /\.log$/);
      const { length } = await readFile(log);
      for (const cut of [1, 6, 900, 1001]) {
        await cp(sound, directory, { recursive: true });
        await truncate(log, length - cut);
        await accepted(KEYS - 2);
        await rm(directory, { recursive: true });
      }
    });

    it('the last record of the log is garbled or was never written', async () => {
      const log = await only(directory, /\.log$/);
      const { length } = await readFile(log);
      await overwrite(log, length - 500, Buffer.alloc(500));
      await accepted(KEYS - 1);
    });

    it('the file of the log was longer than what was written', async () => {
      await appendFile(await only(directory, /\.log$/), Buffer.alloc(70_000));
      await accepted();
    });

    it('opening was interrupted with a new log begun', async () => {
      await writeFile(join(directory, '000099.log'), '');
      await writeFile(join(directory, '000098.dbtmp'), 'half');
      await truncate(await only(directory, /[^9]\.log$/), 2500);
      await accepted(KEYS - 10);
    });
  });

  describe('is for one', () => {
    it('in the process, under whatever name', async () => {
      const storage = await openLevel({ directory });
      await symlink(directory, join(root, 'alias'));
      for (const name of [directory, join(root, 'alias'), `${directory}/.`]) {
        expect((await refused(openLevel({ directory: name }), 'LOCKED')).message).to.match(/in use by this process/);
      }
      await storage.create('/registry/next', Buffer.from('1'));
      await storage.close();
      await (await openLevel({ directory })).close();
    });

    it('process', async () => {
      const script = fileURLToPath(new URL('writer.ts', import.meta.url));
      const other = spawn(process.execPath, ['--import', 'tsx', script, directory, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        await once(other.stdout, 'data');
        const before = await contents(directory);
        expect((await refused(openLevel({ directory }), 'LOCKED')).message).to.match(/in use by another process/);
        expect(await contents(directory)).to.deep.equal(before);
      } finally {
        other.kill('SIGKILL');
        await once(other, 'exit');
      }
      await (await openLevel({ directory })).close();
    });

    it('opening at a time', async () => {
      const results = await Promise.allSettled([openLevel({ directory }), openLevel({ directory })]);
      expect(results.map((r) => r.status).sort()).to.deep.equal(['fulfilled', 'rejected']);
      for (const result of results) if (result.status === 'fulfilled') await result.value.close();
    });
  });

  it('that cannot be used is reported as such', async () => {
    await writeFile(join(root, 'file'), '');
    expect((await refused(openLevel({ directory: join(root, 'file') }), 'UNAVAILABLE')).message).to.match(
      /cannot open the store in .*file/,
    );
    await rename(join(root, 'file'), join(root, 'file2'));
  });
});
