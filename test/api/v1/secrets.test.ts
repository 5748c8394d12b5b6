import { expect } from 'chai';
import type { Context } from '../../../src/api/context.js';
import type { Secret } from '../../../src/api/types/core-v1.gen.js';
import secrets from '../../../src/api/v1/secrets.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function secret(parts: Partial<Secret>): Secret {
  const made = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, ...parts } as Secret;
  secrets.defaults?.(made);
  return made;
}
const wrong = (parts: Partial<Secret>) => (secrets.validate?.(secret(parts), {} as Context) ?? []).map(({ field }) => field);

describe('Secrets', () => {
  it('take strings over into the data', () => {
    const { type, data, stringData } = secret({ data: { a: base64('old'), b: base64('b') }, stringData: { a: 'ä' } });
    expect({ type, data, stringData }).to.deep.equal({
      type: 'Opaque',
      data: { a: base64('ä'), b: base64('b') },
      stringData: undefined,
    });
  });
  it('have the data of their type', () => {
    expect(wrong({ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } })).to.deep.equal(['data[tls.key]']);
    expect(wrong({ type: 'kubernetes.io/ssh-auth' })).to.deep.equal(['data[ssh-privatekey]']);
    expect(wrong({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{') } })).to.deep.equal([
      'data[.dockerconfigjson]',
    ]);
    expect(wrong({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{}') } })).to.deep.equal([]);
    expect(wrong({ type: 'kubernetes.io/service-account-token' })).to.deep.equal([
      'metadata.annotations[kubernetes.io/service-account.name]',
    ]);
  });
  it('of basic authentication have a name or a password', () => {
    expect(wrong({ type: 'kubernetes.io/basic-auth' })).to.deep.equal(['data[username]', 'data[password]']);
    expect(wrong({ type: 'kubernetes.io/basic-auth', data: { password: '' } })).to.deep.equal([]);
  });
  it('that are immutable stay so, with their data', () => {
    const change = (next: Partial<Secret>) =>
      (secrets.validateUpdate?.(secret(next), secret({ immutable: true, data: { a: base64('a') } }), {} as Context) ?? []).map(
        ({ field }) => field,
      );
    expect(change({ immutable: true, data: { a: base64('a') } })).to.deep.equal([]);
    expect(change({ immutable: true, data: { a: base64('b') } })).to.deep.equal(['data']);
    expect(change({ data: { a: base64('a') } })).to.deep.equal(['immutable']);
    expect(change({ immutable: true, data: { a: base64('a') }, type: 'x' })).to.deep.equal(['type']);
  });
});
