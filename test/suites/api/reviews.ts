import { expect } from 'chai';
import type { Api } from './session.js';

const REVIEWS = '/apis/authorization.k8s.io/v1';
const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';

/** What reviews of rights and of tokens answer to odd input. */
export function reviewConversations(use: () => Api): void {
  const selecting = async (selectors: object): Promise<string | undefined> => {
    const resourceAttributes = { verb: 'list', resource: 'pods', ...selectors };
    const answer = await use().post(`${REVIEWS}/subjectaccessreviews`, { spec: { user: 'nobody', resourceAttributes } });
    expect(answer.status).to.equal(201);
    return answer.body.status.evaluationError;
  };

  it('tell which selectors were left out', async () => {
    const unknown = { key: 'a', operator: 'Later' };
    const known = { key: 'a', operator: 'In', values: ['b'] };
    const problem = (name: string, partially = '') => `spec.resourceAttributes.${name} ${partially}ignored due to parse error`;
    expect(await selecting({ labelSelector: { requirements: [known] }, fieldSelector: { requirements: [known] } })).to.equal(undefined);
    expect(await selecting({ labelSelector: { requirements: [unknown] } })).to.equal(problem('labelSelector'));
    expect(await selecting({ labelSelector: { requirements: [unknown, known] } })).to.equal(problem('labelSelector', 'partially '));
    expect(await selecting({ labelSelector: { rawSelector: '!!' } })).to.equal(problem('labelSelector'));
    const two = { ...known, values: ['b', 'c'] };
    expect(await selecting({ fieldSelector: { requirements: [two, known] } })).to.equal(problem('fieldSelector', 'partially '));
    expect(await selecting({ fieldSelector: { rawSelector: 'a' }, labelSelector: { rawSelector: '!!' } })).to.equal(
      `${problem('fieldSelector')}; ${problem('labelSelector')}`,
    );
  });

  it('show a path that may not be asked about as upstream keeps it', async () => {
    const { body } = await use().post(`${REVIEWS}/subjectaccessreviews`, {
      spec: { user: 'nobody', resourceAttributes: {}, nonResourceAttributes: {} },
    });
    expect(body.message).to.contain('Invalid value: {"Path":"","Verb":""}: cannot be specified in combination with resourceAttributes');
  });

  it('list rules though a role is not there, and say so', async () => {
    const api = use();
    const group = '/apis/rbac.authorization.k8s.io/v1';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'missing' };
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'half' }];
    await api.post(`${group}/namespaces/${api.namespace}/rolebindings`, { metadata: { name: 'half' }, roleRef, subjects }).expect(201);
    const asked = { spec: { namespace: api.namespace } };
    const told = async () => {
      const answer = await api.raw('post', `${REVIEWS}/selfsubjectrulesreviews`).set('Impersonate-User', 'half').send(asked);
      return answer.body.status;
    };
    let status = await told();
    for (let i = 0; i < 50 && !status.evaluationError; i++) status = await told();
    expect(status).to.include({ incomplete: false, evaluationError: 'role.rbac.authorization.k8s.io "missing" not found' });
  });

  it('tell the audiences of a token in the order of asking', async () => {
    const api = use();
    const { body } = await api.post(`${api.path('serviceaccounts', 'default')}/token`, { spec: { audiences: ['one', 'two'] } });
    const review = await api.post(TOKEN_REVIEWS, { spec: { token: body.status.token, audiences: ['two', 'three', 'one'] } });
    expect(review.body.status.audiences).to.deep.equal(['two', 'one']);
  });

  it('leave what the client said of the user of a wrong token', async () => {
    const { body } = await use().post(TOKEN_REVIEWS, { spec: { token: 'x' }, status: { authenticated: true, user: { username: 'me' } } });
    expect(body.status).to.deep.equal({ user: { username: 'me' }, error: 'invalid bearer token' });
  });

  it('show the extra fields of a user in their order', async () => {
    const { text } = await use()
      .raw('post', '/apis/authentication.k8s.io/v1/selfsubjectreviews')
      .set({ 'Impersonate-User': 'x', 'Impersonate-Extra-Z': '1', 'Impersonate-Extra-A': '2' })
      .send({});
    expect(text).to.contain('"extra":{"a":["2"],"z":["1"]}');
  });
}
