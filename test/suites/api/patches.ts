import { expect } from 'chai';
import { type Api, deployment, refused } from './session.js';

/** The four kinds of patches. */
export function patchConversations(use: () => Api): void {
  it('JSON patch: operations in order, all or none', async () => {
    const api = use();
    await api.configMap('json', { a: '1', b: '2' });
    const path = api.path('configmaps', 'json');
    const done = await api
      .patch(path, 'json-patch', [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'move', from: '/data/a', path: '/data/c' },
        { op: 'add', path: '/metadata/labels', value: { 'a/b': 'x' } },
        { op: 'replace', path: '/metadata/labels/a~1b', value: 'y' },
      ])
      .expect(200);
    expect(done.body.data).to.deep.equal({ b: '2', c: '1' });
    expect(done.body.metadata.labels).to.deep.equal({ 'a/b': 'y' });
    const failed = await api.patch(path, 'json-patch', [
      { op: 'remove', path: '/data/b' },
      { op: 'test', path: '/data/c', value: '9' },
    ]);
    refused(failed, 422, 'Invalid', /the server rejected our request due to an error in our request$/);
    expect((await api.get(path)).body.data).to.deep.equal({ b: '2', c: '1' });
    refused(
      await api.patch(path, 'json-patch', '{"op":"remove"}'),
      400,
      'BadRequest',
      /^error decoding patch: json: cannot unmarshal object into Go value of type \[\]handlers\.jsonPatchOp$/,
    );
  });

  it('merge patch: null removes, lists are replaced', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('merged'));
    const path = api.path('deployments.apps', 'merged');
    const spec = { template: { spec: { containers: [{ name: 'other', image: 'other:1' }] } } };
    const done = await api.patch(path, 'merge-patch', { metadata: { labels: { x: '1' } }, spec }).expect(200);
    expect(done.body.spec.template.spec.containers.map((c: { name: string }) => c.name)).to.deep.equal(['other']);
    const bare = await api.patch(path, 'merge-patch', { metadata: { labels: null } }).expect(200);
    expect(bare.body.metadata).to.not.have.property('labels');
    expect(bare.body.metadata.generation, 'labels are no part of the specification').to.equal(done.body.metadata.generation);
  });

  it('strategic merge patch: lists are merged by their keys, with directives', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('strategic'));
    const path = api.path('deployments.apps', 'strategic');
    const containers = async (list: object[]) => {
      const { body } = await api.patch(path, 'strategic-merge-patch', { spec: { template: { spec: { containers: list } } } }).expect(200);
      return body.spec.template.spec.containers.map((c: { name: string; image: string }) => `${c.name}=${c.image}`);
    };
    expect(await containers([{ name: 'side', image: 'side:1' }])).to.have.members(['main=main:1', 'side=side:1']);
    expect(await containers([{ name: 'main', image: 'main:2' }])).to.have.members(['main=main:2', 'side=side:1']);
    expect(await containers([{ name: 'side', $patch: 'delete' }])).to.deep.equal(['main=main:2']);
    expect(await containers([{ $patch: 'replace' }, { name: 'new', image: 'new:1' }])).to.deep.equal(['new=new:1']);
  });

  it('apply: creates, owns, removes what is no longer said, and meets conflicts', async () => {
    const api = use();
    const path = api.path('configmaps', 'applied');
    const apply = (manager: string, data: object, query = '') =>
      api.patch(`${path}?fieldManager=${manager}${query}`, 'apply-patch', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'applied' },
        data,
      });
    await apply('one', { a: '1', b: '1' }).expect(201);
    await apply('one', { a: '1', b: '1' }).expect(200);
    const conflict = await apply('two', { b: '2', c: '2' });
    refused(conflict, 409, 'Conflict', 'Apply failed with 1 conflict: conflict with "one": .data.b');
    expect(conflict.body.details.causes).to.deep.equal([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.b' },
    ]);
    expect((await apply('two', { b: '2', c: '2' }, '&force=true').expect(200)).body.data).to.deep.equal({ a: '1', b: '2', c: '2' });
    expect((await apply('one', {}).expect(200)).body.data, 'one takes back only what is its own').to.deep.equal({ b: '2', c: '2' });
    const managers = (await apply('two', { c: '2' }).expect(200)).body;
    expect(managers.data).to.deep.equal({ c: '2' });
    refused(
      await api.patch(path, 'apply-patch', { apiVersion: 'v1', kind: 'ConfigMap' }),
      422,
      'Invalid',
      /fieldManager: Required value: is required for apply patch/,
    );
  });

  it('refuses a patch of a kind it does not know, and one that would rename', async () => {
    const api = use();
    await api.configMap('fixed');
    const path = api.path('configmaps', 'fixed');
    const unknown = await api.raw('patch', path).set('content-type', 'application/json').send('{}');
    refused(unknown, 415, 'UnsupportedMediaType', '415: Unsupported Media Type');
    refused(
      await api.patch(path, 'merge-patch', { metadata: { name: 'other' } }),
      400,
      'BadRequest',
      'the name of the object (other) does not match the name on the URL (fixed)',
    );
    const stale = await api.patch(path, 'merge-patch', { metadata: { resourceVersion: '1' }, data: { a: '1' } });
    refused(stale, 409, 'Conflict', /the object has been modified; please apply your changes to the latest version and try again$/);
    refused(await api.patch(api.path('configmaps', 'unborn'), 'merge-patch', {}), 404, 'NotFound', 'configmaps "unborn" not found');
  });
}
