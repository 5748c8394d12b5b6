import { encodeObject, type ApiObject } from '../../../src/api/protobuf/index.js';
import { expect } from 'chai';
import { type Api, POD, refused } from './session.js';

/** What is told about fields of the kinds of the core group, found by comparing with the real server (test/differential). */
export function coreKindConversations(use: () => Api): void {
  it('shows repeated ports of a service with all fields of upstream’s type', async () => {
    const api = use();
    const port = { name: 'a', port: 80 };
    const answer = await api.post(api.path('services'), { metadata: { name: 'twice' }, spec: { ports: [port, { ...port, name: 'b' }] } });
    refused(
      answer,
      422,
      'Invalid',
      /Duplicate value: \{"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0\}$/,
    );
  });

  it('tells what binary data cannot be in the words of the converter', async () => {
    const api = use();
    await api.create('configmaps', { metadata: { name: 'binary' }, binaryData: { b: 'eA==' } });
    const patch = (b: unknown) =>
      api.patch(`${api.path('configmaps', 'binary')}?dryRun=All`, 'strategic-merge-patch', { binaryData: { b } });
    refused(await patch(['x']), 422, 'Invalid', /unrecognized type: uint8$/);
    refused(await patch([1.5]), 422, 'Invalid', /cannot convert float64 to uint8$/);
    expect((await patch([257, 2])).body.binaryData).to.deep.equal({ b: 'AQI=' });
  });

  it('warns of keys that an apply gives twice when it has been merged', async () => {
    const api = use();
    const apply = (metadata: string, query = '') =>
      api.patch(
        `${api.path('configmaps', 'told-twice')}?fieldManager=m${query}`,
        'apply-patch',
        `{"apiVersion":"v1","kind":"ConfigMap","metadata":${metadata}}`,
      );
    const wrong = await apply('{"name":"told-twice","name":"told-twice","labels":7}');
    expect([wrong.status, wrong.headers['warning']]).to.deep.equal([500, undefined]);
    const strict = await apply('{"name":"told-twice","name":"told-twice","labels":7}', '&fieldValidation=Strict');
    expect(strict.body.message).to.equal(wrong.body.message);
    const taken = await apply('{"name":"told-twice","name":"told-twice"}');
    expect([taken.status, taken.headers['warning']]).to.deep.equal([201, '299 - "line 1: key \\"name\\" already set in map"']);
  });

  it('reads quantities of protobuf as those of JSON', async () => {
    const api = use();
    const object = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods: 'many' } } };
    const answer = await api
      .raw('post', api.path('resourcequotas'))
      .set('content-type', 'application/vnd.kubernetes.protobuf')
      .send(encodeObject(object as ApiObject));
    refused(answer, 400, 'BadRequest', /^ResourceQuota in version "v1" cannot be handled as a ResourceQuota: quantities must match/);
  });

  it('tells of a patch that makes another kind only that, without what its fields would be', async () => {
    const api = use();
    await api.create('replicationcontrollers', {
      metadata: { name: 'rc' },
      spec: { template: { metadata: { labels: { a: 'b' } }, spec: POD } },
    });
    const body = { apiVersion: 'v1', kind: 'ReplicationController', spec: { template: {} } };
    const answer = await api.patch(api.path('replicationcontrollers', 'rc', 'scale'), 'merge-patch', body);
    refused(answer, 422, 'Invalid', /converting \(v1\.ReplicationController\) to \(autoscaling\.Scale\): unknown conversion$/);
    expect(answer.headers['warning']).to.equal(undefined);
  });

  it('warns of the old template of a ReplicationController, and labels it after its own when its status is written', async () => {
    const api = use();
    const object = (nodeSelector: object) => ({
      metadata: { name: 'old' },
      spec: { template: { metadata: { labels: { a: 'b' } }, spec: { ...POD, nodeSelector } } },
    });
    await api.create('replicationcontrollers', object({}));
    const path = api.path('replicationcontrollers', 'old');
    const deprecated = object({ 'beta.kubernetes.io/os': 'linux' });
    expect((await api.put(path, deprecated).expect(200)).headers['warning']).to.equal(undefined);
    expect((await api.put(path, object({})).expect(200)).headers['warning']).to.match(
      /beta\.kubernetes\.io\/os\]: deprecated since v1\.14/,
    );
    const written = await api.put(`${path}/status`, { metadata: { name: 'old' }, spec: {}, status: { replicas: 0 } }).expect(200);
    expect(written.body.metadata.labels).to.deep.equal({ a: 'b' });
  });

  it('forgets the managers of an object whose items lost their keys', async () => {
    const api = use();
    await api.create('serviceaccounts', { metadata: { name: 'keyed' }, secrets: [{ name: 's' }] });
    const { body } = await api
      .put(`${api.path('serviceaccounts', 'keyed')}?dryRun=All`, { metadata: { name: 'keyed' }, secrets: [{}] })
      .expect(200);
    expect(body.metadata).to.not.have.property('managedFields');
  });

  it('applies an item whose key is null, and shows a scope list that was emptied', async () => {
    const api = use();
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nulled' }, secrets: [{ name: null }] };
    const applied = await api.patch(`${api.path('serviceaccounts', 'nulled')}?fieldManager=m`, 'apply-patch', object).expect(201);
    expect(JSON.stringify(applied.body.metadata.managedFields)).to.match(/"f:secrets":\{"k:\{\\"name\\":null\}"/);
    await api.create('resourcequotas', { metadata: { name: 'scoped' }, spec: { scopes: ['NotTerminating'] } });
    const emptied = await api.put(api.path('resourcequotas', 'scoped'), { metadata: { name: 'scoped' }, spec: { scopes: [] } });
    refused(emptied, 422, 'Invalid', /spec\.scopes: Invalid value: \[\]: field is immutable$/);
  });

  it('checks a name that cannot be part of a path where the object is looked for', async () => {
    const api = use();
    const path = api.path('endpoints', '%2E%2E');
    const told = /^Name parameter invalid: "\.\.": may not be '\.\.'$/;
    for (const answer of [await api.get(path), await api.delete(path), await api.put(path, { metadata: { name: '..' } })]) {
      refused(answer, 400, 'BadRequest', told);
      expect(answer.headers['warning']).to.match(/v1 Endpoints is deprecated/);
    }
    refused(await api.put(path, {}), 400, 'BadRequest', /^the name of the object \(\.\. based on URL\) was undeterminable/);
  });

  it('labels a namespace with its generated name after validation, and lets its dependents go first', async () => {
    const api = use();
    const answer = await api.post('/api/v1/namespaces', { metadata: { generateName: 'Bad_' } });
    expect((answer.body as { details: { causes: { field: string }[] } }).details.causes.map((c) => c.field)).to.deep.equal([
      'metadata.generateName',
      'metadata.name',
    ]);
    const { body } = await api.post('/api/v1/namespaces?dryRun=All', { metadata: { generateName: 'good-' } }).expect(201);
    expect(body.metadata.labels['kubernetes.io/metadata.name']).to.equal(body.metadata.name);
    const gone = await api.delete(`/api/v1/namespaces/${api.namespace}?dryRun=All&orphanDependents=false`);
    expect(gone.body.metadata.finalizers).to.deep.equal(['foregroundDeletion']);
  });

  it('refuses a pod with an empty overhead, and names of classes that cannot be part of a path', async () => {
    const api = use();
    const create = (spec: object) => api.post(`${api.path('pods')}?dryRun=All`, { metadata: { name: 'light' }, spec: { ...POD, ...spec } });
    refused(await create({ overhead: {} }), 403, 'Forbidden', /Pod Overhead set without corresponding RuntimeClass defined Overhead$/);
    expect((await create({ runtimeClassName: 'a/b%' })).body).to.include({
      code: 500,
      message: "invalid resource name \"a/b%\": [may not contain '/' may not contain '%']",
    });
    expect((await create({ runtimeClassName: '' })).body.message).to.equal('resource name may not be empty');
  });

  it('does not look at restart rules of init containers without a policy, nor at new claims in a resize', async () => {
    const api = use();
    const init = { name: 'init', image: 'init:1', restartPolicyRules: [{}] };
    const { body } = await api
      .post(api.path('pods'), { metadata: { name: 'rules' }, spec: { ...POD, initContainers: [init] } })
      .expect(422);
    expect(body.message).to.match(/is invalid: spec\.initContainers\[0\]\.restartPolicy: Required value: must specify/);
    await api.create('pods', { metadata: { name: 'claims' }, spec: POD });
    const containers = [{ ...POD.containers[0], resources: { claims: [{ name: 'x' }] } }];
    const resized = await api.put(api.path('pods', 'claims', 'resize'), { metadata: { name: 'claims' }, spec: { containers } });
    expect(resized.body.message).to.match(/is invalid: spec\.containers\[0\]\.resources\.claims\[0\]: Not found/);
  });

  it('sees what is empty within a list that is owned as a whole', async () => {
    const api = use();
    const pod = (extra: object) => {
      const preferred = [{ weight: 5, podAffinityTerm: { topologyKey: 'z', namespaceSelector: {}, ...extra } }];
      const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: preferred };
      return { metadata: { name: 'apart' }, spec: { ...POD, affinity: { podAntiAffinity } } };
    };
    await api.create('pods', pod({}));
    const managers = async (extra: object) =>
      (await api.put(`${api.path('pods', 'apart', 'resize')}?dryRun=All&fieldManager=m`, pod(extra)).expect(200)).body.metadata
        .managedFields.length;
    expect(await managers({})).to.equal(1);
    expect(await managers({ namespaces: [] })).to.equal(2);
  });

  it('tells revisions that events have not as storage does', async () => {
    const api = use();
    for (const events of ['events', 'events.events.k8s.io']) {
      const answer = await api.get(`${api.path(events, 'none')}?resourceVersion=x`);
      refused(answer, 400, 'BadRequest', /^invalid resource version: resourceVersion: Invalid value: "x": strconv\.ParseUint/);
      const future = await api.get(`${api.path(events)}?resourceVersion=999999999`).expect(504);
      expect([future.headers['retry-after'], future.body.details.retryAfterSeconds]).to.deep.equal([undefined, undefined]);
    }
  });

  it('reads a number or a text of an apply where it has been merged', async () => {
    const api = use();
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'target' },
      spec: { ports: [{ port: 80, targetPort: { x: 'y' } }] },
    };
    const answer = await api.patch(`${api.path('services', 'target')}?fieldManager=m`, 'apply-patch', object);
    expect(answer.body.message).to.match(/^failed to convert new object .*: json: cannot unmarshal object into Go value of type int32$/);
  });

  it('shows integers of 64 bits in what changed of a pod', async () => {
    const api = use();
    const readinessProbe = { tcpSocket: { port: 80 } };
    await api.create('pods', { metadata: { name: 'probed' }, spec: { containers: [{ ...POD.containers[0], readinessProbe }] } });
    const patch = '{"spec":{"containers":[{"name":"main","readinessProbe":{"terminationGracePeriodSeconds":9007199254740993}}]}}';
    const answer = await api.patch(`${api.path('pods', 'probed')}?dryRun=All`, 'strategic-merge-patch', patch);
    refused(answer, 422, 'Invalid', /"TerminationGracePeriodSeconds": 9007199254740993/);
  });

  it('looks at the metadata of an event when nothing else is wrong with it', async () => {
    const api = use();
    const create = (involvedObject: object) => api.post(api.path('events'), { involvedObject });
    refused(
      await create({}),
      422,
      'Invalid',
      /^Event "" is invalid: involvedObject\.namespace: Invalid value: "": does not match event\.namespace$/,
    );
    const nameless = await create({ namespace: api.namespace });
    refused(nameless, 422, 'Invalid', /^Event "" is invalid: metadata\.name: Required value: name or generateName is required$/);
  });

  it('lists component statuses in the forms of any list, and calls one that is not there by its singular', async () => {
    const api = use();
    const path = '/api/v1/componentstatuses';
    refused(await api.get(`${path}/none`), 404, 'NotFound', 'componentstatus "none" not found');
    expect((await api.get(path, 'text/html').expect(406)).body.message).to.match(/application\/vnd\.kubernetes\.protobuf;stream=watch$/);
  });

  it('shows the class of a resize with other containers as it came, and wants one dry run of an eviction', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'held' }, spec: POD });
    const more = { resources: { requests: { cpu: '1' } }, image: 'i' };
    const containers = ['main', 'more'].map((name) => ({ name, ...more }));
    const resized = await api.put(api.path('pods', 'held', 'resize'), { metadata: { name: 'held' }, spec: { containers } });
    refused(resized, 422, 'Invalid', /spec: Invalid value: "": Pod QOS Class may not change as a result of resizing/);
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'held' }, deleteOptions: { dryRun: ['x'] } };
    const { body } = await api.post(`${api.path('pods', 'held', 'eviction')}?dryRun=All`, eviction).expect(500);
    expect(body.message).to.equal('Non-matching dry-run options in request and content: [All] and [x]');
  });

  it('tells pairs of CIDRs of a node that cannot be read', async () => {
    const api = use();
    const { body } = await api
      .post('/api/v1/nodes', { metadata: { name: api.namespace }, spec: { podCIDRs: ['10.0.0.0/24', 'x'] } })
      .expect(422);
    expect(body.message).to.match(
      /spec\.podCIDRs: Internal error: invalid PodCIDRs\. failed to check with dual stack with error:invalid CIDR\[1\]: <nil> \(invalid CIDR address: x\)/,
    );
  });
}
