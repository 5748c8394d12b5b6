// `kubemu` is killed with -9 in the middle of a load of writes over HTTPS and started again: every write that was answered is
// there, and a watch goes on from its last resourceVersion. KILL_ROUNDS: how often (default 3).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import { eventually } from '../helpers/cluster.js';
import { Kubemu, type WatchEvent } from './process.js';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 3);
const WRITERS = 16;
const MAPS = '/api/v1/namespaces/default/configmaps';

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data?: Record<string, string>;
}

/** What the server has answered for: the last acknowledged state of each name, and what nobody knows. */
class Ledger {
  readonly acknowledged = new Map<string, { resourceVersion: string; count: string } | 'deleted'>();
  /** Writes without an answer: done or not, both are right. */
  readonly open = new Map<string, { count: string } | 'deleted'>();
  writes = 0;
  #next = 0;

  name(): string {
    return `map-${this.#next++}`;
  }
}

/** Creates, updates twice and sometimes deletes, one object after the other, until the server is gone. */
async function write(server: Kubemu, ledger: Ledger): Promise<void> {
  for (;;) {
    const name = ledger.name();
    const steps = [
      () => server.send('POST', MAPS, { metadata: { name }, data: { count: '1' } }),
      () => server.send('PATCH', `${MAPS}/${name}`, { data: { count: '2' } }, 'application/merge-patch+json'),
      () => server.send('PUT', `${MAPS}/${name}`, { metadata: { name }, data: { count: '3' } }),
      ...(Number(name.slice(4)) % 4 === 0 ? [() => server.send('DELETE', `${MAPS}/${name}`)] : []),
    ];
    for (const [i, step] of steps.entries()) {
      const deletes = i === 3;
      ledger.open.set(name, deletes ? 'deleted' : { count: String(i + 1) });
      let answer: { status: number; body: string };
      try {
        answer = await step();
      } catch {
        return;
      }
      // a server that is ending may refuse, but what it refused it has not done
      if (answer.status >= 300) throw new Error(`write ${i} of ${name}: ${answer.status} ${answer.body}`);
      const count = String(i + 1);
      ledger.open.delete(name);
      ledger.acknowledged.set(
        name,
        deletes ? 'deleted' : { count, resourceVersion: (JSON.parse(answer.body) as ConfigMap).metadata.resourceVersion },
      );
      ledger.writes++;
    }
  }
}

function checkWrites(items: readonly ConfigMap[], ledger: Ledger): void {
  const found = new Map(items.map((item) => [item.metadata.name, item]));
  for (const [name, last] of ledger.acknowledged) {
    const item = found.get(name);
    const open = ledger.open.get(name);
    const state = item && item.data?.['count'];
    const openDone = open !== undefined && (open === 'deleted' ? item === undefined : state === open.count);
    if (openDone) continue;
    if (last === 'deleted') expect(item, `${name} was deleted`).to.equal(undefined);
    else {
      expect(state, `${name}, acknowledged`).to.equal(last.count);
      expect(item?.metadata.resourceVersion, `version of ${name}`).to.equal(last.resourceVersion);
    }
  }
  const strangers = items.filter(
    ({ metadata: { name } }) => name.startsWith('map-') && !ledger.acknowledged.has(name) && !ledger.open.has(name),
  );
  expect(strangers, 'nothing that nobody wrote').to.deep.equal([]);
  // what was open is settled by what was found
  for (const name of ledger.open.keys()) {
    const item = found.get(name);
    if (item) ledger.acknowledged.set(name, { count: item.data?.['count'] ?? '', resourceVersion: item.metadata.resourceVersion });
    else ledger.acknowledged.set(name, 'deleted');
  }
  ledger.open.clear();
}

/** A watch that went on over every restart has seen each version once, in order, and ends in the state there is. */
function checkWatch(events: readonly WatchEvent[], items: readonly ConfigMap[]): void {
  const versions = events.map((event) => Number(event.object.metadata.resourceVersion));
  for (let i = 1; i < versions.length; i++)
    expect(versions[i], `event ${i} comes after the one before`).to.be.greaterThan(versions[i - 1] as number);
  const state = new Map<string, string>();
  for (const { type, object } of events) {
    const { name, resourceVersion } = object.metadata;
    expect(type === 'ADDED', `${type} of ${name}`).to.equal(!state.has(name));
    if (type === 'DELETED') state.delete(name);
    else state.set(name, resourceVersion);
  }
  const present = items.filter((item) => item.metadata.name.startsWith('map-'));
  expect(Object.fromEntries(state)).to.deep.equal(
    Object.fromEntries(present.map(({ metadata }) => [metadata.name, metadata.resourceVersion])),
  );
}

describe('a kubemu process that is killed', function () {
  let dataDir: string;
  let server: Kubemu | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kubemu-restart-'));
  });
  afterEach(async () => {
    await server?.kill();
    server = undefined;
    await rm(dataDir, { recursive: true, force: true });
  });

  it(`has every acknowledged write, and watches go on (${ROUNDS} rounds)`, async function () {
    this.timeout(30_000 + ROUNDS * 20_000);
    const ledger = new Ledger();
    const seen: WatchEvent[] = [];
    server = await Kubemu.start(dataDir, ['apiserver', '--secure-port', '0']);
    let from = (await server.get<{ metadata: { resourceVersion: string } }>(MAPS)).metadata.resourceVersion;
    for (let round = 0; round < ROUNDS; round++) {
      const before = ledger.writes;
      const watch = server.watch(`${MAPS}?watch=true&resourceVersion=${from}`);
      const running = server;
      const writers = Array.from({ length: WRITERS }, () => write(running, ledger));
      const enough = before + 20 + Math.floor(Math.random() * 400);
      await eventually('a load of writes', () => ledger.writes >= enough, 15_000);
      await server.kill();
      await Promise.all(writers);
      expect(await watch.ended, 'a killed server ends nothing cleanly').to.equal('cut');
      seen.push(...watch.events);
      from = seen.at(-1)?.object.metadata.resourceVersion ?? from;

      server = await Kubemu.start(dataDir, ['apiserver', '--secure-port', '0']);
      const list = await server.get<{ items: ConfigMap[]; metadata: { resourceVersion: string } }>(MAPS);
      checkWrites(list.items, ledger);
      const rest = server.watch(`${MAPS}?watch=true&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=1`);
      expect(await rest.ended).to.equal('end');
      seen.push(...rest.events.filter((event) => event.type !== 'BOOKMARK'));
      from = list.metadata.resourceVersion;
      checkWatch(seen, list.items);
    }
    expect(ledger.writes, 'the load was one').to.be.greaterThan(ROUNDS * 20);
    if (this.test) this.test.title += `, ${ledger.writes} writes`;
  });

  it('finds its pods running', async function () {
    this.timeout(60_000);
    const args = ['up', '--secure-port', '0', '--runtime', 'simulated', '--nodes', '2'];
    server = await Kubemu.start(dataDir, args);
    const labels = { app: 'steady' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'steady:1' }] } };
    const deployment = { metadata: { name: 'steady' }, spec: { replicas: 4, selector: { matchLabels: labels }, template } };
    expect((await server.send('POST', '/apis/apps/v1/namespaces/default/deployments', deployment)).status).to.equal(201);
    const pods = async (of: Kubemu) => (await of.get<{ items: Pod[] }>('/api/v1/namespaces/default/pods?labelSelector=app=steady')).items;
    const summary = (list: readonly Pod[]) =>
      list.map((pod) => ({
        name: pod.metadata.name,
        uid: pod.metadata.uid,
        phase: pod.status?.phase,
        ip: pod.status?.podIP,
        ready: pod.status?.conditions?.find((c) => c.type === 'Ready')?.status,
        containers: pod.status?.containerStatuses?.map((c) => [c.restartCount, c.containerID, c.state?.running?.startedAt]),
      }));
    const running = server;
    const ready = (of: Kubemu) => async () => {
      const list = await pods(of);
      return list.length === 4 && summary(list).every((pod) => pod.ready === 'True') && list;
    };
    const before = summary(await eventually('four ready pods', ready(running), 20_000));
    await server.kill();

    server = await Kubemu.start(dataDir, args);
    expect(summary(await pods(server)), 'at once').to.deep.equal(before);
    const node = await server.get<{ items: { status: { conditions: { type: string; status: string }[] } }[] }>('/api/v1/nodes');
    for (const { status } of node.items) expect(status.conditions.find((c) => c.type === 'Ready')?.status).to.equal('True');
    // the cluster lives on: a change is carried out, and the pods that need not change do not
    const scaled = await server.send(
      'PATCH',
      '/apis/apps/v1/namespaces/default/deployments/steady/scale',
      { spec: { replicas: 5 } },
      'application/merge-patch+json',
    );
    expect(scaled.status).to.equal(200);
    const after = server;
    await eventually(
      'a fifth pod',
      async () => {
        const list = summary(await pods(after));
        return list.length === 5 && list.every((pod) => pod.ready === 'True');
      },
      20_000,
    );
    const survivors = summary(await pods(server)).filter((pod) => before.some((b) => b.uid === pod.uid));
    expect(survivors).to.deep.equal(before);
  });

  it('stops cleanly when it is asked to, and starts again quickly', async function () {
    this.timeout(60_000);
    server = await Kubemu.start(dataDir, ['up', '--secure-port', '0', '--runtime', 'simulated']);
    await server.send('POST', MAPS, { metadata: { name: 'kept' } });
    const watch = server.watch(`${MAPS}?watch=true`);
    await eventually('the watch has begun', () => watch.events.some((event) => event.object.metadata.name === 'kept'));
    expect(await server.terminate(), 'exit code').to.equal(0);
    expect(await watch.ended, 'the watch').to.equal('end');

    server = await Kubemu.start(dataDir, ['up', '--secure-port', '0', '--runtime', 'simulated']);
    expect((await server.get<ConfigMap>(`${MAPS}/kept`)).metadata.name).to.equal('kept');
    // a second start makes no keys and no first objects; generous, for machines with much to do
    expect(server.startedIn).to.be.lessThan(10_000);
  });

  it('refuses a second process on its directory, which goes on', async function () {
    this.timeout(60_000);
    server = await Kubemu.start(dataDir, ['apiserver', '--secure-port', '0']);
    const second = await Kubemu.start(dataDir, ['apiserver', '--secure-port', '0']).then(
      () => 'started',
      (error: Error) => error.message,
    );
    expect(second)
      .to.match(/^kubemu ended with 1 /)
      .and.contain(dataDir)
      .and.not.match(/^\s+at /m);
    expect((await server.send('POST', MAPS, { metadata: { name: 'alive' } })).status).to.equal(201);
  });
});
