import { expect } from 'chai';
import { type Api, deployment, POD, refused } from './session.js';

/** What is told about single fields of metadata and of the body, found by comparing with the real server (test/differential). */
export function particularConversations(use: () => Api): void {
  it('forgets what a create may not set before it makes managedFields', async () => {
    const api = use();
    const given = { name: 'wiped', deletionGracePeriodSeconds: 5, deletionTimestamp: '2001-01-01T00:00:00Z', uid: 'mine', selfLink: '/x' };
    const { metadata } = await api.create('configmaps', { metadata: given });
    expect(metadata).to.not.have.any.keys('managedFields', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink');
    expect(metadata.uid).to.not.equal('mine');
  });

  it('refuses a revision of what is created, after everything else, and not in a dry run', async () => {
    const api = use();
    const object = (name: string) => ({ metadata: { name, resourceVersion: '77' } });
    refused(await api.post(api.path('configmaps'), object('Versioned')), 422, 'Invalid', /metadata\.name: Invalid value: "Versioned"/);
    const { body } = await api.post(api.path('configmaps'), object('versioned')).expect(500);
    expect(body.message).to.equal('resourceVersion should not be set on objects to be created');
    const dry = await api.post(`${api.path('configmaps')}?dryRun=All`, object('versioned')).expect(201);
    expect(dry.body.metadata.resourceVersion).to.equal('77');
  });

  it('names the wrong uid before the unreadable revision, and keeps the link a dry run is given', async () => {
    const api = use();
    const { metadata } = await api.configMap('particular');
    const path = api.path('configmaps', 'particular');
    const wrong = { metadata: { name: 'particular', uid: 'other', resourceVersion: 'x' } };
    const key = `/configmaps/${api.namespace}/particular`;
    const told = (at: string) =>
      `Operation cannot be fulfilled on configmaps "particular": StorageError: invalid object, Code: 4, Key: ${at}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${metadata.uid}`;
    refused(await api.put(path, wrong), 409, 'Conflict', told(`/registry${key}`));
    refused(await api.put(`${path}?dryRun=All`, wrong), 409, 'Conflict', told(key));
    const { body } = await api.put(`${path}?dryRun=All`, { metadata: { name: 'particular', selfLink: '/x' } }).expect(200);
    expect(body.metadata.selfLink).to.equal('/x');
    await api.put(path, { metadata: { name: 'particular', selfLink: '/x' } }).expect(200);
    expect((await api.get(path)).body.metadata).to.not.have.property('selfLink');
  });

  it('refuses finalizers of one word that are no standard ones, of most kinds', async () => {
    const api = use();
    const object = { metadata: { name: 'finalized', finalizers: ['mine'] } };
    const answer = await api.post(api.path('configmaps'), object);
    refused(answer, 422, 'Invalid', /metadata\.finalizers\[0\]: Invalid value: "mine": name is neither a standard finalizer name nor/);
    await api.post(`${api.path('leases.coordination.k8s.io')}?dryRun=All`, object).expect(201);
  });

  it('checks generateName of an update as the kind does, or as a path segment', async () => {
    const api = use();
    await api.configMap('prefixed');
    await api.create('leases.coordination.k8s.io', { metadata: { name: 'prefixed' } });
    const update = (resource: string, generateName: string) =>
      api.patch(`${api.path(resource, 'prefixed')}?dryRun=All`, 'merge-patch', { metadata: { generateName } });
    refused(
      await update('configmaps', 'Bad_Value!'),
      422,
      'Invalid',
      /metadata\.generateName: Invalid value: "Bad_Value!": a lowercase RFC/,
    );
    expect((await update('leases.coordination.k8s.io', 'Bad_Value!')).status).to.equal(200);
    refused(await update('leases.coordination.k8s.io', 'a/b'), 422, 'Invalid', /metadata\.generateName: Invalid value: "a\/b": may not/);
  });

  it('forgets all managers when it is given none', async () => {
    const api = use();
    await api.configMap('managed', { a: '1' });
    const path = api.path('configmaps', 'managed');
    const { body } = await api.put(path, { metadata: { name: 'managed', managedFields: [] }, data: { a: '1' } }).expect(200);
    expect(body.metadata).to.not.have.property('managedFields');
  });

  it('tells a kind that is no text from a field that is none', async () => {
    const api = use();
    refused(
      await api.post(api.path('configmaps'), { kind: 7, metadata: { name: 'x' } }),
      400,
      'BadRequest',
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":7,"metadata":{"name":" ...)`,
    );
    const claim = { apiVersion: 7, metadata: { name: 'c' }, spec: {} };
    const set = { metadata: { name: 'x' }, spec: { volumeClaimTemplates: [claim] } };
    refused(
      await api.post(api.path('statefulsets.apps'), set),
      400,
      'BadRequest',
      /spec\.volumeClaimTemplates\.TypeMeta\.apiVersion of type string$/,
    );
  });

  it('reads bytes from a list of numbers', async () => {
    const api = use();
    const object = (b: unknown) => ({ metadata: { name: 'bytes' }, binaryData: { b } });
    const { body } = await api.post(`${api.path('configmaps')}?dryRun=All`, object([120, null])).expect(201);
    expect(body.binaryData).to.deep.equal({ b: 'eAA=' });
    refused(
      await api.post(api.path('configmaps'), object([256])),
      400,
      'BadRequest',
      /cannot unmarshal number 256 into Go .* of type uint8$/,
    );
    refused(await api.post(api.path('configmaps'), object(['x'])), 400, 'BadRequest', /cannot unmarshal string into Go .* of type uint8$/);
  });

  it('does not look for repeated keys in JSON of any form', async () => {
    const api = use();
    const path = `${api.path('controllerrevisions.apps')}?dryRun=All&fieldValidation=Strict`;
    await api.post(path, '{"metadata":{"name":"x"},"revision":1,"data":{"a":1,"a":2}}').expect(201);
    const twice = await api.post(path, '{"metadata":{"name":"x","name":"x"},"revision":1,"data":{}}');
    refused(twice, 400, 'BadRequest', /strict decoding error: duplicate field "metadata\.name"$/);
  });

  it('tells unknown and repeated fields in the order of the document', async () => {
    const api = use();
    const path = `${api.path('configmaps')}?dryRun=All&fieldValidation=Strict`;
    const body = '{"metadata":{"name":"x","u":1},"zz":1,"data":{"a":"b","a":"c"},"yy":1,"immutable":true,"immutable":false}';
    const wanted =
      'strict decoding error: unknown field "metadata.u", unknown field "zz", duplicate field "data.a", unknown field "yy", duplicate field "immutable"';
    refused(await api.post(path, body), 400, 'BadRequest', `ConfigMap in version "v1" cannot be handled as a ConfigMap: ${wanted}`);
  });

  it('answers for a kind without a name like for any other', async () => {
    const api = use();
    const schedule = { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: {} } } } };
    const answer = await api.post(api.path('cronjobs.batch'), { metadata: { name: null }, spec: schedule });
    refused(answer, 422, 'Invalid', /metadata\.name: Required value: name or generateName is required/);
  });

  it('does not ask the range about node ports of a dry run', async () => {
    const api = use();
    const service = { metadata: { name: 'ported' }, spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 7 }] } };
    const { body } = await api.post(`${api.path('services')}?dryRun=All`, service).expect(201);
    expect(body.spec.ports[0].nodePort).to.equal(7);
    refused(await api.post(api.path('services'), service), 422, 'Invalid', /provided port is not in the valid range/);
  });

  it('reads what a patch says of kind and version as each kind of patch does', async () => {
    const api = use();
    await api.configMap('kinds');
    const path = `${api.path('configmaps', 'kinds')}?dryRun=All`;
    const { body } = await api.patch(path, 'strategic-merge-patch', { kind: 'Other' }).expect(200);
    expect(body.kind).to.equal('ConfigMap');
    const number = await api.patch(path, 'merge-patch', { kind: 7 });
    refused(
      number,
      422,
      'Invalid',
      /: couldn't get version\/kind; json parse error: json: cannot unmarshal number into Go struct field \.kind of/,
    );
    const unversioned = await api.patch(path, 'merge-patch', { apiVersion: null });
    refused(unversioned, 400, 'BadRequest', 'the name of the object (kinds based on URL) was undeterminable: name must be provided');
    expect(unversioned.headers['warning']).to.equal('299 - "unknown field \\"metadata\\""');
    const { text } = await api.patch(path, 'json-patch', [{ op: 'remove', path: '/kind' }]).expect(200);
    expect(text).to.match(/^\{"kind":"ConfigMap","apiVersion":"v1",/);
  });

  it('names the type of an apply that is no text, and takes entries that are none for no managers', async () => {
    const api = use();
    await api.configMap('applied-2');
    const path = `${api.path('configmaps', 'applied-2')}?dryRun=All&fieldManager=me`;
    const apply = (object: object) => api.patch(path, 'apply-patch', object);
    const odd = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'odd' }, spec: { containers: [{ name: [{ a: 'b' }, 1e20] }] } };
    const keyed = await api.patch(`${api.path('pods', 'odd')}?fieldManager=me`, 'apply-patch', odd).expect(500);
    expect(keyed.body.message).to.match(/\.spec\.containers\[name=\[a="b",1e\+20\]\]\.name: expected string, got/);
    const place = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied-2', namespace: 7 } };
    expect((await apply(place).expect(500)).body.message).to.match(
      /\.metadata\.namespace: expected string, got &value\.valueUnstructured\{Value:7\}$/,
    );
    refused(await apply({ apiVersion: 7, kind: 'ConfigMap' }), 400, 'BadRequest', 'invalid object type: /, Kind=ConfigMap');
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied-2', managedFields: [null] } }).expect(200);
    const entry = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied-2', managedFields: [] } };
    refused(await apply(entry), 400, 'BadRequest', 'metadata.managedFields must be nil');
  });

  it('converts the numbers of a strategic patch as Go does', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('numbers'));
    const path = `${api.path('deployments.apps', 'numbers')}?dryRun=All`;
    const { body } = await api.patch(path, 'strategic-merge-patch', { spec: { minReadySeconds: 2 ** 32 + 3 } }).expect(200);
    expect(body.spec.minReadySeconds).to.equal(3);
    const large = await api.patch(path, 'strategic-merge-patch', '{"metadata":{"labels":{"a":100000000000000000000}}}');
    refused(large, 422, 'Invalid', /"map\[metadata:map\[labels:map\[a:1e\+20\]\]\]": unrecognized type: string$/);
    const surge = { spec: { strategy: { rollingUpdate: { maxSurge: 2 ** 32 } } } };
    refused(
      await api.patch(path, 'strategic-merge-patch', surge),
      422,
      'Invalid',
      /cannot unmarshal number 4294967296 into Go value of type int32$/,
    );
  });

  it('tells a struct that is empty from one that is absent', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'empty' }, spec: POD });
    await api.create('podtemplates', { metadata: { name: 'empty' }, template: { spec: POD } });
    const lifecycle = { spec: { containers: [{ name: 'main', lifecycle: {} }] } };
    const pod = await api.patch(`${api.path('pods', 'empty')}?dryRun=All`, 'strategic-merge-patch', lifecycle);
    refused(pod, 422, 'Invalid', /spec: Forbidden: pod updates may not change fields other than/);
    const template = `${api.path('podtemplates', 'empty')}?dryRun=All`;
    const { body } = await api.patch(template, 'merge-patch', { template: { spec: { dnsConfig: {} } } }).expect(200);
    expect(body.metadata.generation).to.equal(2);
  });

  it('finds repeated keys of an operation in the patched object again', async () => {
    const api = use();
    await api.configMap('again', { a: '1' });
    const path = `${api.path('configmaps', 'again')}?dryRun=All`;
    const { headers } = await api.patch(path, 'json-patch', '[{"op":"replace","path":"/data","value":{"a":"1","a":"2"}}]').expect(200);
    expect(headers['warning']).to.equal('299 - "json patch duplicate field \\"[0].value.a\\"", 299 - "duplicate field \\"data.a\\""');
  });

  it('does not patch inside JSON of any form', async () => {
    const api = use();
    await api.create('controllerrevisions.apps', { metadata: { name: 'raw' }, revision: 1, data: { a: { b: 1 } } });
    const patch = { data: { a: { b: 2 } } };
    const { body } = await api.patch(api.path('controllerrevisions.apps', 'raw'), 'strategic-merge-patch', patch).expect(500);
    expect(body.message).to.equal('unable to find api field in struct RawExtension for the json field "a"');
  });

  it('tells the preconditions of a namespace and of a CustomResourceDefinition as their own Delete does', async () => {
    const api = use();
    const name = `widgets.${api.namespace}.example.com`;
    const names = { plural: 'widgets', kind: 'Widget' };
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
    const spec = { group: `${api.namespace}.example.com`, scope: 'Namespaced', names, versions };
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await api.post(definitions, { metadata: { name }, spec }).expect(201);
    const definition = ['customresourcedefinitions.apiextensions.k8s.io', name, `${definitions}/${name}`];
    for (const [resource, at, path = ''] of [['namespaces', api.namespace, `/api/v1/namespaces/${api.namespace}`], definition]) {
      const { uid, resourceVersion } = (await api.get(path).expect(200)).body.metadata;
      const told = (what: string, wanted: string, present: string) =>
        `Operation cannot be fulfilled on ${resource} "${at}": Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${present}`;
      const both = { preconditions: { uid: 'other', resourceVersion: 'x' } };
      refused(await api.delete(path, both), 409, 'Conflict', told('UID', 'other', uid));
      const revision = { preconditions: { resourceVersion: 'x' } };
      refused(await api.delete(path, revision), 409, 'Conflict', told('ResourceVersion', 'x', resourceVersion));
    }
    await api.delete(`${definitions}/${name}`).expect(200);
  });

  it('tells twice of a class of load balancers that a Service has no use for', async () => {
    const api = use();
    await api.create('services', { metadata: { name: 'classless' }, spec: { ports: [{ port: 80 }] } });
    const patch = { spec: { loadBalancerClass: 'x' } };
    const answer = await api.patch(`${api.path('services', 'classless')}?dryRun=All`, 'merge-patch', patch);
    refused(answer, 422, 'Invalid', /spec\.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'/);
    expect(answer.body.details.causes).to.have.length(2);
  });

  it('refuses an internalTrafficPolicy that is none of a Service that has no use for one', async () => {
    const api = use();
    const service = (internalTrafficPolicy: string) => ({
      metadata: { name: 'external' },
      spec: { type: 'ExternalName', externalName: 'x.y', internalTrafficPolicy },
    });
    const path = `${api.path('services')}?dryRun=All`;
    refused(await api.post(path, service('x')), 422, 'Invalid', /spec\.internalTrafficPolicy: Unsupported value: "x": supported/);
    const { body } = await api.post(path, service('Local')).expect(201);
    expect(body.spec).to.not.have.property('internalTrafficPolicy');
  });

  it('checks what a resize and new ephemeral containers say of metadata that they cannot restore', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'parts', labels: { a: 'b' } }, spec: POD });
    for (const part of ['resize', 'ephemeralcontainers']) {
      const path = `${api.path('pods', 'parts')}/${part}?dryRun=All`;
      const change = (metadata: object) => api.patch(path, 'merge-patch', { metadata });
      const period = await change({ deletionGracePeriodSeconds: 1 });
      refused(period, 422, 'Invalid', /metadata\.deletionGracePeriodSeconds: Invalid value: 1: field is immutable/);
      expect(period.body.details.causes).to.have.length(2);
      refused(await change({ generateName: 'Bad_' }), 422, 'Invalid', /metadata\.generateName: Invalid value: "Bad_": a lowercase RFC/);
      const { body } = await change({ labels: { a: 'c' } }).expect(200);
      expect(body.metadata.labels).to.deep.equal({ a: 'b' });
    }
    const resources = await api.patch(`${api.path('pods', 'parts')}/resize?dryRun=All`, 'merge-patch', { spec: { resources: {} } });
    refused(resources, 422, 'Invalid', /spec: Forbidden: only cpu and memory resources are mutable$/);
  });

  it('takes text that is no percentage for no number when it compares maxSurge and maxUnavailable', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('surging'));
    const path = api.path('deployments.apps', 'surging');
    const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: '10.0.0.1' } };
    const { body } = await api.patch(path, 'merge-patch', { spec: { strategy } }).expect(422);
    expect(body.details.causes).to.have.length(2);
    expect(body.message).to.match(/maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0\]$/);
  });

  it('shows that the parent of an IPAddress is gone', async () => {
    const api = use();
    const path = '/apis/networking.k8s.io/v1/ipaddresses';
    await api.post(path, { metadata: { name: '203.0.113.77' }, spec: { parentRef: { resource: 'services', name: 'a' } } }).expect(201);
    const answer = await api.patch(`${path}/203.0.113.77`, 'merge-patch', { spec: { parentRef: null } });
    await api.delete(`${path}/203.0.113.77`).expect(200);
    refused(
      answer,
      422,
      'Invalid',
      /\[spec\.parentRef: Invalid value: null: field is immutable, spec\.parentRef: Required value\]$|Required value, spec\.parentRef: Invalid value: null: field is immutable\]$/,
    );
  });

  it('looks into one source of a metric only, and takes annotations that hold no metrics for none', async () => {
    const api = use();
    const scaler = (annotations: object, metrics?: unknown) => ({
      metadata: { name: 'scaler', annotations },
      spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, metrics },
    });
    const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } };
    const both = { type: 'Resource', resource, containerResource: { name: 'x', container: 'x', target: { type: 'x' } } };
    const v2 = `${api.path('horizontalpodautoscalers.autoscaling').replace('/v1/', '/v2/')}?dryRun=All`;
    const { body } = await api.post(v2, scaler({}, [both])).expect(422);
    expect(body.details.causes).to.have.length(1);
    expect(body.message).to.match(/spec\.metrics\[0\]\.containerResource: Forbidden: must populate the given metric source only$/);
    const v1 = `${api.path('horizontalpodautoscalers.autoscaling')}?dryRun=All`;
    for (const kind of ['metrics', 'current-metrics', 'conditions', 'behavior'])
      for (const value of ['5', '"text"', '{}', 'null', '[5]'])
        await api.post(v1, scaler({ [`autoscaling.alpha.kubernetes.io/${kind}`]: value })).expect(201);
  });

  it('finds a stored version that is there twice only once, and names the type of values in a schema', async () => {
    const api = use();
    const group = `${api.namespace}.example.com`;
    const spec = { group, scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' } };
    const version = (extra: object) => ({
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: 'object', ...extra } },
    });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const create = (...versions: object[]) => api.post(path, { metadata: { name: `widgets.${group}` }, spec: { ...spec, versions } });
    const twice = await create(version({}), version({}));
    refused(twice, 422, 'Invalid', /status\.storedVersions: Invalid value: \["v1"\]: must have the storage version v1/);
    refused(await create(version({ enum: 7 })), 400, 'BadRequest', /openAPIV3Schema\.enum of type \[\]v1\.JSON$/);
  });

  it('reads unions inside a schema less strictly, and says what a CustomResourceDefinition can look like', async () => {
    const api = use();
    const group = `${api.namespace}.example.com`;
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const create = (items: string) =>
      api.post(
        `${path}?dryRun=All&fieldValidation=Strict`,
        `{"metadata":{"name":"widgets.${group}"},"spec":{"group":"${group}","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},` +
          `"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"array","items":${items}}}}}}]}}`,
      );
    await create('{"type":"string","type":"string"}').expect(201);
    refused(await create('[]'), 422, 'Invalid', /properties\[a\]\.items: Required value: must be specified$/);
    const { details } = (await api.post(path, {}).expect(422)).body;
    expect(details.causes[0]).to.include({ field: 'metadata.name', message: 'Required value: name or generateName is required' });
    const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    const { body } = await api.get(`${path}/none`, 'text/plain').expect(406);
    expect(body.message).to.equal(`406: Not Acceptable\n\nAvailable representations: ${types}`);
  });
}
