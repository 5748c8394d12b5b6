import { expect } from 'chai';
import { type Api, POD, refused } from './session.js';

/** Input made to find a way past the checks: it is refused like any other, and the server goes on. */
export function hostileConversations(use: () => Api): void {
  it('finds no subresource in the prototype of objects', async () => {
    const api = use();
    for (const name of ['__proto__', 'constructor', 'toString'])
      refused(await api.get(api.path('pods', 'x', name)), 404, 'NotFound', 'the server could not find the requested resource');
  });

  it('refuses a pod without containers', async () => {
    const api = use();
    refused(await api.post(api.path('pods'), { metadata: { name: 'bare' }, spec: {} }), 422, 'Invalid', /spec\.containers: Required value/);
  });

  it('refuses resources named like members of objects', async () => {
    const api = use();
    const container = { name: 'main', image: 'main:1', resources: '@' };
    const body = JSON.stringify({ metadata: { name: 'odd' }, spec: { containers: [container] } });
    for (const name of ['__proto__', 'constructor', 'valueOf'])
      for (const side of ['requests', 'limits'])
        refused(
          await api.post(api.path('pods'), body.replace('"@"', `{"${side}":{"${name}":"1"}}`)),
          422,
          'Invalid',
          new RegExp(`resources\\.${side}`),
        );
  });

  it('takes an item without its key where the kind allows it', async () => {
    const api = use();
    await api.create('serviceaccounts', { metadata: { name: 'keyless' }, secrets: [null] });
    await api.delete(api.path('serviceaccounts', 'keyless')).expect(200);
  });

  it('refuses a container limit named like a member of objects beside limits of the pod', async () => {
    const api = use();
    const spec = {
      resources: { limits: { cpu: '1' } },
      containers: [{ name: 'main', image: 'main:1', resources: { limits: { constructor: '1' } } }],
    };
    refused(await api.post(api.path('pods'), { metadata: { name: 'odd' }, spec }), 422, 'Invalid', /limits\[constructor\]/);
  });

  it('lets a header name any extra field of a user', async () => {
    const { status, body } = await use()
      .raw('post', '/apis/authentication.k8s.io/v1/selfsubjectreviews')
      .set({ 'impersonate-user': 'x', 'impersonate-extra-constructor': 'y', 'content-type': 'application/json' })
      .send('{}');
    expect(status).to.equal(201);
    const { userInfo } = (body as { status: { userInfo: { extra: object } } }).status;
    expect(Object.entries(userInfo.extra)).to.deep.equal([['constructor', ['y']]]);
  });

  it('refuses schedules and limits named like members of objects', async () => {
    const api = use();
    const jobTemplate = { spec: { template: { spec: { restartPolicy: 'Never', containers: POD.containers } } } };
    for (const name of ['constructor', '__proto__', 'toString']) {
      const job = { metadata: { name: 'odd' }, spec: { schedule: name, jobTemplate } };
      refused(await api.post(api.path('cronjobs.batch'), job), 422, 'Invalid', /spec\.schedule: .* expected exactly 5 fields, found 1/);
      const range = `{"metadata":{"name":"odd"},"spec":{"limits":[{"type":"Container","max":{"${name}":"1"},"default":{"cpu":"1"}}]}}`;
      refused(await api.post(api.path('limitranges'), range), 422, 'Invalid', new RegExp(`limits\\[0\\]\\.max\\[${name}\\]`));
    }
  });

  it('refuses null where a list of terms or a schema should be', async () => {
    const api = use();
    const slice = {
      metadata: { name: 'odd' },
      spec: { driver: 'd.example', nodeSelector: { nodeSelectorTerms: null }, pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
    };
    const slices = '/apis/resource.k8s.io/v1/resourceslices';
    refused(await api.post(slices, slice), 422, 'Invalid', /nodeSelectorTerms: Invalid value: null: must have exactly one/);
    const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', dependencies: { a: null } } } };
    const names = { plural: 'as', kind: 'A' };
    const crd = { metadata: { name: 'as.x.example' }, spec: { group: 'x.example', scope: 'Namespaced', names, versions: [version] } };
    refused(
      await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd),
      422,
      'Invalid',
      /dependencies: Forbidden: dependencies is not supported/,
    );
  });

  it('cannot apply to an object that lists an item without its key, and says which', async () => {
    const api = use();
    await api.create('serviceaccounts', { metadata: { name: 'untyped' }, secrets: [{}] });
    const applied = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'untyped' }, secrets: [{ name: 'y' }] };
    const { status, body } = await api.patch(`${api.path('serviceaccounts', 'untyped')}?fieldManager=x`, 'apply-patch', applied);
    expect(status).to.equal(500);
    expect((body as { message: string }).message).to.match(
      /^failed to create manager for existing fields: failed to convert new object \(.*\/untyped; \/v1, Kind=ServiceAccount\) to smd typed: \.secrets: element 0: associative list with keys has an element that omits all key fields \["name"\]/,
    );
  });

  it('refuses numbers that are out of range', async () => {
    const api = use();
    const digits = '9'.repeat(30);
    refused(await api.get(`${api.path('configmaps')}?limit=${digits}`), 400, 'BadRequest', /strconv\.ParseInt: .*value out of range$/);
    refused(
      await api.get(`${api.path('configmaps')}?resourceVersion=${digits}`),
      400,
      'BadRequest',
      /^invalid resource version: resourceVersion: .*value out of range$/,
    );
  });

  it('refuses a patch whose copies grow without end', async () => {
    const api = use();
    await api.configMap('grown', { z: 'x'.repeat(1000) });
    const patch = Array.from({ length: 25 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/k${i}` }));
    refused(
      await api.patch(api.path('configmaps', 'grown'), 'json-patch', patch),
      422,
      'Invalid',
      'the server rejected our request due to an error in our request',
    );
  });

  it('deletes with any period of grace', async () => {
    const api = use();
    await api.create('pods', { metadata: { name: 'patient' }, spec: { ...POD, nodeName: 'nowhere' } });
    const { status, body } = await api.delete(`${api.path('pods', 'patient')}?gracePeriodSeconds=9000000000000`);
    expect(status, JSON.stringify(body)).to.equal(200);
    await api.delete(`${api.path('pods', 'patient')}?gracePeriodSeconds=0`).expect(200);
  });
}
