// The one check command: format, lint, types, build, all tests. Ends with 'N passed, N failed'. What this machine cannot
// offer (kubectl, Docker) is skipped by name by the tests themselves.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'kubemu-check-'));
const counts = join(scratch, 'counts.json');
const steps = [
  ['build', ['scripts/build.mjs']],
  ['format', ['node_modules/@biomejs/biome/bin/biome', 'format']],
  ['lint', ['node_modules/oxlint/bin/oxlint', '--type-aware', 'src', 'test']],
  ['types of tests', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json']],
  [
    'tests',
    [
      'node_modules/mocha/bin/mocha.js',
      '--reporter',
      'test/helpers/reporter.cjs',
      ...(process.argv.length > 2 ? process.argv.slice(2) : ['test/**/*.test.ts']),
    ],
  ],
];

let passed = 0;
let failed = 0;
for (const [name, args] of steps) {
  console.log(`\n# ${name}`);
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, KUBEMU_TEST_COUNTS: counts },
  });
  if (name !== 'tests') {
    if (status === 0) passed++;
    else failed++;
    continue;
  }
  try {
    const result = JSON.parse(readFileSync(counts, 'utf8'));
    passed += result.passes;
    failed += result.failures;
    if (result.pending) console.log(`${result.pending} skipped`);
    // a runner that ends badly without a failed test has failed all the same
    if (status !== 0 && result.failures === 0) failed++;
  } catch {
    failed++;
  }
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
