import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

describe('a level store on a full disk', () => {
  it('refuses writes, can be read, goes on when there is room, and has lost nothing', async function () {
    // util-linux's prlimit stands in for the full disk
    if (spawnSync('prlimit', ['--version']).status !== 0) this.skip();
    this.timeout(60_000);
    const directory = await mkdtemp(join(tmpdir(), 'kubemu-full-'));
    const script = fileURLToPath(new URL('full-disk.ts', import.meta.url));
    const child = spawn('sh', ['-c', 'trap "" XFSZ; exec "$@"', 'sh', process.execPath, '--import', 'tsx', script, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await once(child, 'close');
      expect(JSON.parse(output)).to.deep.equal({
        codes: ['UNAVAILABLE'],
        wroteBefore: true,
        whileFull: 0,
        readable: true,
        afterwards: 100,
        kept: true,
        gapless: true,
      });
    } finally {
      child.kill('SIGKILL');
      await rm(directory, { recursive: true });
    }
  });
});
