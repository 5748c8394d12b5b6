import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import type { Reader } from '../../../src/api/context.js';
import type { Secret } from '../../../src/api/types/core-v1.gen.js';
import { noTokens } from '../../../src/server/token-file.js';
import { createTokens } from '../../../src/server/tokens/index.js';
import { type Claims, SigningKey } from '../../../src/server/tokens/keys.js';
import type { Clock } from '../../../src/util/clock.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer = new SigningKey(privateKey);
const OWN = 'https://kubernetes.default.svc.cluster.local';
const START = Date.parse('2030-01-01T00:00:00Z');
/** What the controller manager puts into a token. */
const CLAIMS = {
  iss: 'kubernetes/serviceaccount',
  'kubernetes.io/serviceaccount/namespace': 'ns',
  'kubernetes.io/serviceaccount/secret.name': 's',
  'kubernetes.io/serviceaccount/service-account.name': 'robot',
  'kubernetes.io/serviceaccount/service-account.uid': 'u1',
  sub: 'system:serviceaccount:ns:robot',
};

/** Objects of a cluster, and how its authenticator finds a token made of `claims` that the Secret holds. */
class Holder {
  readonly token: string;
  readonly secret: Secret;
  readonly account = { metadata: { namespace: 'ns', name: 'robot', uid: 'u1' } as Record<string, unknown> };
  readonly labelled: object[] = [];
  gone: 'secrets' | 'serviceaccounts' | undefined;

  constructor(claims: Claims = CLAIMS) {
    this.token = signer.sign(claims);
    const metadata = { namespace: 'ns', name: 's', uid: 'u2' };
    this.secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: { token: Buffer.from(this.token).toString('base64') } };
  }

  async authenticate(token = this.token, audiences?: string[]): Promise<string | object> {
    const reader = {
      get: ({ resource }: { resource: string }) =>
        resource === this.gone ? undefined : resource === 'secrets' ? this.secret : this.account,
    } as unknown as Reader;
    const label = async (_: Secret, labels: object) => void this.labelled.push(labels);
    const clock = { now: () => START } as Clock;
    const { authenticator } = createTokens({ fixed: noTokens, bootstrap: false, signingKey: async () => privateKey, clock, reader, label });
    const found = await authenticator.authenticate(token, audiences).catch((e: Error) => e.message);
    return found ?? 'unknown';
  }
}

const refusal = (reason: string) => `[invalid bearer token, ${reason}]`;

describe('tokens in secrets', () => {
  it('name the account and its groups', async () => {
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'];
    expect(await new Holder().authenticate()).to.deep.equal({
      user: { username: 'system:serviceaccount:ns:robot', uid: 'u1', groups },
      audiences: [OWN],
    });
  });

  it('are for this server only', async () => {
    expect(await new Holder().authenticate(undefined, ['elsewhere'])).to.equal(
      refusal('token audiences [] is invalid for the target audiences ["elsewhere"]'),
    );
  });

  it('end with the secret, with its content, and with the account', async () => {
    const holder = new Holder();
    holder.gone = 'secrets';
    expect(await holder.authenticate()).to.equal(refusal('Token has been invalidated'));
    holder.gone = 'serviceaccounts';
    expect(await holder.authenticate()).to.equal(refusal('serviceaccounts "robot" not found'));
    holder.gone = undefined;
    expect(await holder.authenticate(signer.sign({ ...CLAIMS, jti: '2' }))).to.equal(refusal("Token does not match server's copy"));
    holder.account.metadata['uid'] = 'u9';
    expect(await holder.authenticate()).to.equal(refusal('ServiceAccount UID (u9) does not match claim (u1)'));
    holder.account.metadata['deletionTimestamp'] = '2029-01-01T00:00:00Z';
    expect(await holder.authenticate()).to.equal(refusal('ServiceAccount ns/robot has been deleted'));
  });

  it('must say what they are', async () => {
    const { sub: _, ...nobody } = CLAIMS;
    expect(await new Holder(nobody).authenticate()).to.equal(refusal('sub claim is missing'));
    expect(await new Holder({ ...CLAIMS, sub: 'system:serviceaccount:ns:other' }).authenticate()).to.equal(refusal('sub claim is invalid'));
    const forged = `${new Holder().token.slice(0, -4)}AAAA`;
    expect(await new Holder().authenticate(forged)).to.equal(refusal('go-jose/go-jose: error in cryptographic primitive'));
  });

  it('leave the day of their last use on the secret, once a day', async () => {
    const holder = new Holder();
    await holder.authenticate();
    expect(holder.labelled).to.deep.equal([{ 'kubernetes.io/legacy-token-last-used': '2030-01-01' }]);
    for (const day of ['2030-01-01', '2030-01-02']) {
      holder.secret.metadata.labels = { 'kubernetes.io/legacy-token-last-used': day };
      await holder.authenticate();
    }
    expect(holder.labelled).to.have.length(1);
  });

  it('are refused once they are marked as invalid', async () => {
    const holder = new Holder();
    holder.secret.metadata.labels = { 'kubernetes.io/legacy-token-invalid-since': '2029-01-01' };
    expect(await holder.authenticate()).to.contain('the token in secret ns/s for service account ns/robot has been marked invalid.');
    expect(holder.labelled, 'that it was shown is noted').to.have.length(1);
  });
});
