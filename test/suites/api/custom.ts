import { expect } from 'chai';
import { eventually } from '../../helpers/cluster.js';
import { type Api, refused } from './session.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What is told about custom resources, found by comparing with the real server (test/differential). */
export function customConversations(use: () => Api): void {
  const group = (): string => `${use().namespace}.example.com`;
  const widgets = (...rest: string[]): string => use().path(`widgets.${group()}`, ...rest);
  const widget = (name: string, rest: object = {}) => ({ apiVersion: `${group()}/v1`, kind: 'Widget', metadata: { name }, ...rest });

  before(async () => {
    const api = use();
    const names = { plural: 'widgets', kind: 'Widget' };
    const spec = { group: group(), scope: 'Namespaced', names, versions: VERSIONS };
    await api.post(DEFINITIONS, { metadata: { name: `widgets.${group()}` }, spec }).expect(201);
    await eventually('widgets are served', async () => (await api.get(widgets())).status === 200);
  });
  after(async () => {
    await use().delete(`${DEFINITIONS}/widgets.${group()}`);
  });

  it('shows custom resources and lists of them with sorted fields', async () => {
    const api = use();
    const created = await api.post(widgets(), widget('sorted', { spec: { size: 1 } })).expect(201);
    expect(Object.keys(created.body)).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(Object.keys(created.body.metadata)).to.deep.equal(Object.keys(created.body.metadata).sort());
    const { body } = await api.get(`${widgets()}?fieldSelector=metadata.name%3Dsorted`).expect(200);
    expect(Object.keys(body)).to.deep.equal(['apiVersion', 'items', 'kind', 'metadata']);
    expect(Object.keys(body.items[0])).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
  });

  it('quotes a document that holds nothing as it came', async () => {
    for (const text of ['# x\n', '~', 'null'])
      refused(
        await use().post(widgets(), text).set('content-type', 'application/yaml'),
        400,
        'BadRequest',
        `the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '${text}' (${Buffer.from(text).toString('hex')})`,
      );
  });

  it('takes the owners from a write of wrong types, also where they do not matter', async () => {
    const api = use();
    await api.post(widgets(), widget('owned', { spec: { size: 1 } })).expect(201);
    const { metadata } = (await api.get(widgets('owned'))).body;
    const put = (part: string[], spec: unknown) =>
      api.put(`${widgets('owned', ...part)}?dryRun=All`, {
        ...widget('owned', { spec }),
        metadata: { ...metadata, managedFields: undefined },
      });
    const wrongAndForgotten = await put(['status'], 'x').expect(200);
    expect(wrongAndForgotten.body.metadata).to.not.have.property('managedFields');
    expect((await put(['status'], { size: 3 }).expect(200)).body.metadata.managedFields).to.have.length(1);
    const unowned = await api.patch(`${widgets('owned')}?dryRun=All`, 'merge-patch', { metadata: { managedFields: [] } }).expect(200);
    expect(unowned.body.metadata.managedFields, 'an empty list is none').to.have.length(1);
    // the type of a text with a format does not count
    const taken = await put([], { size: 1, day: ['x'] }).expect(200);
    expect(taken.body.metadata).to.not.have.property('managedFields');
    refused(await put([], { size: 1, ports: 7 }), 422, 'Invalid', /spec\.ports in body must be of type array: "integer"/);
  });

  it('owns what an open place has become, and not what was in it', async () => {
    const api = use();
    await api.post(widgets(), widget('open', { spec: { any: { a: { b: 1 } } } })).expect(201);
    const patch = (any: unknown) => api.patch(`${widgets('open')}?dryRun=All&fieldManager=other`, 'merge-patch', { spec: { any } });
    const owned = async (any: unknown) => {
      const { managedFields } = (await patch(any).expect(200)).body.metadata;
      const sets = managedFields as { manager: string; fieldsV1: { 'f:spec'?: { 'f:any'?: object } } }[];
      return sets.find(({ manager }) => manager === 'other')?.fieldsV1['f:spec']?.['f:any'];
    };
    expect(await owned({ a: 'x' })).to.deep.equal({ 'f:a': {} });
    expect(await owned({ a: { b: 1, c: 2 } })).to.deep.equal({ 'f:a': { 'f:c': {} } });
  });

  it('applies to custom resources: texts with formats are any scalars, metadata that cannot be read is absent', async () => {
    const api = use();
    const apply = (name: string, rest: object) => api.patch(`${widgets(name)}?dryRun=All&fieldManager=me`, 'apply-patch', rest);
    const told = await apply('applied', widget('applied', { spec: { day: ['x'] } }));
    expect(told.body.message).to.contain('.spec.day: expected any scalar, got &{[x]}');
    const open = await apply('applied', widget('applied', { spec: { any: 'x' } }));
    expect(open.body.message).to.contain('.spec.any: expected map, got &{x}');
    const inner = { apiVersion: null, kind: 'X' };
    refused(
      await apply('applied', widget('applied', { spec: { inner } })),
      422,
      'Invalid',
      /spec\.inner\.apiVersion: Invalid value: null: must be a string/,
    );
    refused(
      await apply('applied', widget('applied', { spec: { day: 7 } })),
      422,
      'Invalid',
      /spec\.day in body must be of type date: "int64"/,
    );
    const dated = { ...widget('applied'), metadata: { name: 'applied', creationTimestamp: 'yesterday' } };
    await apply('applied', dated).expect(201);
  });

  it('forgets what a dry run in another version says that is not stored', async () => {
    const api = use();
    const path = widgets().replace('/v1/', '/v1beta1/');
    const old = { ...widget('old', { spec: { size: 1, old: 'x' } }), apiVersion: `${group()}/v1beta1` };
    const { body } = await api.post(`${path}?dryRun=All`, old).expect(201);
    expect(body.spec).to.deep.equal({ size: 1 });
  });

  it('knows no paths behind a part, no method but its own, and asks for the language of a patch before the name', async () => {
    const api = use();
    await api.post(widgets(), widget('paths')).expect(201);
    expect((await api.get(widgets('paths', 'status', 'more')).expect(200)).body.kind).to.equal('Widget');
    const options = await api.raw('options', widgets());
    refused(options, 405, 'MethodNotAllowed', ` is not supported on resources of kind "widgets.${group()}"`);
    refused(await api.patch(widgets(), 'strategic-merge-patch', {}), 415, 'UnsupportedMediaType', /accepted media types include/);
    refused(await api.patch(widgets(), 'merge-patch', {}), 400, 'BadRequest', 'name must be provided');
  });

  it('keeps all metadata when the status is written, of whatever kind the body says it is', async () => {
    const api = use();
    await api.post(widgets(), widget('kept')).expect(201);
    const { metadata } = (await api.get(widgets('kept'))).body;
    const given = {
      apiVersion: `${group()}/v1`,
      kind: 'Other',
      metadata: { ...metadata, generateName: 'x', deletionGracePeriodSeconds: 7 },
    };
    const { body } = await api.put(`${widgets('kept', 'status')}?dryRun=All`, given).expect(200);
    expect(body.kind).to.equal('Widget');
    expect(body.metadata).to.not.have.any.keys('generateName', 'deletionGracePeriodSeconds');
    const nameless = await api.patch(`${widgets('kept')}?dryRun=All`, 'merge-patch', { kind: null });
    refused(nameless, 422, 'Invalid', /patch: Invalid value: "\{.*": Object 'Kind' is missing in '\{/);
    const unversioned = await api.put(widgets('kept'), { ...given, apiVersion: null });
    refused(unversioned, 400, 'BadRequest', /: \.apiVersion accessor error: <nil> is of the type <nil>, expected string$/);
    const nulled = [{ op: 'replace', path: '/apiVersion', value: null }];
    const told = /: \.apiVersion accessor error: <nil> is of the type <nil>, expected string$/;
    refused(await api.patch(`${widgets('kept')}?dryRun=All`, 'json-patch', nulled), 422, 'Invalid', told);
    const versionless = await api.patch(`${widgets('kept')}?dryRun=All`, 'merge-patch', { apiVersion: null });
    refused(versionless, 500, 'InternalError', /Object 'apiVersion' is missing in 'object has no apiVersion field'$/);
    const listed = await api.get(widgets('kept'), 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1').expect(500);
    expect(listed.body.message).to.equal('content is not a list');
  });

  it('takes a null that is applied to an open place for nothing, and an integer or text for anything', async () => {
    const api = use();
    await api.post(widgets(), widget('null', { spec: { any: { a: { b: 1 } } } })).expect(201);
    const apply = (spec: object) =>
      api.patch(`${widgets('null')}?dryRun=All&fieldManager=me&force=true`, 'apply-patch', widget('null', { spec }));
    expect((await apply({ any: { a: null } }).expect(200)).body.spec.any).to.deep.equal({ a: { b: 1 } });
    refused(await apply({ share: {} }), 422, 'Invalid', /spec\.share in body must be of type integer,string: "object"/);
  });

  it('tells a scale that it cannot read in one way, and shows what stands where a number should as Go does', async () => {
    const api = use();
    await api.post(widgets(), widget('scaled', { spec: { size: 1 } })).expect(201);
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas: 'x' } };
    const told = 'no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"';
    refused(await api.put(widgets('scaled', 'scale'), scale), 400, 'BadRequest', told);
    const wrong = await api.patch(widgets('scaled'), 'merge-patch', { spec: { size: { a: 1 } } });
    expect(wrong.body.message).to.contain('.spec.size accessor error: map[] is of the type map[string]interface {}, expected int64');
    const idle = await api.patch(widgets('scaled'), 'merge-patch', { spec: { size: 0 } });
    expect(idle.status).to.equal(200);
    const table = await api.get(widgets('scaled', 'scale'), 'application/json;as=Table;g=meta.k8s.io;v=v1').expect(200);
    expect(table.body.rows[0].cells.slice(0, 3)).to.deep.equal(['scaled', null, 0]);
  });

  it('shows the metadata of an embedded object that cannot be read with sorted fields', async () => {
    const inner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'in', labels: 7 } };
    const answer = await use().post(widgets(), widget('embedding', { spec: { inner } }));
    refused(
      answer,
      400,
      'BadRequest',
      /spec\.inner\.metadata: Invalid value: \{"labels":7,"name":"in"\}: json: cannot unmarshal number into/,
    );
  });

  it('looks at alternatives of a schema without regard to the old value', async () => {
    const api = use();
    await api.post(widgets(), widget('one', { spec: { one: { a: 1, c: 6 } } })).expect(201);
    const answer = await api.patch(widgets('one'), 'merge-patch', { spec: { one: { a: 'x' } } });
    refused(
      answer,
      422,
      'Invalid',
      /is invalid: spec\.one\.a: Invalid value: "string": spec\.one\.a in body must be of type integer: "string"$/,
    );
  });
}

const VERSIONS = [
  {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              size: { type: 'integer' },
              share: { 'x-kubernetes-int-or-string': true },
              inner: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
              day: { type: 'string', format: 'date' },
              any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              ports: {
                type: 'array',
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['port'],
                items: { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } },
              },
              one: {
                type: 'object',
                properties: { a: { type: 'integer' }, c: { type: 'integer' } },
                not: { properties: { c: { maximum: 5 } }, required: ['c'] },
              },
            },
          },
          status: { type: 'object', properties: { ready: { type: 'boolean' } } },
        },
      },
    },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
  },
  {
    name: 'v1beta1',
    served: true,
    storage: false,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' }, old: { type: 'string', default: 'o' } } } },
      },
    },
  },
];
