// Makes dist/ from src/, and the texts for `kubectl explain` from the doc comments of the API's client library.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
if (!existsSync(new URL('../facts/descriptions.json', import.meta.url))) run(process.execPath, 'scripts/generate-descriptions.mjs');
