import { expect } from 'chai';
import { encodeObject } from '../../../src/api/protobuf/index.js';
import { type Api, refused } from './session.js';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What is told about kinds of storage, devices, admission, flow control and aggregation, found by test/differential. */
export function groupConversations(use: () => Api): void {
  it('refuses a quantity that is none in protobuf as it does in JSON', async () => {
    const api = use();
    const kind = { kind: 'CSIStorageCapacity', apiVersion: 'storage.k8s.io/v1' };
    const capacity = { ...kind, metadata: { name: 'c' }, storageClassName: 'c', capacity: 'x' };
    const body = encodeObject(capacity);
    const answer = await api.raw('post', api.path('csistoragecapacities.storage.k8s.io')).set('content-type', PROTOBUF).send(body);
    const told =
      'CSIStorageCapacity in version "v1" cannot be handled as a CSIStorageCapacity: quantities must match the regular expression';
    expect(answer.body.message).to.contain(told);
    refused(answer, 400, 'BadRequest', /quantities must match/);
  });

  it('shows an immutable map that is given empty as empty, and one that is not given as null', async () => {
    const api = use();
    const name = `${api.namespace}-class`;
    const path = '/apis/storage.k8s.io/v1/storageclasses';
    const object = (rest: object) => ({ metadata: { name }, provisioner: 'example.com/p', ...rest });
    await api.post(path, object({ parameters: { a: 'b' } })).expect(201);
    const put = (rest: object) => api.put(`${path}/${name}`, object(rest));
    refused(await put({ parameters: {} }), 422, 'Invalid', /parameters: Invalid value: \{\}: field is immutable/);
    refused(await put({}), 422, 'Invalid', /parameters: Invalid value: null: field is immutable/);
    await api.delete(`${path}/${name}`).expect(200);
  });

  it('wants the name of an APIService, and the prefix of one, to say its version and group', async () => {
    const api = use();
    const spec = { group: 'x.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };
    const path = '/apis/apiregistration.k8s.io/v1/apiservices';
    const nameless = await api.post(path, { spec });
    refused(nameless, 422, 'Invalid', /is invalid: metadata\.name: Required value: name or generateName is required$/);
    const prefixed = await api.post(path, { metadata: { name: 'v1.x.example.com', generateName: 'x' }, spec });
    refused(
      prefixed,
      422,
      'Invalid',
      /metadata\.generateName: Invalid value: "x": must be `spec\.version\+"\."\+spec\.group`: "v1\.x\.example\.com"$/,
    );
  });

  it('lets the status of a priority level change nothing of its metadata', async () => {
    const api = use();
    const name = `${api.namespace}-level`;
    const path = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
    const spec = { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } };
    await api.post(path, { metadata: { name }, spec }).expect(201);
    const { body } = await api
      .put(`${path}/${name}/status`, { metadata: { name, generateName: 'x', deletionGracePeriodSeconds: 7 }, spec })
      .expect(200);
    expect(body.metadata).to.not.have.any.keys('generateName', 'deletionGracePeriodSeconds');
    await api.delete(`${path}/${name}`).expect(200);
  });

  it('checks what drivers say of devices: what identifies them, and their addresses', async () => {
    const api = use();
    const claims = api.path('resourceclaims.resource.k8s.io');
    const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } };
    await api.post(claims, { metadata: { name: 'claim' }, spec }).expect(201);
    const device = { driver: 'x', pool: 'y', device: 'z', shareID: 'q', networkData: { ips: ['1.2.3.4'] } };
    const answer = await api.put(`${claims}/claim/status`, { metadata: { name: 'claim' }, spec, status: { devices: [device] } });
    const message = answer.body.message as string;
    expect(message).to.contain('status.devices[0].shareID: Invalid value: "q": error validating uid: invalid UUID length: 1');
    expect(message).to.contain('{"Driver":"x","Pool":"y","Device":"z","ShareID":"q"}: must be an allocated device in the claim');
    expect(message).to.contain('status.devices[0].networkData.ips[0]: Invalid value: "1.2.3.4": must be a valid address in CIDR form');
    const template = { metadata: { managedFields: [], labels: { a: 'b' } }, spec };
    const refusal = await api.post(api.path('resourceclaimtemplates.resource.k8s.io'), { metadata: { name: 't' }, spec: template });
    refused(refusal, 422, 'Invalid', /spec\.metadata\.managedFields: Forbidden: cannot be set/);
  });

  it('counts a change of a ResourceSlice that is dropped, and says which conditions are not given', async () => {
    const api = use();
    const name = `${api.namespace}-slice`;
    const path = '/apis/resource.k8s.io/v1/resourceslices';
    const slice = (device: object) => ({
      metadata: { name },
      spec: {
        driver: 'd.example.com',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'd', ...device }],
      },
    });
    await api.post(path, slice({})).expect(201);
    const mapped = { nodeAllocatableResourceMappings: { x: { allocationMultiplier: '1' } } };
    const { body } = await api.put(`${path}/${name}`, slice(mapped)).expect(200);
    expect(body.metadata.generation).to.equal(2);
    expect(body.spec.devices).to.deep.equal([{ name: 'd' }]);
    const failing = await api.put(`${path}/${name}`, slice({ bindingFailureConditions: ['x'] }));
    refused(
      failing,
      422,
      'Invalid',
      /bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions$/,
    );
    const shortened = await api.patch(`${path}/${name}?dryRun=All`, 'strategic-merge-patch', {
      spec: { devices: [{ name: 'd', capacity: { memory: { value: '1', unknown: 1 } } }] },
    });
    expect(shortened.headers['warning']).to.contain('unknown field \\"spec.devices[0].capacity.unknown\\"');
    await api.delete(`${path}/${name}`).expect(200);
  });

  it('checks all metadata of an attachment when its status is written', async () => {
    const api = use();
    const name = `${api.namespace}-attachment`;
    const path = '/apis/storage.k8s.io/v1/volumeattachments';
    const attachment = { spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'p' } }, status: { attached: true } };
    const { body } = await api.post(path, { metadata: { name }, ...attachment }).expect(201);
    const metadata = { name, resourceVersion: body.metadata.resourceVersion as string, generateName: 'Bad_Value!' };
    const answer = await api.put(`${path}/${name}/status`, { metadata, ...attachment });
    refused(answer, 422, 'Invalid', /metadata\.generateName: Invalid value: "Bad_Value!": a lowercase RFC 1123 subdomain/);
    await api.delete(`${path}/${name}`).expect(200);
  });

  it('wants a name of a policy whose audit annotations begin with it', async () => {
    const api = use();
    const spec = { matchConstraints: { resourceRules: [] }, auditAnnotations: [{ key: 'k', valueExpression: "'v'" }] };
    const answer = await api.post('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', { spec });
    refused(answer, 422, 'Invalid', /auditAnnotations\[0\]\.key: Invalid value: "k": requires metadata\.name be non-empty/);
  });

  it('shows the status of a CustomResourceDefinition in no other form', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/none.example.com/status';
    const answer = await use().get(path, 'application/json;as=Table;g=meta.k8s.io;v=v1');
    refused(answer, 406, 'NotAcceptable', /^only the following media types are accepted: application\/json, application\/yaml, [^ ]+$/);
  });

  it('reads the unions of a schema in words of their own in every patch, and names keys and prefixes of definitions', async () => {
    const api = use();
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const name = `unions.${api.namespace}.example.com`;
    const definition = (list: object, metadata: object = { name }) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata,
      spec: {
        group: `${api.namespace}.example.com`,
        scope: 'Namespaced',
        names: { plural: 'unions', kind: 'Union' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { list } } },
          },
        ],
      },
    });
    const { body } = await api.post(path, definition({ type: 'array', items: { type: 'string' } })).expect(201);
    const wrong = definition({ type: 'array', items: { type: ['x'] } });
    const strategic = await api.patch(`${path}/${name}?dryRun=All`, 'strategic-merge-patch', { spec: wrong.spec });
    expect(strategic.body.message).to.match(/: json: cannot unmarshal array into Go struct field JSONSchemaProps\.type of type string$/);
    const applied = await api.patch(`${path}/${name}?dryRun=All&fieldManager=me&force=true`, 'apply-patch', wrong);
    expect(applied.body.message).to.match(/: json: cannot unmarshal array into Go struct field JSONSchemaProps\.type of type string$/);
    const other = { ...definition({ type: 'array', items: { type: 'string' } }), metadata: { ...body.metadata, uid: 'other' } };
    const conflict = await api.put(`${path}/${name}?dryRun=All`, other);
    refused(conflict, 409, 'Conflict', new RegExp(`Key: /apiextensions.k8s.io/customresourcedefinitions/${name}, `));
    const place = '/spec/versions/0/schema/openAPIV3Schema/properties/list';
    const emptied = [{ op: 'replace', path: place, value: { type: 'string', items: [] } }];
    const stored = await api.patch(`${path}/${name}?dryRun=All`, 'json-patch', emptied).expect(200);
    expect(stored.body.spec.versions[0].schema.openAPIV3Schema.properties.list).to.deep.equal({ type: 'string' });
    const orphaning = await api.delete(`${path}/${name}?dryRun=All&orphanDependents=true`).expect(200);
    expect(orphaning.body.metadata.finalizers).to.deep.equal(['customresourcecleanup.apiextensions.k8s.io']);
    const protobuf = await api.get(`${path}/${name}`, 'application/vnd.kubernetes.protobuf').expect(200);
    expect(protobuf.headers['content-type']).to.equal('application/vnd.kubernetes.protobuf');
    const prefixed = await api.post(path, definition({ type: 'string' }, { name, generateName: 'x' }));
    refused(prefixed, 422, 'Invalid', /metadata\.generateName: Invalid value: "x": must be spec\.names\.plural\+"\."\+spec\.group/);
    await api.delete(`${path}/${name}`).expect(200);
  });
}
