import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { events } from '../../src/api/meta/resources.gen.js';
import type { Event } from '../../src/api/types/core-v1.gen.js';
import { VirtualClock } from '../../src/util/clock.js';
import { API_ONLY, eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const MINUTE = 60_000;

describe('events', () => {
  let cluster: TestCluster;
  let clock: VirtualClock;
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kubemu-expiry-'));
  });
  after(() => rm(dataDir, { recursive: true, force: true }));
  afterEach(() => cluster.close());

  const start = async (options: Parameters<typeof startTestCluster>[0] = {}) => {
    clock ??= new VirtualClock(Date.now());
    cluster = await startTestCluster({ components: API_ONLY, clock, ...options });
  };
  const add = (name: string) =>
    cluster.client.create<Event>(events, {
      metadata: { name, namespace: 'default', finalizers: ['example.com/held'] },
      involvedObject: { namespace: 'default' },
      source: {},
      reportingComponent: '',
      reportingInstance: '',
    });
  const names = async () => (await cluster.client.list(events)).items.map(({ metadata }) => metadata.name);
  const left = (expected: string[]) =>
    eventually(`only ${expected.join() || 'nothing'} left`, async () => String(await names()) === String(expected));

  it('go an hour after the last write, whatever holds them, and watchers are told', async () => {
    await start();
    await add('a');
    const written = await add('b');
    const abort = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const query = { resourceVersion: written.metadata.resourceVersion as string, signal: abort.signal };
      for await (const event of cluster.client.watch(events, query)) seen.push(`${event.type} ${event.object.metadata.name}`);
    })();
    await clock.advance(30 * MINUTE);
    await cluster.client.patch(events, { namespace: 'default', name: 'b' }, { type: 'merge', body: { count: 2 } });
    await clock.advance(29 * MINUTE);
    expect(await names()).to.deep.equal(['a', 'b']);
    await clock.advance(3 * MINUTE);
    await left(['b']);
    await clock.advance(30 * MINUTE);
    await left([]);
    await eventually('what the watcher sees', () => seen.length === 3);
    abort.abort();
    await watching;
    expect(seen).to.deep.equal(['MODIFIED b', 'DELETED a', 'DELETED b']);
  });

  it('go when their time is over also after a restart', async () => {
    await start({ memory: false, dataDir });
    await add('a');
    await cluster.close();
    await clock.advance(50 * MINUTE);
    await start({ memory: false, dataDir });
    await add('b');
    await clock.advance(8 * MINUTE);
    expect(await names()).to.deep.equal(['a', 'b']);
    await clock.advance(3 * MINUTE);
    await left(['b']);
  });

  it('stay when they are told to', async () => {
    await start({ eventTTL: 0 });
    await add('a');
    await clock.advance(90 * MINUTE);
    expect(await names()).to.deep.equal(['a']);
  });
});
