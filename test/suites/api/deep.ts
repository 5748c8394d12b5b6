import { expect } from 'chai';
import { type Api, refused } from './session.js';

/** So deep that no server reads it. */
const TOO_DEEP = 10_001;

const nested = (depth: number, open = '{"a":', close = '}', innermost = '{}') => open.repeat(depth) + innermost + close.repeat(depth);
const revision = (name: string, data: string) => `{"metadata":{"name":"${name}"},"revision":1,"data":${data}}`;
const dryRun = (path: string) => `${path}?dryRun=All`;

/** Documents that are nested without end, or stand for no end of values. */
export function deepConversations(use: () => Api): void {
  it('takes JSON of any form 900 levels deep, and gives it back', async () => {
    const api = use();
    const text = nested(900);
    await api.post(api.path('controllerrevisions.apps'), revision('deep', text)).expect(201);
    const { body } = await api.get(api.path('controllerrevisions.apps', 'deep')).expect(200);
    expect(JSON.stringify((body as { data: unknown }).data)).to.equal(text);
    await api.delete(api.path('controllerrevisions.apps', 'deep')).expect(200);
  });

  it('refuses what is nested too deep, wherever it stands', async () => {
    const api = use();
    const fields = nested(TOO_DEEP, '{"f:a":');
    const managed = `{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":${fields}}`;
    const said = /json parse error: invalid character '\{' exceeded max depth/;
    refused(await api.post(dryRun(api.path('controllerrevisions.apps')), revision('x', nested(TOO_DEEP))), 400, 'BadRequest', said);
    const body = `{"metadata":{"name":"x","managedFields":[${managed}]}}`;
    refused(await api.post(dryRun(api.path('configmaps')), body), 400, 'BadRequest', said);
    await api.configMap('shallow', {});
    for (const type of ['merge-patch', 'strategic-merge-patch'] as const) {
      const answer = await api.patch(api.path('configmaps', 'shallow'), type, `{"data":${nested(TOO_DEEP)}}`);
      refused(answer, 400, 'BadRequest', /invalid character '\{' exceeded max depth$/);
    }
    const apply = `${api.path('configmaps', 'shallow')}?fieldManager=x`;
    refused(await api.patch(apply, 'apply-patch', nested(TOO_DEEP)), 400, 'BadRequest', /yaml: exceeded max depth of \d+$/);
  });

  it('refuses a JSON patch that nests an object too deep step by step', async () => {
    const api = use();
    await api.configMap('tower', {});
    const value = JSON.parse(nested(700)) as object;
    const patch = [
      { op: 'add', path: '/x', value },
      ...Array.from({ length: 20 }, () => ({ op: 'copy', from: '/x', path: `/x${'/a'.repeat(700)}` })),
    ];
    const answer = await api.patch(dryRun(api.path('configmaps', 'tower')), 'json-patch', patch);
    refused(answer, 422, 'Invalid', 'the server rejected our request due to an error in our request');
  });

  it('refuses aliases that stand for billions of values, or for themselves', async () => {
    const api = use();
    const level = (own: string, below: string) => `${own}: &${own} [${Array(9).fill(below).join(',')}]`;
    const bomb = [level('a', 'x'), ...Array.from('bcdefghijk', (c, i) => level(c, `*${'abcdefghijk'[i]}`))].join('\n');
    const post = (text: string) =>
      api
        .raw('post', dryRun(api.path('configmaps')))
        .set('content-type', 'application/yaml')
        .send(`metadata: {name: bomb}\n${text}\n`);
    refused(await post(bomb), 400, 'BadRequest', /: yaml: document contains excessive aliasing \(/);
    refused(await post('x: &x [*x]'), 400, 'BadRequest', /: yaml: anchor 'x' value contains itself \(/);
    const { status, body } = await post('x: &x {a: b}\ndata: *x');
    expect([status, (body as { data: object }).data]).to.deep.equal([201, { a: 'b' }]);
  });
}
