// Makes dist/ from src/, and the texts for `kubectl explain` from the doc comments of the API's client library.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

/** What was made from a source that is gone would still be found: groups are read by what is in their folders. */
function removeStale(dist, src) {
  for (const entry of existsSync(dist) ? readdirSync(dist, { withFileTypes: true }) : []) {
    const made = join(dist, entry.name);
    if (entry.isDirectory()) removeStale(made, join(src, entry.name));
    else if (entry.name.endsWith('.js') && !existsSync(join(src, entry.name.replace(/js$/, 'ts')))) rmSync(made);
  }
}

const isOlder = (file, than) => !existsSync(file) || statSync(file).mtimeMs < statSync(than).mtimeMs;

removeStale(join(root, 'dist'), join(root, 'src'));
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
const generator = 'scripts/generate-descriptions.mjs';
if (isOlder(join(root, 'facts/descriptions.json'), join(root, generator))) run(generator);
