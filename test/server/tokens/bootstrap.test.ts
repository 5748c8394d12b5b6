import { expect } from 'chai';
import type { Reader } from '../../../src/api/context.js';
import { bootstrapTokens } from '../../../src/server/tokens/bootstrap.js';
import type { Clock } from '../../../src/util/clock.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const GOOD = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };

/** The groups of whoever shows the token that a Secret holds; undefined: it is none. Each as kube-apiserver v1.36 decides. */
async function groups(
  texts: Record<string, string> = {},
  { type = 'bootstrap.kubernetes.io/token', token = 'abcdef.0123456789abcdef', metadata = {} } = {},
): Promise<readonly string[] | undefined> {
  const data = Object.fromEntries(Object.entries({ ...GOOD, ...texts }).map(([k, text]) => [k, Buffer.from(text).toString('base64')]));
  const reader = {
    get: (_: unknown, namespace: string, name: string) =>
      namespace === 'kube-system' && name === 'bootstrap-token-abcdef' ? { metadata, type, data } : undefined,
  } as unknown as Reader;
  const found = await bootstrapTokens({ clock: { now: () => NOW } as Clock, reader }).authenticate(token);
  if (found) expect(found.user.username).to.equal('system:bootstrap:abcdef');
  return found?.user.groups;
}

describe('bootstrap tokens', () => {
  it('let in whoever shows one', async () => {
    expect(await groups()).to.deep.equal(['system:bootstrappers']);
  });

  it('are of one form', async () => {
    for (const token of [
      'abcdef',
      'abcdef.0123456789abcdeF',
      'abcdef.0123456789abcdef0',
      'ghijkl.0123456789abcdef',
      'abcdef.0123456789abcdef\n',
    ])
      expect(await groups({}, { token }), token).to.equal(undefined);
  });

  it('are refused when the secret is of another type, on its way out, or says other things', async () => {
    expect(await groups({}, { type: 'Opaque' })).to.equal(undefined);
    expect(await groups({}, { metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } })).to.equal(undefined);
    expect(await groups({ 'token-id': 'abcdeg' })).to.equal(undefined);
    expect(await groups({ 'token-secret': '0123456789abcdeg' })).to.equal(undefined);
    expect(await groups({ 'token-secret': 'ä123456789abcdef' })).to.equal(undefined);
    expect(await groups({ 'usage-bootstrap-authentication': 'True' })).to.equal(undefined);
  });

  it('end at their time, and at once when it cannot be read', async () => {
    for (const expiration of ['2030-01-01T00:00:01Z', '2030-01-01T02:00:00+01:59', '2030-01-01T00:00:00.5Z'])
      expect(await groups({ expiration }), expiration).to.deep.equal(['system:bootstrappers']);
    for (const expiration of ['2030-01-01T00:00:00Z', '2099-01-01', '2099-02-30T00:00:00Z', '2099-01-01t00:00:00z', 'soon'])
      expect(await groups({ expiration }), expiration).to.equal(undefined);
  });

  it('give more groups, of the right kind only', async () => {
    const extra = 'system:bootstrappers:z,system:bootstrappers:a,system:bootstrappers:z';
    expect(await groups({ 'auth-extra-groups': extra })).to.deep.equal([
      'system:bootstrappers',
      'system:bootstrappers:a',
      'system:bootstrappers:z',
    ]);
    expect(await groups({ 'auth-extra-groups': 'system:masters' })).to.equal(undefined);
    expect(await groups({ 'auth-extra-groups': 'system:bootstrappers:' })).to.equal(undefined);
  });
});
