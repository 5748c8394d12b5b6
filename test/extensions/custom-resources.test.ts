// Custom resources from definition to removal, through HTTPS, where no other controller runs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { apiservices, customresourcedefinitions as CRDS } from '../../src/api/meta/resources.gen.js';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../src/api/types/apiextensions-v1.gen.js';
import { API_ONLY, eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function version(name: string, rest: Partial<CustomResourceDefinitionVersion> = {}): CustomResourceDefinitionVersion {
  const spec = { type: 'object', properties: { a: { type: 'string' }, n: { type: 'integer', default: 1 } } };
  return { name, served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } }, ...rest };
}

function definition(group: string, kind: string, versions = [version('v1')], rest: object = {}): object {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions, ...rest },
  };
}

describe('custom resources', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let api: Api;

  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
  });
  after(() => cluster.close());

  const condition = async (name: string, type: string) => {
    const crd = await cluster.client.get(CRDS, { namespace: '', name });
    return crd.status.conditions?.find((c) => c.type === type);
  };
  const established = (name: string) =>
    eventually(`${name} is established`, async () => (await condition(name, 'Established'))?.status === 'True');
  const define = async (crd: object) => {
    await api.post(DEFINITIONS, crd).expect(201);
    const { name } = (crd as CustomResourceDefinition).metadata;
    await established(name);
    return name;
  };
  const gone = (name: string) => eventually(`${name} is gone`, async () => (await api.get(`${DEFINITIONS}/${name}`)).status === 404);

  it('are documented as open objects in v2 where they keep unknown fields, and say what their metadata is', async () => {
    const open = { type: 'object' as const, 'x-kubernetes-preserve-unknown-fields': true };
    await define(definition('documented.example.com', 'Open', [version('v1', { schema: { openAPIV3Schema: open } })]));
    await define(definition('documented.example.com', 'Closed'));
    const { body } = await api.get('/openapi/v2').expect(200);
    const { definitions } = body as { definitions: Record<string, { properties?: { metadata: { description: string } } }> };
    expect(definitions['com.example.documented.v1.Open']).to.deep.equal({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'documented.example.com', kind: 'Open', version: 'v1' }],
    });
    const { description } = definitions['com.example.documented.v1.Closed']?.properties?.metadata ?? {};
    expect(description).to.match(/^Standard object's metadata\. More info: /);
  });

  it('are served once their definition is established, with an APIService for their version', async () => {
    await define(definition('served.example.com', 'Widget'));
    const created = await api.post(api.path('widgets.served.example.com'), widget('served.example.com', { a: 'x', b: 1 })).expect(201);
    expect(created.body.spec).to.deep.equal({ a: 'x', n: 1 });
    const service = await cluster.client.get(apiservices, { namespace: '', name: 'v1.served.example.com' });
    expect(service.spec).to.include({ group: 'served.example.com', groupPriorityMinimum: 1000, versionPriority: 100 });
  });

  it('of a changed definition are read by the new one, and their watches end', async () => {
    const name = await define(definition('changed.example.com', 'Widget'));
    const path = api.path('widgets.changed.example.com');
    await api.post(path, widget('changed.example.com', { a: 'x' })).expect(201);
    const watch = api.get(`${path}?watch=true`).then((response) => response.text);
    const field = { type: 'string', default: 'new' };
    await api
      .patch(`${DEFINITIONS}/${name}`, 'json-patch', [
        { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b', value: field },
      ])
      .expect(200);
    await watch;
    await eventually('the new default shows', async () => (await api.get(`${path}/w`)).body.spec.b === 'new');
  });

  it('whose names are taken wait until those are free', async () => {
    const first = await define(definition('names.example.com', 'Widget'));
    const other = definition('names.example.com', 'Gadget', undefined, {
      names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['widget', 'widgets'] },
    });
    await api.post(DEFINITIONS, other).expect(201);
    const name = 'gadgets.names.example.com';
    const refused = await eventually('the names are refused', () => condition(name, 'NamesAccepted'));
    expect(refused).to.include({ status: 'False', reason: 'ShortNamesConflict' });
    expect(refused.message).to.equal('["widget" is already in use, "widgets" is already in use]');
    expect((await condition(name, 'Established'))?.status).to.equal('False');
    await api.get(api.path('gadgets.names.example.com')).expect(404);
    await api.delete(`${DEFINITIONS}/${first}`).expect(200);
    await established(name);
    await api.get(api.path('gadgets.names.example.com')).expect(200);
  });

  it('that a finalizer holds keep their definition, which takes no new ones', async () => {
    const name = await define(definition('held.example.com', 'Widget'));
    const path = api.path('widgets.held.example.com');
    const held = widget('held.example.com', {});
    held.metadata.finalizers = ['example.com/hold'];
    await api.post(path, held).expect(201);
    const deleted = await api.delete(`${DEFINITIONS}/${name}`).expect(200);
    expect(deleted.body.metadata.finalizers).to.deep.equal(['customresourcecleanup.apiextensions.k8s.io']);
    await eventually('the object is marked', async () => (await api.get(`${path}/w`)).body.metadata.deletionTimestamp !== undefined);
    const refused = await api.post(path, widget('held.example.com', {}, 'other')).expect(403);
    expect(refused.body.message).to.contain('create not allowed while custom resource definition is terminating');
    await api.patch(`${path}/w`, 'merge-patch', { metadata: { finalizers: null } }).expect(200);
    await gone(name);
    await api.get(path).expect(404);
    await eventually('the APIService goes', async () => {
      return (await api.get('/apis/apiregistration.k8s.io/v1/apiservices/v1.held.example.com')).status === 404;
    });
  });

  it('that a webhook would have to convert are refused by name', async () => {
    const conversion = {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://example.com/convert' } },
    };
    await define(definition('webhook.example.com', 'Widget', [version('v1'), version('v2', { storage: false })], { conversion }));
    await api.post(api.path('widgets.webhook.example.com'), widget('webhook.example.com', {})).expect(201);
    const refused = await api.get('/apis/webhook.example.com/v2/namespaces/default/widgets/w').expect(501);
    expect(refused.body.message).to.contain('conversion of custom resources by webhooks');
  });

  it('never stand in the place of built-in ones', async () => {
    const crd = definition('rbac.authorization.k8s.io', 'Role') as CustomResourceDefinition;
    const { name } = crd.metadata;
    crd.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, a test' };
    await api.post(DEFINITIONS, crd).expect(201);
    await established(name);
    expect((await condition(name, 'KubernetesAPIApprovalPolicyConformant'))?.reason).to.equal('UnapprovedAnnotation');
    const role = { metadata: { name: 'r' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] };
    await api.post(api.path(name), role).expect(201);
    await api.delete(`${DEFINITIONS}/${name}`).expect(200);
    await gone(name);
    await api.get(api.path(name, 'r')).expect(200);
  });
});

describe('custom resources of a restarted server', function () {
  this.timeout(30_000);

  it('are served at once, as they are stored', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'kubemu-test-'));
    try {
      const first = await startTestCluster({ components: API_ONLY, dataDir, memory: false });
      const api = new Api({ url: first.url, ...first.admin }, 'default');
      await api.post(DEFINITIONS, definition('kept.example.com', 'Widget')).expect(201);
      const path = api.path('widgets.kept.example.com');
      await eventually('the resource is served', async () => (await api.get(path)).status === 200);
      const { body } = await api.post(path, widget('kept.example.com', { a: 'x' })).expect(201);
      await first.close();
      const second = await startTestCluster({ components: API_ONLY, dataDir, memory: false });
      const again = await new Api({ url: second.url, ...second.admin }, 'default').get(`${path}/w`).expect(200);
      expect(again.body).to.deep.equal(body);
      await second.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

interface Widget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; finalizers?: string[] };
  readonly spec: object;
}

function widget(group: string, spec: object, name = 'w'): Widget {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec };
}
