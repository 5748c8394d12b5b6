// Writes fixtures/recordings-open.json anew: the cases that are not answered as recorded. `npx tsx test/conformance/list-open.ts`
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { API_ONLY, startTestCluster } from '../helpers/cluster.js';
import type { Recording } from './recording.js';
import { Replayer } from './replay.js';

const PATIENCE_MS = 1_000;
const fixtures = new URL('../../fixtures/', import.meta.url);
const cluster = await startTestCluster({ components: API_ONLY, disableAdmissionPlugins: ['ServiceAccount'] });
const replayer = new Replayer({ url: cluster.url, ...cluster.admin });
const open: Record<string, string[]> = {};
for (const file of readdirSync(new URL('recordings/', fixtures)).sort()) {
  const { area, cases } = JSON.parse(readFileSync(new URL(`recordings/${file}`, fixtures), 'utf8')) as Recording;
  let steps = 0;
  let failed = 0;
  for (const c of cases) {
    const failures = await replayer.run(c, PATIENCE_MS);
    steps += c.steps.length;
    failed += failures.length;
    if (failures.length > 0) (open[area] ??= []).push(c.name);
  }
  console.log(`${area.padEnd(32)}${steps - failed}/${steps}`);
}
writeFileSync(new URL('recordings-open.json', fixtures), `${JSON.stringify(open, undefined, 2)}\n`);
replayer.close();
await cluster.close();
