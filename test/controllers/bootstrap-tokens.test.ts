import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { configmaps, namespaces, secrets } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap, Secret } from '../../src/api/types/core-v1.gen.js';
import { enabledControllers } from '../../src/controllers/index.js';
import { World } from './world.js';

const INFO = { namespace: 'kube-public', name: 'cluster-info' };

describe('the controllers of bootstrap tokens', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['bootstrapsigner', 'tokencleaner']);
    for (const name of ['kube-system', 'kube-public']) await world.client.create(namespaces, { metadata: { name } });
  });
  afterEach(() => world.stop());

  const add = (id: string, more: Record<string, string> = {}) =>
    world.client.create<Secret>(secrets, {
      metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
      type: 'bootstrap.kubernetes.io/token',
      stringData: { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...more },
    });
  const info = async () => (await world.client.get(configmaps, INFO)).data ?? {};
  const has = (...keys: string[]) =>
    world.eventually(async () => expect(Object.keys(await info())).to.have.members(['kubeconfig', ...keys]));

  it('run only when they are named', () => {
    expect(enabledControllers(['*'])).to.not.include.members(['bootstrap-signer-controller']);
    expect(enabledControllers(['*'])).to.not.include.members(['token-cleaner-controller']);
    expect(enabledControllers(['*', 'tokencleaner'])).to.include.members(['token-cleaner-controller', 'namespace-controller']);
  });

  it('sign what new nodes are told, with every token that may', async () => {
    await world.client.create<ConfigMap>(configmaps, {
      metadata: INFO,
      data: { kubeconfig: 'hello', 'jws-kubeconfig-gone00': 'old' },
    });
    await add('aaaaaa');
    await add('aaaaab', { 'usage-bootstrap-signing': 'false' });
    await add('aaaaac', { 'token-id': 'aaaaad' });
    await has('jws-kubeconfig-aaaaaa');
    const [header = '', payload, mac] = ((await info())['jws-kubeconfig-aaaaaa'] ?? '').split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).to.deep.equal({ alg: 'HS256', kid: 'aaaaaa' });
    expect(payload).to.equal('');
    // the text that is signed stands in the config map only
    expect(mac).to.equal(createHmac('sha256', '0123456789abcdef').update(`${header}.aGVsbG8`).digest('base64url'));
  });

  it('take a token that has ended away, and its signature', async () => {
    await world.client.create<ConfigMap>(configmaps, { metadata: INFO, data: { kubeconfig: 'hello' } });
    const end = (ms: number) => ({ expiration: new Date(world.clock.now() + ms).toISOString() });
    await add('aaaaaa');
    await add('bbbbbb', end(60_000));
    await add('cccccc', end(-1));
    await has('jws-kubeconfig-aaaaaa', 'jws-kubeconfig-bbbbbb');
    await world.eventually(async () => expect((await world.client.list(secrets)).items).to.have.length(2));
    await world.clock.advance(61_000);
    await has('jws-kubeconfig-aaaaaa');
    expect((await world.client.list(secrets)).items.map((s) => s.metadata.name)).to.deep.equal(['bootstrap-token-aaaaaa']);
  });
});
