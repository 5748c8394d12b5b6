import { expect } from 'chai';
import { type Api, deployment, POD, refused, type Seen } from './session.js';

/** Deletion: what it answers, preconditions, finalizers, grace, collections. */
export function deletionConversations(use: () => Api): void {
  it('answers with a status that names what is gone', async () => {
    const api = use();
    const { metadata } = await api.configMap('gone');
    const { body } = await api.delete(api.path('configmaps', 'gone')).expect(200);
    expect(body).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: metadata.uid },
    });
    refused(await api.delete(api.path('configmaps', 'gone')), 404, 'NotFound', 'configmaps "gone" not found');
  });

  it('keeps to its preconditions', async () => {
    const api = use();
    const { metadata } = await api.configMap('kept');
    const path = api.path('configmaps', 'kept');
    const uid = '00000000-0000-4000-8000-000000000000';
    refused(
      await api.delete(path, { preconditions: { uid } }),
      409,
      'Conflict',
      new RegExp(
        `^Operation cannot be fulfilled on ConfigMap "kept": the UID in the precondition \\(${uid}\\) does not match the UID in record \\(${metadata.uid}\\)`,
      ),
    );
    refused(
      await api.delete(path, { preconditions: { resourceVersion: '1' } }),
      409,
      'Conflict',
      /the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record \(\d+\)\. The object might have been modified$/,
    );
    await api.delete(path, { preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion } }).expect(200);
  });

  it('looks into the query only where there is no body', async () => {
    const api = use();
    await api.configMap('unheard');
    await api.delete(`${api.path('configmaps', 'unheard')}?dryRun=All`, { apiVersion: 'v1', kind: 'DeleteOptions' }).expect(200);
    await api.get(api.path('configmaps', 'unheard')).expect(404);
  });

  it('waits for finalizers, and lets none be added on the way', async () => {
    const api = use();
    await api.create('configmaps', { metadata: { name: 'held', finalizers: ['example.com/a', 'example.com/b'] } });
    const path = api.path('configmaps', 'held');
    const going = (await api.delete(path).expect(200)).body as Seen;
    expect(going.kind, 'what is still there is the answer').to.equal('ConfigMap');
    expect(going.metadata.deletionTimestamp).to.be.a('string');
    const added = await api.patch(path, 'merge-patch', { metadata: { finalizers: ['example.com/a', 'example.com/c'] } });
    refused(
      added,
      422,
      'Invalid',
      /metadata\.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"example\.com\/c"\}$/,
    );
    await api.patch(path, 'merge-patch', { metadata: { finalizers: ['example.com/b'] } }).expect(200);
    await api.patch(path, 'merge-patch', { metadata: { finalizers: null } }).expect(200);
    await api.get(path).expect(404);
  });

  it('turns the way owned objects go into finalizers', async () => {
    const api = use();
    for (const [name, propagationPolicy, finalizer] of [
      ['front', 'Foreground', 'foregroundDeletion'],
      ['orphaning', 'Orphan', 'orphan'],
    ] as const) {
      await api.create('deployments.apps', deployment(name));
      const path = api.path('deployments.apps', name);
      const { body } = await api.delete(path, { propagationPolicy }).expect(200);
      // without a garbage collector it stays until somebody takes the finalizer away
      expect(body.metadata.finalizers).to.deep.equal([finalizer]);
      await api.patch(path, 'merge-patch', { metadata: { finalizers: null } }).expect(200);
      await api.get(path).expect(404);
    }
    refused(
      await api.delete(api.path('configmaps', 'x'), { propagationPolicy: 'Sideways' }),
      422,
      'Invalid',
      /propagationPolicy: Unsupported value: "Sideways"/,
    );
  });

  it('gives a running pod its grace, and no more the second time', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'unplaced' }, spec: POD });
    await api.delete(api.path('pods', 'unplaced')).expect(200);
    await api.get(api.path('pods', 'unplaced')).expect(404);

    await api.create('pods', { metadata: { name: 'placed' }, spec: { ...POD, nodeName: 'node-x' } });
    const path = api.path('pods', 'placed');
    const going = (await api.delete(path).expect(200)).body as Seen;
    expect(going.metadata.deletionGracePeriodSeconds).to.equal(30);
    const sooner = (await api.delete(path, { gracePeriodSeconds: 5 }).expect(200)).body as Seen;
    expect(sooner.metadata.deletionGracePeriodSeconds).to.equal(5);
    const later = (await api.delete(path, { gracePeriodSeconds: 50 }).expect(200)).body as Seen;
    expect(later.metadata.deletionGracePeriodSeconds, 'grace is only ever shortened').to.equal(5);
    await api.delete(path, { gracePeriodSeconds: 0 }).expect(200);
    await api.get(path).expect(404);
  });

  it('deletes a collection by selector and tells every watcher', async () => {
    const api = use();
    const { metadata } = await api.configMap('all-1', {}, { all: 'yes' });
    await api.configMap('all-2', {}, { all: 'yes' });
    await api.configMap('other-1', {}, { all: 'no' });
    const { body } = await api.delete(`${api.path('configmaps')}?labelSelector=all=yes`).expect(200);
    expect((body as Seen).items?.map((o) => o.metadata.name)).to.deep.equal(['all-1', 'all-2']);
    await api.get(api.path('configmaps', 'other-1')).expect(200);
    const events = await api.watch(api.path('configmaps'), { resourceVersion: metadata.resourceVersion, labelSelector: 'all=yes' });
    expect(events.map((e) => `${e.type} ${e.object.metadata.name}`).sort()).to.deep.equal([
      'ADDED all-2',
      'DELETED all-1',
      'DELETED all-2',
    ]);
  });
}
