import { expect } from 'chai';
import type { AuthorizationAttributes, Authorizer } from '../../../src/api/context.js';
import { alwaysAllow } from '../../../src/server/authorization/always.js';
import { type Call, clientPair, echo, Listening } from '../../helpers/listening.js';

/** Allows what is listed as "verb resource name", and everything that is no impersonation. */
function granting(...grants: string[]): Authorizer & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    authorize(a: AuthorizationAttributes) {
      if (!a.verb.startsWith('impersonate')) return { decision: 'allow', reason: '' };
      const resource = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
      const question =
        `${a.verb} ${a.group === '' ? '' : `${a.group}/`}${a.namespace === '' ? '' : `${a.namespace}/`}${resource} ${a.name}`.trim();
      asked.push(question);
      return { decision: grants.includes(question) ? 'allow' : 'no-opinion', reason: '' };
    },
  };
}

describe('impersonation', () => {
  let on: Listening;
  afterEach(() => on.close());

  async function as(headers: NonNullable<Call['headers']>, authorizer: Authorizer = alwaysAllow, version: 'http1' | 'http2' = 'http1') {
    on = await Listening.start(echo, { authorizer });
    return on[version]('/api/v1/namespaces/ns/pods', { headers }, await clientPair({ commonName: 'jane' }));
  }

  for (const version of ['http1', 'http2'] as const)
    it(`acts as the user, groups, uid and extra fields of the headers over ${version}`, async () => {
      const answer = await as(
        {
          'impersonate-user': 'bob',
          'impersonate-group': ['a', 'b, c'],
          'impersonate-uid': 'u1',
          'impersonate-extra-scopes': ['one', 'two'],
          'impersonate-extra-acme.com%2fproject': 'p',
        },
        alwaysAllow,
        version,
      );
      expect(answer.json.user).to.deep.equal({
        username: 'bob',
        uid: 'u1',
        groups: ['a', 'b, c', 'system:authenticated'],
        extra: { scopes: ['one', 'two'], 'acme.com/project': ['p'] },
      });
      expect(Object.keys(answer.json['headers'] as object).filter((h) => h.startsWith('impersonate-'))).to.deep.equal([]);
    });

  it('knows the groups of service accounts and of anonymous', async () => {
    expect((await as({ 'impersonate-user': 'system:serviceaccount:ns:robot' })).json.user.groups).to.deep.equal([
      'system:serviceaccounts',
      'system:serviceaccounts:ns',
      'system:authenticated',
    ]);
    await on.close();
    expect((await as({ 'impersonate-user': 'system:anonymous' })).json.user.groups).to.deep.equal(['system:unauthenticated']);
  });

  it('refuses groups, uid or extra fields without a name', async () => {
    const { status, json } = await as({ 'impersonate-group': 'g' });
    expect(status).to.equal(400);
    expect(json.message).to.equal(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
    await on.close();
    expect((await as({ 'impersonate-extra-a': 'u' })).json.message).to.equal(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"a":[]string{"u"}}} without impersonating a user name',
    );
  });

  it('asks for plain impersonation when no mode allows it, and refuses with what the first mode lacked', async () => {
    const authorizer = granting();
    const { status, json } = await as({ 'impersonate-user': 'bob' }, authorizer);
    expect(status).to.equal(403);
    expect(json.message).to.equal(
      'pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "ns"',
    );
    expect(authorizer.asked).to.deep.equal(['impersonate-on:user-info:list ns/pods', 'impersonate users bob']);
  });

  it('plain impersonation needs a right for each part', async () => {
    const authorizer = granting('impersonate users bob', 'impersonate groups a', 'impersonate authentication.k8s.io/userextras/scopes one');
    const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'a', 'impersonate-extra-scopes': 'one' };
    expect((await as(headers, authorizer)).status).to.equal(200);
    const more = await on.http1(
      '/api/v1/pods',
      { headers: { ...headers, 'impersonate-group': ['a', 'system:masters'] } },
      await clientPair({ commonName: 'jane' }),
    );
    // the mode that worked last is tried first, so what it lacks is the answer
    expect(more.json.message).to.equal(
      'groups "system:masters" is forbidden: User "jane" cannot impersonate resource "groups" in API group "" at the cluster scope',
    );
  });

  it('a mode needs the right to the identity and to the verb, and never gives system:masters', async () => {
    const authorizer = granting('impersonate-on:user-info:list ns/pods', 'impersonate:user-info authentication.k8s.io/users bob');
    expect((await as({ 'impersonate-user': 'bob' }, authorizer)).json.user).to.deep.equal({
      username: 'bob',
      groups: ['system:authenticated'],
    });
    const masters = await on.http1(
      '/api/v1/namespaces/ns/pods',
      { headers: { 'impersonate-user': 'bob', 'impersonate-group': 'system:masters' } },
      await clientPair({ commonName: 'jane' }),
    );
    expect(masters.json.message).to.contain('impersonating the system:masters group is not allowed');
  });

  it('a service account on a node may act as that node', async () => {
    const authorizer = granting('impersonate-on:associated-node:list ns/pods', 'impersonate:associated-node authentication.k8s.io/nodes *');
    const token = { username: 'system:serviceaccount:ns:agent', groups: [], extra: { 'authentication.kubernetes.io/node-name': ['n1'] } };
    on = await Listening.start(echo, { authorizer, tokens: { authenticate: async () => ({ user: token }) } });
    const act = (user: string) =>
      on.http1('/api/v1/namespaces/ns/pods', { headers: { authorization: 'Bearer x', 'impersonate-user': user } }, null);
    expect((await act('system:node:n1')).json.user).to.deep.equal({
      username: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    });
    expect((await act('system:node:n2')).status).to.equal(403);
  });
});
