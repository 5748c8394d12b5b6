import { expect } from 'chai';
import type { AuthorizationAttributes } from '../../../src/api/context.js';
import { alwaysDeny } from '../../../src/server/authorization/always.js';
import { authorizerFor, union } from '../../../src/server/authorization/index.js';
import { clientPair, echo, Listening } from '../../helpers/listening.js';

const nothing = { get: () => undefined, list: () => [] };

describe('authorization', () => {
  let on: Listening;
  afterEach(() => on?.close());

  it('refuses in the words of kube-apiserver', async () => {
    on = await Listening.start(echo, { authorizer: union([]) });
    const jane = await clientPair({ commonName: 'jane' });
    const refusal = async (method: string, path: string) => {
      const { status, json, headers } = await on.http1(path, { method }, jane);
      expect(status).to.equal(403);
      expect(headers['x-content-type-options']).to.equal('nosniff');
      return json;
    };
    expect(await refusal('GET', '/api/v1/namespaces/ns/pods')).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "ns"',
      reason: 'Forbidden',
      details: { kind: 'pods' },
      code: 403,
    });
    const messages: [string, string, string][] = [
      [
        'DELETE',
        '/api/v1/nodes/x',
        'nodes "x" is forbidden: User "jane" cannot delete resource "nodes" in API group "" at the cluster scope',
      ],
      [
        'GET',
        '/api/v1/namespaces/ns',
        'namespaces "ns" is forbidden: User "jane" cannot get resource "namespaces" in API group "" in the namespace "ns"',
      ],
      [
        'GET',
        '/apis/apps/v1/namespaces/ns/deployments/d/scale',
        'deployments.apps "d" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" in the namespace "ns"',
      ],
      ['GET', '/api', 'forbidden: User "jane" cannot get path "/api"'],
      ['POST', '/<b>', 'forbidden: User "jane" cannot post path "/&lt;b&gt;"'],
    ];
    for (const [method, path, message] of messages) expect((await refusal(method, path)).message).to.equal(message);
    expect((await refusal('GET', '/api'))['details']).to.deep.equal({});
  });

  it('shows the reason of the authorizer', async () => {
    on = await Listening.start(echo, { authorizer: alwaysDeny });
    expect((await on.http1('/api')).json.message).to.equal(
      'forbidden: User "kubernetes-admin" cannot get path "/api": Everything is forbidden.',
    );
  });

  it('asks with what the request says', async () => {
    let asked: AuthorizationAttributes | undefined;
    const authorizer = { authorize: (a: AuthorizationAttributes) => ((asked = a), { decision: 'allow' as const, reason: '' }) };
    on = await Listening.start(echo, { authorizer });
    await on.http1('/api/v1/namespaces/ns/pods?labelSelector=a%3Db&fieldSelector=spec.nodeName%3Dn');
    const { user, ...rest } = asked ?? {};
    expect(user?.username).to.equal('kubernetes-admin');
    expect(rest).to.deep.equal({
      verb: 'list',
      group: '',
      version: 'v1',
      resource: 'pods',
      subresource: '',
      namespace: 'ns',
      name: '',
      labelSelector: 'a=b',
      fieldSelector: 'spec.nodeName=n',
    });
    await on.http1('/api/v1/namespaces/ns/pods/p?labelSelector=a%3Db');
    expect(asked).to.not.have.property('labelSelector');
    await on.http1('/version');
    expect(asked).to.include({ path: '/version', verb: 'get', resource: '' });
  });

  describe('modes', () => {
    const attributes = (username: string, groups: string[] = []): AuthorizationAttributes => ({
      user: { username, groups },
      verb: 'get',
      group: '',
      version: 'v1',
      resource: 'pods',
      subresource: '',
      namespace: '',
      name: 'p',
    });

    it('AlwaysAllow allows, AlwaysDeny does not, system:masters may do everything', async () => {
      expect((await authorizerFor(['AlwaysAllow'], nothing).authorize(attributes('jane'))).decision).to.equal('allow');
      const denying = authorizerFor(['AlwaysDeny'], nothing);
      expect(await denying.authorize(attributes('jane'))).to.deep.equal({ decision: 'no-opinion', reason: 'Everything is forbidden.' });
      expect((await denying.authorize(attributes('jane', ['system:masters']))).decision).to.equal('allow');
    });

    it('are asked in order until one has an opinion; the reasons add up', async () => {
      const says = (decision: 'allow' | 'deny' | 'no-opinion', reason: string) => ({ authorize: async () => ({ decision, reason }) });
      expect(await union([says('no-opinion', 'a'), says('deny', 'b'), says('allow', 'c')]).authorize(attributes('jane'))).to.deep.equal({
        decision: 'deny',
        reason: 'b',
      });
      expect(
        await union([says('no-opinion', 'a'), says('no-opinion', ''), says('no-opinion', 'b')]).authorize(attributes('jane')),
      ).to.deep.equal({
        decision: 'no-opinion',
        reason: 'a\nb',
      });
    });
  });
});
