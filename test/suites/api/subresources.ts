import { expect } from 'chai';
import { type Api, deployment, POD, refused } from './session.js';

/** Status, scale, binding, eviction and the life of a namespace. */
/** An entry of managedFields. */
interface Entry {
  manager: string;
  subresource?: string;
  fieldsV1: Record<string, Record<string, unknown> | undefined>;
}

export function subresourceConversations(use: () => Api): void {
  it('status: written by itself, and by nothing else', async () => {
    const api = use();
    const made = await api.create('deployments.apps', deployment('stated'));
    const path = api.path('deployments.apps', 'stated');
    const stated = await api
      .put(`${path}/status`, { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 1, observedGeneration: 1 } })
      .expect(200);
    expect(stated.body.status).to.include({ replicas: 1, observedGeneration: 1 });
    expect(stated.body.spec.replicas, 'the specification is not its matter').to.equal(1);
    expect(stated.body.metadata.generation).to.equal(1);
    const updated = await api
      .put(path, { ...stated.body, status: { replicas: 9 }, spec: { ...stated.body.spec, replicas: 2 } })
      .expect(200);
    expect(updated.body.status.replicas).to.equal(1);
    expect(updated.body.metadata.generation).to.equal(2);
    expect(updated.body.metadata.managedFields.some((f: { subresource?: string }) => f.subresource === 'status')).to.equal(true);
    expect((await api.get(`${path}/status`).expect(200)).body.kind).to.equal('Deployment');
    const wrong = await api.patch(`${path}/status`, 'merge-patch', { status: { replicas: -1 } });
    refused(wrong, 422, 'Invalid', /status\.replicas: Invalid value: -1: must be greater than or equal to 0/);
  });

  it('scale: seen and set', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('scaled', { replicas: 3 }));
    const path = api.path('deployments.apps', 'scaled');
    const { body: scale } = await api.get(`${path}/scale`).expect(200);
    expect(scale).to.deep.include({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 3 },
      status: { replicas: 0, selector: 'app=scaled' },
    });
    const set = await api.put(`${path}/scale`, { ...scale, spec: { replicas: 5 } }).expect(200);
    expect(set.body.spec).to.deep.equal({ replicas: 5 });
    expect((await api.get(path)).body.spec.replicas).to.equal(5);
    expect((await api.patch(`${path}/scale`, 'merge-patch', { spec: { replicas: 0 } }).expect(200)).body.spec).to.deep.equal({});
    refused(await api.put(`${path}/scale`, { ...scale, spec: { replicas: 1 } }), 409, 'Conflict', /the object has been modified/);
    refused(
      await api.patch(`${path}/scale`, 'merge-patch', { spec: { replicas: -1 } }),
      422,
      'Invalid',
      /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    );
  });

  it('scale: whoever sets replicas owns them, and nobody owns none', async () => {
    const api = use();
    const template = { metadata: { labels: { app: 'owned' } }, spec: POD };
    await api.create('deployments.apps', { metadata: { name: 'owned' }, spec: { selector: { matchLabels: { app: 'owned' } }, template } });
    const scale = api.path('deployments.apps', 'owned', 'scale');
    const owners = async () => {
      const { metadata } = (await api.get(api.path('deployments.apps', 'owned'))).body as { metadata: { managedFields: Entry[] } };
      return metadata.managedFields
        .filter(({ fieldsV1 }) => fieldsV1['f:spec']?.['f:replicas'])
        .map((e) => `${e.manager} ${e.subresource}`);
    };
    await api.patch(`${scale}?fieldManager=first`, 'merge-patch', { spec: { replicas: 3 } }).expect(200);
    expect(await owners()).to.deep.equal(['first scale']);
    const configuration = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'owned' }, spec: { replicas: 5 } };
    refused(
      await api.patch(`${scale}?fieldManager=second`, 'apply-patch', configuration),
      409,
      'Conflict',
      'Apply failed with 1 conflict: conflict with "first" with subresource "scale" using autoscaling/v1: .spec.replicas',
    );
    await api.patch(`${scale}?fieldManager=second&force=true`, 'apply-patch', configuration).expect(200);
    expect(await owners()).to.deep.equal(['second scale']);
    await api.patch(`${scale}?fieldManager=first`, 'merge-patch', { spec: { replicas: 0 } }).expect(200);
    expect(await owners()).to.deep.equal([]);
  });

  it('binding: once', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'bound' }, spec: POD });
    const path = api.path('pods', 'bound', 'binding');
    const bind = (name: string) => api.post(path, { metadata: { name: 'bound' }, target: { kind: 'Node', name } });
    const done = await bind('node-x').expect(201);
    expect(done.body).to.include({ kind: 'Status', status: 'Success', code: 201 });
    const pod = (await api.get(api.path('pods', 'bound'))).body;
    expect(pod.spec.nodeName).to.equal('node-x');
    expect(pod.status.conditions.find((c: { type: string }) => c.type === 'PodScheduled')).to.include({ status: 'True' });
    refused(await bind('node-y'), 409, 'Conflict', /pod bound is already assigned to node "node-x"$/);
    refused(await api.get(path), 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  });

  it('refuses a binding and an eviction that name no pod', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'unnamed' }, spec: POD });
    const post = (subresource: string, body: object) => api.post(api.path('pods', 'unnamed', subresource), body);
    refused(await post('binding', { target: { name: 'n' } }), 400, 'BadRequest', 'name in URL does not match name in Binding object');
    refused(await post('eviction', {}), 400, 'BadRequest', 'name in URL does not match name in Eviction object');
  });

  it('eviction: deletes with grace, or says why not', async () => {
    const api = use();
    const evict = (name: string) =>
      api.post(api.path('pods', name, 'eviction'), { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });
    await api.create('pods', { metadata: { name: 'evicted', labels: { app: 'free' } }, spec: { ...POD, nodeName: 'node-x' } });
    expect((await evict('evicted').expect(201)).body).to.include({ kind: 'Status', status: 'Success' });
    expect((await api.get(api.path('pods', 'evicted'))).body.metadata).to.have.property('deletionTimestamp');

    await api.create('pods', { metadata: { name: 'guarded', labels: { app: 'guarded' } }, spec: { ...POD, nodeName: 'node-x' } });
    const running = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    await api.patch(api.path('pods', 'guarded', 'status'), 'merge-patch', running).expect(200);
    await api.create('poddisruptionbudgets.policy', {
      metadata: { name: 'guard' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } },
    });
    const refusal = await evict('guarded');
    refused(refusal, 429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.");
    refused(await evict('missing'), 404, 'NotFound', 'pods "missing" not found');
    await api.delete(api.path('poddisruptionbudgets.policy', 'guard')).expect(200);
  });

  it('a namespace that is going takes nothing new, and goes when it is finalized', async () => {
    const api = use();
    const name = `${api.namespace}-going`;
    const path = `/api/v1/namespaces/${name}`;
    const made = await api.post('/api/v1/namespaces', { metadata: { name } }).expect(201);
    expect(made.body.spec.finalizers).to.deep.equal(['kubernetes']);
    expect(made.body.metadata.labels).to.include({ 'kubernetes.io/metadata.name': name });
    const going = await api.delete(path).expect(200);
    expect(going.body.status.phase).to.equal('Terminating');
    const late = await api.post(`${path}/configmaps`, { metadata: { name: 'late' } });
    refused(
      late,
      403,
      'Forbidden',
      new RegExp(`^configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated$`),
    );
    await api.put(`${path}/finalize`, { metadata: { name }, spec: { finalizers: [] } }).expect(200);
    await api.delete(path);
    refused(await api.get(path), 404, 'NotFound', `namespaces "${name}" not found`);
    refused(
      await api.delete('/api/v1/namespaces/kube-system'),
      403,
      'Forbidden',
      /namespaces "kube-system" is forbidden: this namespace may not be deleted/,
    );
  });
}
