import { expect } from 'chai';
import { secrets, serviceaccounts } from '../../src/api/meta/resources.gen.js';
import type { Secret, ServiceAccount } from '../../src/api/types/core-v1.gen.js';
import { World } from './world.js';

const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';
const key = (name: string) => ({ namespace: 'default', name });

describe('serviceaccount-token controller', () => {
  let world: World;
  let account: ServiceAccount;
  beforeEach(async () => {
    world = await World.start(['serviceaccount-token']);
    account = await world.client.create<ServiceAccount>(serviceaccounts, { metadata: key('robot') });
  });
  afterEach(() => world.stop());

  const addSecret = (name: string, annotations: Record<string, string>, data?: Record<string, string>) =>
    world.client.create<Secret>(secrets, {
      metadata: { ...key(name), annotations },
      type: 'kubernetes.io/service-account-token',
      ...(data && { data }),
    });
  const texts = (secret: Secret) =>
    Object.fromEntries(Object.entries(secret.data ?? {}).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]));
  const filled = (name: string) =>
    world.eventually(async () => {
      const secret = await world.client.get(secrets, key(name));
      expect(secret.data).to.include.keys('token', 'ca.crt', 'namespace');
      return secret;
    });
  const isGone = (name: string) =>
    world.eventually(async () => expect((await world.client.list(secrets)).items.map((s) => s.metadata.name)).to.not.include(name));

  it('fills in token, authority, namespace and the uid of the account', async () => {
    await addSecret('s', { [NAME]: 'robot' });
    const secret = await filled('s');
    const { uid = '' } = account.metadata;
    expect(texts(secret)).to.deep.equal({ 'ca.crt': 'THE CA', namespace: 'default', token: `default s robot ${uid}` });
    expect(secret.metadata.annotations).to.deep.equal({ [NAME]: 'robot', [UID]: uid });
  });

  it('leaves a token and a namespace that are there, and mends the authority', async () => {
    const given = { token: 'mine', namespace: 'elsewhere', 'ca.crt': 'old', more: 'x' };
    const data = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
    await addSecret('s', { [NAME]: 'robot' }, data);
    await world.eventually(async () =>
      expect(texts(await world.client.get(secrets, key('s')))).to.deep.equal({ ...given, 'ca.crt': 'THE CA' }),
    );
  });

  it('removes secrets of accounts that are not there, or are others of that name', async () => {
    await addSecret('nobody', { [NAME]: 'nobody' });
    await addSecret('other', { [NAME]: 'robot', [UID]: 'another' });
    await addSecret('kept', { [NAME]: 'robot' });
    await isGone('nobody');
    await isGone('other');
    await filled('kept');
  });

  it('removes them with their account', async () => {
    await addSecret('s', { [NAME]: 'robot' });
    await filled('s');
    await world.client.delete(serviceaccounts, key('robot'));
    await isGone('s');
  });

  it('takes a secret that is gone from the list of its account', async () => {
    await addSecret('s', { [NAME]: 'robot' });
    await filled('s');
    await world.client.update(serviceaccounts, { ...account, secrets: [{ name: 's' }, { name: 'more' }] });
    await world.client.delete(secrets, key('s'));
    await world.eventually(async () =>
      expect((await world.client.get(serviceaccounts, key('robot'))).secrets).to.deep.equal([{ name: 'more' }]),
    );
  });
});
