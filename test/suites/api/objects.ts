import { expect } from 'chai';
import { type Api, deployment, POD, refused } from './session.js';

/** Create, get, update, generated names, dry runs, validation, unknown fields. */
export function objectConversations(use: () => Api): void {
  it('creates an object, stamps it, and refuses a second one of its name', async () => {
    const api = use();
    const object = await api.configMap('made', { a: '1' });
    expect(object.metadata.uid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-/);
    expect(object.metadata).to.include({ name: 'made', namespace: api.namespace });
    expect(Number(object.metadata.resourceVersion)).to.be.greaterThan(0);
    const second = await api.post(api.path('configmaps'), { metadata: { name: 'made' } });
    refused(second, 409, 'AlreadyExists', 'configmaps "made" already exists');
    expect(second.body.details).to.deep.equal({ name: 'made', kind: 'configmaps' });
    const read = await api.get(api.path('configmaps', 'made')).expect(200);
    expect(read.body).to.deep.equal({ kind: 'ConfigMap', apiVersion: 'v1', ...object });
  });

  it('says what is not found, and where nothing is served', async () => {
    const api = use();
    refused(await api.get(api.path('configmaps', 'missing')), 404, 'NotFound', 'configmaps "missing" not found');
    refused(await api.get(api.path('widgets')), 404, 'NotFound', 'the server could not find the requested resource');
    refused(
      await api.post('/api/v1/namespaces/nowhere/configmaps', { metadata: { name: 'x' } }),
      404,
      'NotFound',
      'namespaces "nowhere" not found',
    );
    refused(
      await api.raw('patch', api.path('configmaps')),
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    );
  });

  it('takes the object of its path only', async () => {
    const api = use();
    const wrongKind = await api.post(api.path('configmaps'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } });
    refused(wrongKind, 400, 'BadRequest', /Secret in version "v1" cannot be handled as a ConfigMap/);
    const elsewhere = await api.post(api.path('configmaps'), { metadata: { name: 'x', namespace: 'default' } });
    refused(elsewhere, 400, 'BadRequest', 'the namespace of the provided object does not match the namespace sent on the request');
    const renamed = await api.put(api.path('configmaps', 'made'), { metadata: { name: 'other' } });
    refused(renamed, 400, 'BadRequest', 'the name of the object (other) does not match the name on the URL (made)');
    refused(await api.post(api.path('configmaps'), '{"metadata"'), 400, 'BadRequest', /unexpected end of JSON input/);
    const media = await api.raw('post', api.path('configmaps')).set('content-type', 'text/plain').send('x');
    refused(
      media,
      415,
      'UnsupportedMediaType',
      /^the body of the request was in an unknown format - accepted media types include: application\/json/,
    );
  });

  it('makes names from a prefix', async () => {
    const api = use();
    const first = await api.create('configmaps', { metadata: { generateName: 'part-' } });
    const second = await api.create('configmaps', { metadata: { generateName: 'part-' } });
    expect(first.metadata.name).to.match(/^part-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(second.metadata.name).to.not.equal(first.metadata.name);
    refused(await api.post(api.path('configmaps'), {}), 422, 'Invalid', /name or generateName is required/);
  });

  it('updates under the version that was read', async () => {
    const api = use();
    const first = await api.configMap('moving', { a: '1' });
    const second = await api.put(api.path('configmaps', 'moving'), { ...first, data: { a: '2' } }).expect(200);
    expect(Number(second.body.metadata.resourceVersion)).to.be.greaterThan(Number(first.metadata.resourceVersion));
    const stale = await api.put(api.path('configmaps', 'moving'), { ...first, data: { a: '3' } });
    refused(
      stale,
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "moving": the object has been modified; please apply your changes to the latest version and try again',
    );
    const same = await api.put(api.path('configmaps', 'moving'), second.body).expect(200);
    expect(same.body.metadata.resourceVersion, 'nothing changed').to.equal(second.body.metadata.resourceVersion);
    const free = await api.put(api.path('configmaps', 'moving'), { metadata: { name: 'moving' }, data: { a: '4' } }).expect(200);
    expect(free.body.metadata.uid, 'an update keeps what it does not say').to.equal(first.metadata.uid);
    const foreign = { metadata: { name: 'moving', uid: '00000000-0000-4000-8000-000000000000' } };
    refused(await api.put(api.path('configmaps', 'moving'), foreign), 409, 'Conflict', /Precondition failed: UID in precondition: 0{8}-/);
  });

  it('writes nothing in a dry run', async () => {
    const api = use();
    const dry = await api.post(`${api.path('configmaps')}?dryRun=All`, { metadata: { name: 'dry' }, data: { a: '1' } }).expect(201);
    expect(dry.body.metadata.uid).to.be.a('string');
    expect(dry.body.metadata).to.not.have.property('resourceVersion');
    await api.get(api.path('configmaps', 'dry')).expect(404);
    const before = await api.configMap('wet', { a: '1' });
    const patched = await api.patch(`${api.path('configmaps', 'wet')}?dryRun=All`, 'merge-patch', { data: { a: '2' } }).expect(200);
    expect(patched.body.data).to.deep.equal({ a: '2' });
    await api.delete(`${api.path('configmaps', 'wet')}?dryRun=All`).expect(200);
    expect((await api.get(api.path('configmaps', 'wet'))).body.metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    refused(
      await api.post(`${api.path('configmaps')}?dryRun=Some`, { metadata: { name: 'x' } }),
      422,
      'Invalid',
      /dryRun: Unsupported value: \["Some"\]: supported values: "All"$/,
    );
  });

  it('names each field that is wrong', async () => {
    const api = use();
    const wrong = deployment('wrong', { replicas: -1, selector: { matchLabels: { app: 'other' } } });
    const answer = await api.post(api.path('deployments.apps'), wrong);
    refused(
      answer,
      422,
      'Invalid',
      /^Deployment\.apps "wrong" is invalid: \[spec\.replicas: Invalid value: -1: must be greater than or equal to 0, /,
    );
    expect(answer.body.details.causes.map((c: { field: string; reason: string }) => `${c.field} ${c.reason}`)).to.deep.equal([
      'spec.replicas FieldValueInvalid',
      'spec.template.metadata.labels FieldValueInvalid',
    ]);
  });

  it('drops, warns of, or refuses fields it does not know', async () => {
    const api = use();
    const body = (name: string) => ({ metadata: { name }, dada: 1 });
    const warned = await api.post(api.path('configmaps'), body('warned')).expect(201);
    expect(warned.headers['warning']).to.equal('299 - "unknown field \\"dada\\""');
    expect(warned.body).to.not.have.property('dada');
    const ignored = await api.post(`${api.path('configmaps')}?fieldValidation=Ignore`, body('ignored')).expect(201);
    expect(ignored.headers).to.not.have.property('warning');
    const strict = await api.post(`${api.path('configmaps')}?fieldValidation=Strict`, body('strict'));
    refused(
      strict,
      400,
      'BadRequest',
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dada"',
    );
  });

  it('fills in defaults, counts generations, and records who wrote what', async () => {
    const api = use();
    const pod = await api.create('pods', { metadata: { name: 'defaulted' }, spec: POD });
    expect(pod.spec).to.include({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler' });
    expect(pod.spec.containers[0]).to.include({ imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log' });
    expect(pod.status).to.include({ phase: 'Pending', qosClass: 'BestEffort' });
    const made = await api.create('deployments.apps', deployment('counted'));
    expect(made.metadata.generation).to.equal(1);
    const path = api.path('deployments.apps', 'counted');
    const labelled = await api.patch(path, 'merge-patch', { metadata: { labels: { x: 'y' } } }).expect(200);
    expect(labelled.body.metadata.generation).to.equal(1);
    const scaled = await api.patch(`${path}?fieldManager=scaler`, 'merge-patch', { spec: { replicas: 2 } }).expect(200);
    expect(scaled.body.metadata.generation).to.equal(2);
    expect(scaled.body.metadata.managedFields.map((f: { manager: string }) => f.manager)).to.include('scaler');
  });
}
