import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { expect } from 'chai';
import type { Reader } from '../../../src/api/context.js';
import type { KubeObject } from '../../../src/api/meta/object.js';
import { noTokens } from '../../../src/server/token-file.js';
import { createTokens, type Tokens, tokenUnion } from '../../../src/server/tokens/index.js';
import type { Clock } from '../../../src/util/clock.js';

const OWN = 'https://kubernetes.default.svc.cluster.local';
const START = Date.parse('2030-01-01T00:00:00Z');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

interface Claims {
  readonly exp: number;
  readonly iat: number;
  readonly sub: string;
  readonly 'kubernetes.io': { readonly warnafter?: number; readonly pod?: { name: string } };
}

function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

async function problem(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('tokens of service accounts', () => {
  let now: number;
  let objects: Map<string, string>;
  let tokens: Tokens;

  beforeEach(() => {
    now = START;
    objects = new Map([
      ['serviceaccounts/ns/robot', 'u1'],
      ['pods/ns/p', 'u2'],
    ]);
    const reader = {
      get({ resource }: { resource: string }, namespace: string, name: string) {
        const uid = objects.get(`${resource}/${namespace}/${name}`);
        return uid === undefined ? undefined : ({ metadata: { namespace, name, uid } } as KubeObject);
      },
    } as unknown as Reader;
    tokens = createTokens({
      bootstrap: false,
      fixed: noTokens,
      signingKey: async () => privateKey,
      clock: { now: () => now } as Clock,
      reader,
      label: async () => {},
    });
  });

  const request = { namespace: 'ns', serviceAccount: { name: 'robot', uid: 'u1' }, audiences: [OWN], expirationSeconds: 600 };
  const pod = { name: 'p', uid: 'u2' };

  it('name the account, its groups and the credential', async () => {
    const found = await tokens.authenticator.authenticate(await tokens.issuer.issue({ ...request, pod, node: { name: 'n' } }));
    expect(found?.audiences).to.deep.equal([OWN]);
    expect(found?.user).to.deep.include({
      username: 'system:serviceaccount:ns:robot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    });
    expect(found?.user.extra).to.have.all.keys(
      'authentication.kubernetes.io/credential-id',
      'authentication.kubernetes.io/pod-name',
      'authentication.kubernetes.io/pod-uid',
      'authentication.kubernetes.io/node-name',
    );
  });

  it('end at their time', async () => {
    const token = await tokens.issuer.issue(request);
    now += 659_000;
    expect((await tokens.authenticator.authenticate(token))?.user.username).to.equal('system:serviceaccount:ns:robot');
    now += 2_000;
    expect(await problem(tokens.authenticator.authenticate(token))).to.equal('[invalid bearer token, service account token has expired]');
  });

  it('end with the objects they are bound to', async () => {
    const token = await tokens.issuer.issue({ ...request, pod });
    objects.set('pods/ns/p', 'u3');
    expect(await problem(tokens.authenticator.authenticate(token))).to.contain(
      'pod UID (u3) does not match service account pod ref claim (u2)',
    );
    objects.delete('pods/ns/p');
    expect(await problem(tokens.authenticator.authenticate(token))).to.contain('service account token has been invalidated');
    const free = await tokens.issuer.issue(request);
    objects.delete('serviceaccounts/ns/robot');
    expect(await problem(tokens.authenticator.authenticate(free))).to.contain('serviceaccounts "robot" not found');
  });

  it('are good for their audiences only', async () => {
    const token = await tokens.issuer.issue({ ...request, audiences: ['a', 'b'] });
    expect((await tokens.authenticator.authenticate(token, ['b', 'c']))?.audiences).to.deep.equal(['b']);
    expect(await problem(tokens.authenticator.authenticate(token))).to.equal(
      `[invalid bearer token, token audiences ["a" "b"] is invalid for the target audiences ["${OWN}"]]`,
    );
  });

  it('are refused when a byte of them was changed, and when they name another algorithm', async () => {
    const [header, payload, signature] = (await tokens.issuer.issue(request)).split('.') as [string, string, string];
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(`.${payload}.`), sub: 'x' })).toString('base64url');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const token of [`${header}.${forged}.${signature}`, `${none}.${payload}.`])
      expect(await problem(tokens.authenticator.authenticate(token))).to.contain('cryptographic');
    expect(await tokens.authenticator.authenticate('nonsense')).to.equal(undefined);
    expect(await tokens.authenticator.authenticate('a.b.c')).to.equal(undefined);
  });

  it('live a year when they are those that pods get unasked, and say when they should have been renewed', async () => {
    const injected = claimsOf(await tokens.issuer.issue({ ...request, pod, expirationSeconds: 3607 }));
    expect(injected.exp - injected.iat).to.equal(365 * 24 * 3600);
    expect(injected['kubernetes.io'].warnafter).to.equal(injected.iat + 3607);
    const other = claimsOf(await tokens.issuer.issue({ ...request, pod, expirationSeconds: 3607, audiences: ['else'] }));
    expect(other.exp - other.iat).to.equal(3607);
  });

  it('can be checked with the published key', async () => {
    let body = '';
    const response = { statusCode: 0, setHeader() {}, getHeader: () => 'set', end: (text: Buffer) => void (body = text.toString()) };
    const handler = tokens.discovery(() => 'host:1').get('/openid/v1/jwks');
    const asked = (accept?: string) =>
      handler?.({ method: 'GET', headers: { accept }, response, warnings: [] } as unknown as Parameters<NonNullable<typeof handler>>[0]);
    const refused = await asked('application/json')?.catch((error: Error) => error.message);
    expect(refused).to.equal('406: Not Acceptable\n\nAvailable representations: application/jwk-set+json');
    await asked();
    const [key] = (JSON.parse(body) as { keys: { kid: string; n: string; e: string; kty: string }[] }).keys;
    const [header, payload, signature] = (await tokens.issuer.issue(request)).split('.') as [string, string, string];
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).to.deep.equal({ alg: 'RS256', kid: key?.kid });
    const published = createPublicKey({ key: { ...key }, format: 'jwk' });
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), published, Buffer.from(signature, 'base64url'))).to.equal(true);
  });

  it('are asked for one authenticator after the other', async () => {
    const union = tokenUnion([noTokens, { authenticate: async (t) => (t === 'x' ? { user: { username: 'u', groups: [] } } : undefined) }]);
    expect((await union.authenticate('x'))?.user.groups).to.deep.equal(['system:authenticated']);
    expect(await union.authenticate('y')).to.equal(undefined);
  });
});
