// A process that writes under load is killed without warning: what it was told is written must be there.
// KILL_ROUNDS: how often (default 5); SEED: repeats the moments.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openLevel } from '../../src/storage/level.js';
import { seeded } from '../suites/storage.js';
import { valueOf } from './values.js';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 5);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const WRITERS = 64;

/** Lets a process write until `enough` writes were acknowledged and kills it. @returns number of the key → revision */
async function writeAndKill(directory: string, first: number, enough: number, delay: number): Promise<Map<number, number>> {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, directory, String(WRITERS), String(first)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const acknowledged = new Map<number, number>();
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [n, revision] = line.split(' ').map(Number);
      if (n !== undefined && revision !== undefined) acknowledged.set(n, revision);
    }
    if (acknowledged.size >= enough) setTimeout(() => child.kill('SIGKILL'), delay);
  });
  await once(child, 'close');
  expect(child.signalCode, 'the writer must be killed, not fail').to.equal('SIGKILL');
  return acknowledged;
}

describe('a level store whose process is killed', () => {
  it(`has every acknowledged write, and no gap (${ROUNDS} rounds, SEED=${SEED})`, async function () {
    this.timeout(20_000 + ROUNDS * 20_000);
    const random = seeded(SEED);
    const directory = await mkdtemp(join(tmpdir(), 'kubemu-kill-'));
    try {
      const written = new Map<number, number>();
      for (let round = 0; round < ROUNDS; round++) {
        const first = round * 1_000_000;
        const told = await writeAndKill(directory, first, Math.floor(random() * 1500), Math.floor(random() * 20));
        for (const [n, revision] of told) written.set(n, revision);
        const storage = await openLevel({ directory });
        const events: number[] = [];
        await storage.subscribe(0, (batch) => events.push(...batch.map((e) => e.revision)));
        expect(events, 'revisions without gaps').to.deep.equal(Array.from({ length: storage.revision() }, (_, i) => i + 1));
        const { entries } = await storage.list({ prefix: '/registry/' });
        expect(entries.length, 'each revision created one key').to.equal(storage.revision());
        const found = new Map(entries.map((e) => [Number(e.key.slice(e.key.lastIndexOf('/') + 1)), e]));
        for (const [n, revision] of written) {
          const entry = found.get(n);
          expect(entry?.revision, `revision of key ${n}, acknowledged, round ${round}`).to.equal(revision);
          expect(entry?.value.equals(valueOf(n)), `value of key ${n}`).to.equal(true);
        }
        await storage.close();
      }
      expect(written.size).to.be.greaterThan(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
