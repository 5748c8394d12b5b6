// Compares two commits: builds both, loads their API servers in turn, several rounds, and prints medians and ratios.
//   npm run bench -- BASE [HEAD] [--rounds 5] [--count 2000] [SCENARIO …]
// Numbers of different runs cannot be compared: the machine differs. Ratios of one run can.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, count: { type: 'string', default: '2000' } },
});
const [base, head = 'HEAD', ...scenarios] = positionals;
if (!base) {
  console.error('usage: npm run bench -- BASE [HEAD] [--rounds 5] [--count 2000] [SCENARIO …]');
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'kubemu-bench-'));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function prepare(commit) {
  const directory = join(scratch, commit.replace(/\W/g, '_'));
  execFileSync('git', ['worktree', 'add', '--detach', directory, commit], { cwd: root, stdio: 'ignore' });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: directory, stdio: 'inherit' });
  return directory;
}

/** One round: a fresh server, one load. @returns measurements by name */
async function measure(directory, round) {
  const data = join(scratch, `data-${round}`);
  const started = performance.now();
  const server = spawn(
    process.execPath,
    ['dist/main.js', 'apiserver', '--secure-port', '0', '--data-dir', data, '--disable-admission-plugins', 'ServiceAccount'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (d) => {
      const found = /https:\/\/[^\s]+/.exec((text += d));
      if (found) resolve(found[0]);
    });
    server.once('exit', () => reject(new Error('the server did not start')));
  });
  const result = { 'start ms': performance.now() - started };
  try {
    const out = execFileSync(process.execPath, [join(root, 'test/bench/load.mjs'), data, url, values.count, ...scenarios], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for (const line of out.trim().split('\n')) {
      const { scenario, perSecond } = JSON.parse(line);
      result[`${scenario}/s`] = perSecond;
    }
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'));
    if (rss) result['memory MB'] = Number(rss[1]) / 1024;
  } finally {
    server.removeAllListeners('exit');
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill();
    await gone;
    rmSync(data, { recursive: true, force: true });
  }
  return result;
}

try {
  const sides = [base, head].map((commit) => ({ commit, directory: prepare(commit), runs: [] }));
  // in turn, so that a machine that slows down slows both
  for (let round = 0; round < Number(values.rounds); round++)
    for (const side of sides) side.runs.push(await measure(side.directory, round));
  console.log(`${''.padEnd(12)}${sides.map((s) => s.commit.padStart(14)).join('')}${'ratio'.padStart(9)}`);
  for (const name of Object.keys(sides[0].runs[0])) {
    const [a, b] = sides.map((s) => median(s.runs.map((r) => r[name])));
    console.log(`${name.padEnd(12)}${a.toFixed(1).padStart(14)}${b.toFixed(1).padStart(14)}${(b / a).toFixed(2).padStart(9)}`);
  }
} finally {
  for (const commit of [base, head]) {
    try {
      execFileSync('git', ['worktree', 'remove', '--force', join(scratch, commit.replace(/\W/g, '_'))], { cwd: root, stdio: 'ignore' });
    } catch {
      // it was not made
    }
  }
  rmSync(scratch, { recursive: true, force: true });
}
