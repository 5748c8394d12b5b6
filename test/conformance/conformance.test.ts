// Replays the conversations recorded from kube-apiserver v1.36.3 (fixtures/recordings). A case that is not answered like
// the real server does is listed by name in fixtures/recordings-open.json; a listed case that passes must leave the list.
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import type { Recording } from './recording.js';
import { Replayer } from './replay.js';

const directory = new URL('../../fixtures/recordings/', import.meta.url);
const open = JSON.parse(readFileSync(new URL('../../fixtures/recordings-open.json', import.meta.url), 'utf8')) as Record<string, string[]>;
const only = process.env.RECORDINGS?.split(',');

/** What is known not to come is not waited for. */
const IMPATIENT_MS = 150;

describe('recorded conversations', function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let replayer: Replayer;

  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, disableAdmissionPlugins: ['ServiceAccount'] });
    replayer = new Replayer({ url: cluster.url, ...cluster.admin });
  });
  after(async () => {
    replayer?.close();
    await cluster?.close();
  });

  for (const file of readdirSync(directory).sort()) {
    const { area, cases } = JSON.parse(readFileSync(new URL(file, directory), 'utf8')) as Recording;
    if (only && !only.includes(area)) continue;
    describe(area, () => {
      for (const c of cases) {
        const listed = open[area]?.includes(c.name) ?? false;
        it(`${c.name}${listed ? ' (known to differ)' : ''}`, async () => {
          const failures = await replayer.run(c, listed ? IMPATIENT_MS : undefined);
          if (listed) expect(failures, `${area} · ${c.name} passes: take it off fixtures/recordings-open.json`).to.not.deep.equal([]);
          else expect(failures.join('\n'), 'differences').to.equal('');
        });
      }
    });
  }
});
