import { expect } from 'chai';
import { type Api, deployment, POD, refused } from './session.js';

const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';

/** What single parameters, forms and bodies of requests are answered with, found by comparing with the real server. */
export function parameterConversations(use: () => Api): void {
  it('reads numbers of a query that are empty, negative or too large', async () => {
    const api = use();
    await api.configMap('counted');
    const path = api.path('configmaps');
    for (const name of ['limit', 'timeoutSeconds'])
      refused(await api.get(`${path}?${name}=`), 400, 'BadRequest', 'strconv.ParseInt: parsing "": invalid syntax');
    const { body } = await api.get(`${path}?limit=-1`).expect(200);
    expect(body.items).to.not.deep.equal([]);
    const large = await api.get(`${path}/counted?resourceVersion=99999999999999999999`).expect(500);
    expect(large.body.message).to.match(/^resourceVersion: Invalid value: "9+": strconv\.ParseUint: parsing "9+": value out of range$/);
    const watch = await api.get(`${path}?watch=true&resourceVersion=x`).expect(500);
    expect(watch.body.message).to.match(/^resourceVersion: Invalid value: "x"/);
  });

  it('takes a field selector that says nothing, and tells what is no token', async () => {
    const api = use();
    const path = api.path('configmaps');
    await api.get(`${path}?fieldSelector=%3D`).expect(200);
    const token = await api.get(`${path}?continue=x`);
    refused(token, 400, 'BadRequest', 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0');
    refused(await api.get(`${path}?watch=true&continue=x`), 422, 'Invalid', /resourceVersionMatch is forbidden when continue is provided$/);
  });

  it('forgets the past of a resource at rest with that of all others', async () => {
    const api = use();
    const old = await api.get('/api/v1/nodes?resourceVersion=1&resourceVersionMatch=Exact');
    refused(old, 410, 'Expired', 'The resourceVersion for the provided list is too old.');
  });

  it('quotes what cannot be printed as Go does', async () => {
    const api = use();
    const answer = await api.post(`${api.path('configmaps')}?fieldManager=a%01b`, { metadata: { name: 'x' } });
    refused(answer, 422, 'Invalid', /fieldManager: Invalid value: "a\\x01b": invalid character U\+0001 \(at position 1\)$/);
  });

  it('tells what is wrong with the body of a delete as with any other', async () => {
    const api = use();
    const path = `${api.path('configmaps', 'missing')}?dryRun=All`;
    refused(
      await api.delete(path, []),
      400,
      'BadRequest',
      /^couldn't get version\/kind; json parse error: json: cannot unmarshal array into Go value/,
    );
    refused(await api.delete(path, { kind: 7 }), 400, 'BadRequest', /cannot unmarshal number into Go struct field \.kind of type string$/);
  });

  it('does not hold events back for dependents they cannot have', async () => {
    const api = use();
    const involvedObject = { kind: 'Pod', name: 'p', namespace: api.namespace };
    await api.create('events', { metadata: { name: 'owner' }, involvedObject });
    const { body } = await api.delete(`${api.path('events', 'owner')}?propagationPolicy=Orphan`).expect(200);
    expect(body.kind).to.equal('Status');
  });

  it('shows an event in the order of fields of its version', async () => {
    const api = use();
    const event = { metadata: { name: 'ordered' }, regarding: { kind: 'Pod', name: 'p', namespace: api.namespace }, type: 'Normal' };
    const said = {
      reason: 'R',
      action: 'A',
      reportingController: 'a.b/c',
      reportingInstance: 'i',
      eventTime: '2020-01-01T00:00:00.000000Z',
    };
    await api.create('events.events.k8s.io', { ...event, ...said });
    const { text } = await api.get(api.path('events.events.k8s.io', 'ordered')).expect(200);
    expect(text).to.match(
      /^\{"kind":"Event","apiVersion":"events\.k8s\.io\/v1","metadata":\{"name":"ordered","namespace":"[^"]*","uid":"[^"]*","resourceVersion":/,
    );
  });

  it('finds the kind of a body however its key is written', async () => {
    const api = use();
    const answer = await api.post(api.path('configmaps'), { Kind: 'Secret', metadata: { name: 'x' } });
    refused(answer, 400, 'BadRequest', /^Secret in version "v1" cannot be handled as a ConfigMap/);
  });

  it('refuses forms that a subresource has not, by the type of what it shows', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('formed'));
    const list = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const scale = await api.get(api.path('deployments.apps', 'formed', 'scale'), list);
    refused(
      scale,
      406,
      'NotAcceptable',
      'you requested PartialObjectMetadataList, but the requested object is not a list (*autoscaling.Scale)',
    );
    await api.create('resourceclaims.resource.k8s.io', { metadata: { name: 'formed' }, spec: {} });
    const status = api.path('resourceclaims.resource.k8s.io', 'formed', 'status');
    refused(await api.get(status, TABLE), 406, 'NotAcceptable', /^only the following media types are accepted: application\/json,/);
    await api.get(api.path('resourceclaims.resource.k8s.io', 'formed'), TABLE).expect(200);
  });

  it('tells a path that is nowhere from a method that is not allowed', async () => {
    const api = use();
    await api.configMap('pathed');
    const path = api.path('configmaps', 'pathed');
    const nowhere = 'the server could not find the requested resource';
    const refusedMethod = 'the server does not allow this method on the requested resource';
    await api.create('resourcequotas', { metadata: { name: 'pathed' } });
    refused(await api.get(`${api.path('resourcequotas', 'pathed', 'status')}/more`), 404, 'NotFound', nowhere);
    refused(await api.raw('patch', '/api/v1/bindings'), 404, 'NotFound', nowhere);
    refused(await api.raw('post', path.replace('/api/v1/', '/api/v1/watch/')), 405, 'MethodNotAllowed', refusedMethod);
    refused(await api.raw('patch', api.path('pods', 'missing', 'attach')), 405, 'MethodNotAllowed', refusedMethod);
    expect((await api.raw('head', `${path}/nonsense`)).status).to.equal(404);
    expect((await api.raw('head', path)).status).to.equal(405);
  });

  it('refuses names that are no segments of a path, and dry runs of connections', async () => {
    const api = use();
    const dots = await api.get(`${api.path('configmaps')}/%2e%2e%2f`.replace('%2f', '%252f'));
    refused(dots, 400, 'BadRequest', /^Name parameter invalid: "\.\.%2f": may not contain '%'$/);
    refused(await api.get(`${api.path('pods', 'missing', 'attach')}?dryRun=All`), 400, 'BadRequest', 'dryRun is not supported');
  });

  it('asks nothing of the prefix of a name where the rule is a younger one', async () => {
    const api = use();
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const answer = await api.post(api.path('replicationcontrollers'), { metadata: { generateName: '-x' }, spec: { template } });
    refused(answer, 422, 'Invalid', /^ReplicationController "-x[a-z0-9]{5}" is invalid: metadata\.name: Invalid value/);
  });

  it('checks what an eviction says of the deletion, and names its version', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'to-evict' }, spec: POD });
    const path = `${api.path('pods', 'to-evict', 'eviction')}?dryRun=All`;
    const eviction = { kind: 'Eviction', metadata: { name: 'to-evict' } };
    const policy = await api.post(path, { ...eviction, apiVersion: 'policy/v1', deleteOptions: { propagationPolicy: 'x' } });
    refused(policy, 422, 'Invalid', /^DeleteOptions\.meta\.k8s\.io "" is invalid: propagationPolicy: Unsupported value: "x"/);
    const labels = { ...eviction, apiVersion: 'policy/v1beta1', metadata: { name: 'to-evict', labels: 7 } };
    refused(
      await api.post(path, labels),
      400,
      'BadRequest',
      /^Eviction in version "v1beta1" cannot be handled as a Eviction: json: cannot/,
    );
  });

  it('makes tokens for the account that a request names', async () => {
    const api = use();
    const { metadata } = await api.create('serviceaccounts', { metadata: { name: 'named' } });
    const path = api.path('serviceaccounts', 'named', 'token');
    const other = `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "named": the UID in the token request (other) does not match the UID of the service account (${metadata.uid})`;
    refused(await api.post(path, { metadata: { uid: 'other' }, spec: {} }), 409, 'Conflict', other);
    const bound = { spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: null } } };
    refused(await api.post(path, bound), 400, 'BadRequest', 'Name parameter required.');
  });

  it('resizes no pod whose containers are null', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'sized' }, spec: POD });
    const answer = await api.put(api.path('pods', 'sized', 'resize'), { metadata: { name: 'sized' }, spec: { containers: null } });
    refused(answer, 422, 'Invalid', /spec\.containers: Forbidden: containers may not be added or removed on resize/);
  });

  it('reads the revision of a scale before it compares it', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('to-scale'));
    const scale = { metadata: { name: 'to-scale', resourceVersion: 'x' }, spec: { replicas: 2 } };
    const { body } = await api.put(api.path('deployments.apps', 'to-scale', 'scale'), scale).expect(500);
    expect(body.message).to.equal('strconv.ParseUint: parsing "x": invalid syntax');
  });

  it('gives a job whose status is written the labels of its pods', async () => {
    const api = use();
    const template = { spec: { restartPolicy: 'Never', ...POD } };
    const { metadata } = await api.create('jobs.batch', { metadata: { name: 'labelled' }, spec: { template } });
    const status = { metadata: { name: 'labelled', resourceVersion: metadata.resourceVersion }, spec: { template }, status: {} };
    const { body } = await api.put(api.path('jobs.batch', 'labelled', 'status'), status).expect(200);
    expect(body.metadata.labels).to.deep.equal(metadata.labels);
  });

  it('takes labels and annotations only in the template of a claim', async () => {
    const api = use();
    const template = { metadata: { name: 'templated' }, spec: { metadata: { name: 'x', uid: 'u', labels: { a: 'b' } }, spec: {} } };
    const answer = await api.post(api.path('resourceclaimtemplates.resource.k8s.io'), template);
    refused(
      answer,
      422,
      'Invalid',
      /spec\.metadata\.(?:name|uID): Forbidden: cannot be set.*spec\.metadata\.(?:name|uID): Forbidden: cannot be set/,
    );
  });

  it('fills in the operator of a toleration of devices, and drops attributes with several values', async () => {
    const api = use();
    const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu', tolerations: [{}] } }];
    const claims = `${api.path('resourceclaims.resource.k8s.io')}?dryRun=All`;
    const claim = await api.post(claims, { metadata: { name: 'tolerant' }, spec: { devices: { requests } } }).expect(201);
    expect(claim.body.spec.devices.requests[0].exactly.tolerations).to.deep.equal([{ operator: 'Equal' }]);
    const devices = [{ name: 'd', attributes: { a: { bool: true, ints: [1] } } }];
    const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
    const slice = { metadata: { name: `${api.namespace}-slice` }, spec: { driver: 'a.example.com', nodeName: 'n', pool, devices } };
    const { body } = await api.post('/apis/resource.k8s.io/v1/resourceslices?dryRun=All', slice).expect(201);
    expect(body.spec.devices[0].attributes).to.deep.equal({ a: { bool: true } });
  });

  it('refuses nulls where lists must be, and names that no path can hold', async () => {
    const api = use();
    const template = { spec: { restartPolicy: 'Never', ...POD } };
    await api.create('jobs.batch', { metadata: { name: 'nulls' }, spec: { suspend: true, template } });
    const job = { metadata: { name: 'nulls' }, spec: { suspend: true, template: { spec: null } } };
    refused(await api.put(api.path('jobs.batch', 'nulls'), job), 422, 'Invalid', /spec\.template\.spec\.containers: Required value/);
    const selector = {
      driver: 'a.example.com',
      nodeSelector: { nodeSelectorTerms: null },
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    };
    const slice = await api.post('/apis/resource.k8s.io/v1/resourceslices', { metadata: { name: 'x' }, spec: selector });
    refused(slice, 422, 'Invalid', /must have at least one node selector term/);
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles?dryRun=All';
    refused(
      await api.post(roles, { metadata: { name: 'a/b' } }),
      422,
      'Invalid',
      /metadata\.name: Invalid value: "a\/b": may not contain '\/'$/,
    );
  });

  it('tells twice what is wrong with the metadata of a volume, and once that it changed', async () => {
    const api = use();
    const name = `${api.namespace}-volume`;
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } };
    const path = `/api/v1/persistentvolumes/${name}`;
    await api.post('/api/v1/persistentvolumes', { metadata: { name }, spec }).expect(201);
    const finalizers = await api.patch(path, 'merge-patch', { metadata: { finalizers: ['mine'] } });
    expect(finalizers.body.details.causes.map((c: { field: string }) => c.field)).to.deep.equal(Array(2).fill('metadata.finalizers[0]'));
    const grace = await api.patch(path, 'merge-patch', { metadata: { deletionGracePeriodSeconds: 5 } });
    expect(grace.body.details.causes).to.have.length(1);
    await api.patch(path, 'merge-patch', { metadata: { finalizers: null } }).expect(200);
    await api.delete(path).expect(200);
  });
}
