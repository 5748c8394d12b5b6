import { expect } from 'chai';
import { configmaps, namespaces, pods, secrets, serviceaccounts } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap, Pod, Secret, ServiceAccount } from '../../src/api/types/core-v1.gen.js';
import { dayOf } from '../../src/api/shared/legacy-tokens.js';
import { World } from './world.js';

const DAY = 86_400_000;
const LAST_USED = 'kubernetes.io/legacy-token-last-used';
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const key = (name: string) => ({ namespace: 'default', name });

describe('legacy-serviceaccount-token-cleaner controller', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['legacy-service-account-token-cleaner']);
  });
  afterEach(() => world.stop());

  const today = () => dayOf(world.clock.now());
  async function setUp(): Promise<void> {
    await world.client.create(namespaces, { metadata: { name: 'kube-system' } });
    await world.client.create<ConfigMap>(configmaps, {
      metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
      data: { since: today() },
    });
    const listed = ['forgotten', 'used', 'mounted', 'odd'].map((name) => ({ name }));
    await world.client.create<ServiceAccount>(serviceaccounts, { metadata: key('robot'), secrets: listed });
    for (const name of ['forgotten', 'used', 'mounted', 'odd', 'asked-for']) await add(name, name === 'odd' ? { [LAST_USED]: 'soon' } : {});
    const volumes = [{ name: 'v', secret: { secretName: 'mounted' } }];
    await world.client.create<Pod>(pods, { metadata: key('p'), spec: { containers: [{ name: 'c', image: 'i' }], volumes } });
  }
  const add = (name: string, labels: Record<string, string>) =>
    world.client.create<Secret>(secrets, {
      metadata: { ...key(name), labels, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
    });
  const use = (name: string) =>
    world.client.patch<Secret>(secrets, key(name), { type: 'merge', body: { metadata: { labels: { [LAST_USED]: today() } } } });
  const marked = async () =>
    (await world.client.list(secrets)).items
      .filter(({ metadata }) => metadata.labels?.[INVALID_SINCE])
      .map(({ metadata }) => metadata.name);
  const advance = async (days: number) => {
    for (let i = 0; i < days; i++) await world.clock.advance(DAY);
  };

  /** Within days: the controller may be a round behind. */
  const soon = (check: () => Promise<unknown>) =>
    world.eventually(async () => {
      await advance(1);
      await check();
    });

  it('marks the tokens that nobody has used for a year, and removes them after another', async () => {
    await setUp();
    await advance(300);
    await use('used');
    expect(await marked()).to.deep.equal([]);
    await advance(66);
    await soon(async () => expect(await marked()).to.deep.equal(['forgotten']));
    await use('used');
    await advance(300);
    await use('used');
    await advance(66);
    await soon(async () =>
      expect((await world.client.list(secrets)).items.map(({ metadata }) => metadata.name)).to.deep.equal([
        'asked-for',
        'mounted',
        'odd',
        'used',
      ]),
    );
  });
});
