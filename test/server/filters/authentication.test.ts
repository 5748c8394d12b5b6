import { createHash, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import type { TokenAuthenticator } from '../../../src/api/context.js';
import { union } from '../../../src/server/authorization/index.js';
import { issue, makeAuthority } from '../../../src/server/certificates.js';
import { clientPair, echo, Listening, over } from '../../helpers/listening.js';

const tokens: TokenAuthenticator = {
  authenticate: async (token) => (token === 'good' ? { user: { username: 'robot', uid: '7', groups: ['machines'] } } : undefined),
};

describe('authentication', () => {
  let on: Listening;
  afterEach(() => on.close());

  for (const version of ['http1', 'http2'] as const) {
    it(`takes the user from the client certificate over ${version}`, async () => {
      on = await Listening.start(echo);
      const pair = await clientPair({ commonName: 'jane', organizations: ['dev', 'ops'] });
      const { user } = (await on[version]('/api', {}, pair)).json;
      const fingerprint = createHash('sha256').update(new X509Certificate(pair.cert).raw).digest('hex');
      expect(user).to.deep.equal({
        username: 'jane',
        groups: ['dev', 'ops', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
      });
    });

    it(`refuses requests without credentials over ${version}`, async () => {
      on = await Listening.start(echo);
      const { status, json } = await on[version]('/api', {}, null);
      expect(status).to.equal(401);
      expect(json).to.deep.equal({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'Unauthorized',
        reason: 'Unauthorized',
        code: 401,
      });
    });
  }

  it('believes no certificate of an unknown authority, even where anonymous requests are welcome', async () => {
    on = await Listening.start(echo, { anonymousAuth: true });
    const stranger = await issue(await makeAuthority('stranger', 1), { commonName: 'jane' }, 1);
    expect((await on.http1('/api', {}, stranger)).status).to.equal(401);
    expect((await on.http2('/api', {}, stranger)).status).to.equal(401);
  });

  it('believes no expired certificate, and none made for servers', async () => {
    on = await Listening.start(echo, { anonymousAuth: true });
    expect((await on.http1('/api', {}, await clientPair({ commonName: 'jane' }, -0.001))).status).to.equal(401);
    expect((await on.http1('/api', {}, on.pki.serving)).status).to.equal(401);
  });

  it('takes the user from a bearer token', async () => {
    on = await Listening.start(echo, { tokens });
    const { user, headers } = (await on.http1('/api', { headers: { authorization: 'bearer good' } }, null)).json as never as {
      user: object;
      headers: object;
    };
    expect(user).to.deep.equal({ username: 'robot', uid: '7', groups: ['machines', 'system:authenticated'] });
    expect(headers).to.not.have.property('authorization');
  });

  it('prefers the certificate, but a token does where the certificate does not', async () => {
    on = await Listening.start(echo, { tokens });
    const headers = { authorization: 'Bearer good' };
    expect((await on.http1('/api', { headers })).json.user.username).to.equal('kubernetes-admin');
    const stranger = await issue(await makeAuthority('stranger', 1), { commonName: 'jane' }, 1);
    expect((await on.http1('/api', { headers }, stranger)).json.user.username).to.equal('robot');
  });

  it('lets requests without credentials in as system:anonymous where that is allowed, wrong ones never', async () => {
    on = await Listening.start(echo, { tokens, anonymousAuth: true });
    const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
    const get = async (authorization?: string) => on.http1('/api', { headers: { ...(authorization && { authorization }) } }, null);
    expect((await get()).json.user).to.deep.equal(anonymous);
    expect((await get('Basic YTpi')).json.user).to.deep.equal(anonymous);
    expect((await get('Bearer ')).json.user).to.deep.equal(anonymous);
    expect((await get('Bearer bad')).status).to.equal(401);
  });

  it('warns of a space too many before a token', async () => {
    on = await Listening.start(echo, { tokens, anonymousAuth: true, authorizer: union([]) });
    const warning = async (authorization: string) => (await on.http1('/api', { headers: { authorization } }, null)).headers['warning'];
    expect(await warning('Bearer  good')).to.equal(
      '299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"',
    );
    expect(await warning('Bearer')).to.equal(undefined);
  });

  it('closes HTTP/2 connections of those who give no credentials', async () => {
    on = await Listening.start(echo, { anonymousAuth: true });
    const session = on.session(null);
    const closed = new Promise((resolve) => session.once('close', resolve));
    expect((await over(session, '/api')).status).to.equal(200);
    await closed;
  });

  it('says in the form the client accepts that it refuses', async () => {
    on = await Listening.start(echo);
    const { headers, text } = await on.http1('/api', { headers: { accept: 'application/yaml' } }, null);
    expect(headers['content-type']).to.equal('application/yaml');
    expect(text).to.contain('reason: Unauthorized\n');
  });

  it('is asked before authorization', async () => {
    on = await Listening.start(echo, { authorizer: union([]) });
    expect((await on.http1('/api', {}, null)).status).to.equal(401);
    expect((await on.http1('/api')).status).to.equal(403);
  });
});
