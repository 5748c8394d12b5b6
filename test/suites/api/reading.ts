import { expect } from 'chai';
import { type Api, refused, type Seen } from './session.js';

const names = (list: Seen) => (list.items ?? []).map((item) => item.metadata.name);

/** Lists, pieces of lists, watches, tables and metadata. */
export function readingConversations(use: () => Api): void {
  before(async () => {
    const api = use();
    for (const [name, labels] of [
      ['list-a', { set: 'one', tier: 'front' }],
      ['list-b', { set: 'one', tier: 'back' }],
      ['list-c', { set: 'one' }],
    ] as const)
      await api.configMap(name, { of: name }, labels);
  });

  it('lists in the order of names what selectors pick', async () => {
    const api = use();
    const list = async (query: string) => (await api.get(`${api.path('configmaps')}?${query}`).expect(200)).body as Seen;
    expect(names(await list('labelSelector=set=one'))).to.deep.equal(['list-a', 'list-b', 'list-c']);
    expect(names(await list('labelSelector=set,tier%20in%20(front,side)'))).to.deep.equal(['list-a']);
    expect(names(await list('labelSelector=set=one,!tier'))).to.deep.equal(['list-c']);
    expect(names(await list('labelSelector=set=one,tier!=front'))).to.deep.equal(['list-b', 'list-c']);
    expect(names(await list('fieldSelector=metadata.name=list-b'))).to.deep.equal(['list-b']);
    const [item] = (await list('fieldSelector=metadata.name=list-b')).items ?? [];
    expect(item, 'items do not say their kind').to.not.have.any.keys('kind', 'apiVersion');
    refused(await api.get(`${api.path('configmaps')}?labelSelector=a%20b`), 400, 'BadRequest', /^unable to parse requirement: /);
    refused(
      await api.get(`${api.path('configmaps')}?fieldSelector=data=x`),
      400,
      'BadRequest',
      /^"data" is not a known field selector: only "metadata\.name", "metadata\.namespace"$/,
    );
  });

  it('gives a list in pieces that are one snapshot', async () => {
    const api = use();
    const page = async (query: string) =>
      (await api.get(`${api.path('configmaps')}?labelSelector=set=one&limit=2${query}`).expect(200)).body as Seen;
    const first = await page('');
    expect(names(first)).to.deep.equal(['list-a', 'list-b']);
    expect(first.metadata.continue).to.be.a('string');
    await api.configMap('list-bb', {}, { set: 'one' });
    const second = await page(`&continue=${encodeURIComponent(first.metadata.continue ?? '')}`);
    expect(names(second), 'what came later is not in it').to.deep.equal(['list-c']);
    expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
    expect(second.metadata).to.not.have.any.keys('continue', 'remainingItemCount');
    const past = await api.get(
      `${api.path('configmaps')}?labelSelector=set=one&resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(names(past.body as Seen)).to.deep.equal(['list-a', 'list-b', 'list-c']);
    refused(await api.get(`${api.path('configmaps')}?limit=2&continue=rubbish`), 400, 'BadRequest', /continue key is not valid/);
    refused(
      await api.get(`${api.path('configmaps')}?resourceVersionMatch=Exact`),
      422,
      'Invalid',
      /resourceVersionMatch is forbidden unless resourceVersion is provided/,
    );
  });

  it('replays to a watch what happened since a version', async () => {
    const api = use();
    const { metadata } = await api.configMap('seen', { a: '1' }, { watched: 'yes' });
    await api.patch(api.path('configmaps', 'seen'), 'merge-patch', { data: { a: '2' } }).expect(200);
    await api.patch(api.path('configmaps', 'seen'), 'merge-patch', { metadata: { labels: { watched: null } } }).expect(200);
    await api.patch(api.path('configmaps', 'seen'), 'merge-patch', { metadata: { labels: { watched: 'yes' } } }).expect(200);
    await api.delete(api.path('configmaps', 'seen')).expect(200);
    const from = { resourceVersion: metadata.resourceVersion };
    const all = await api.watch(api.path('configmaps'), { ...from, fieldSelector: 'metadata.name=seen' });
    expect(all.map((e) => e.type)).to.deep.equal(['MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED']);
    const versions = all.map((e) => Number(e.object.metadata.resourceVersion));
    expect(versions).to.deep.equal([...versions].sort((a, b) => a - b));
    const selected = await api.watch(api.path('configmaps'), { ...from, labelSelector: 'watched=yes' });
    expect(
      selected.map((e) => e.type),
      'leaving a selection is a deletion, entering it an addition',
    ).to.deep.equal(['MODIFIED', 'DELETED', 'ADDED', 'DELETED']);
    expect(selected[1]?.object.metadata.labels, 'as it was when it was last in it').to.deep.equal({ watched: 'yes' });
  });

  it('begins a watch with what is there, and says when that was all', async () => {
    const api = use();
    const events = await api.watch(api.path('configmaps'), {
      labelSelector: 'set=one',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    });
    const end = events.findIndex((e) => e.type === 'BOOKMARK');
    expect(events.slice(0, end).map((e) => `${e.type} ${e.object.metadata.name}`)).to.deep.equal(
      ['list-a', 'list-b', 'list-bb', 'list-c'].map((name) => `ADDED ${name}`),
    );
    const { object } = events[end] ?? {};
    expect(object).to.have.nested.property('metadata.annotations').that.deep.equals({ 'k8s.io/initial-events-end': 'true' });
    const older = await api.watch(api.path('configmaps'), { labelSelector: 'set=one' });
    expect(older.filter((e) => e.type === 'ADDED')).to.have.length(4);
    for (const resourceVersion of ['', '0']) {
      const legacy = await api.watch(api.path('configmaps'), { labelSelector: 'set=one', allowWatchBookmarks: 'true', resourceVersion });
      const { object: last } = legacy.find((e) => e.type === 'BOOKMARK') ?? {};
      expect(last, `of revision ${resourceVersion}`).to.have.nested.property('metadata.annotations');
    }
  });

  it('refuses a version that is none, and one that is still to come', async () => {
    const api = use();
    refused(await api.get(`${api.path('configmaps')}?resourceVersion=abc`), 400, 'BadRequest', /Invalid value/);
    const future = await api.get(`${api.path('configmaps', 'list-a')}?resourceVersion=900000000000`);
    refused(future, 504, 'Timeout', /^Timeout: Too large resource version: 900000000000, current: \d+$/);
  });

  it('ends a watch with what is wrong with its revision', async () => {
    const api = use();
    const [old] = await api.watch(api.path('configmaps'), { resourceVersion: '1' });
    expect(old?.type).to.equal('ERROR');
    const inOrder = ['kind', 'apiVersion', 'metadata', 'status', 'message', 'reason', 'code'];
    expect(Object.keys(old?.object ?? {})).to.deep.equal(inOrder);
    expect(old?.object).to.include({ reason: 'Expired', code: 410 });
    const [future] = await api.watch(api.path('configmaps'), {
      resourceVersion: '900000000000',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: '5',
    });
    expect(future?.type).to.equal('ERROR');
    expect(future?.object).to.include({ reason: 'Timeout', code: 504 });
  });

  it('marks the place in a watch with what every object of the kind has', async () => {
    const api = use();
    const bookmark = async (resource: string) =>
      (await api.watch(api.path(resource), { allowWatchBookmarks: 'true', fieldSelector: 'metadata.name=none' }))[0]?.object;
    expect(await bookmark('deployments.apps')).to.have.nested.property('spec.replicas', 0);
    const annotations = { 'deprecated.daemonset.template.generation': '0', 'k8s.io/initial-events-end': 'true' };
    expect(await bookmark('daemonsets.apps'))
      .to.have.nested.property('metadata.annotations')
      .that.deep.equals(annotations);
    expect(await bookmark('replicationcontrollers')).to.not.have.nested.property('spec.replicas');
  });

  it('prints tables and bare metadata', async () => {
    const api = use();
    const table = await api
      .get(`${api.path('configmaps')}?labelSelector=set=one`, 'application/json;as=Table;v=v1;g=meta.k8s.io')
      .expect(200);
    expect(table.body.kind).to.equal('Table');
    expect(table.body.columnDefinitions.map((c: { name: string }) => c.name)).to.deep.equal(['Name', 'Data', 'Age']);
    expect(table.body.rows.map((r: { cells: unknown[] }) => r.cells.slice(0, 2))).to.deep.equal([
      ['list-a', 1],
      ['list-b', 1],
      ['list-bb', 0],
      ['list-c', 1],
    ]);
    const metadata = await api
      .get(api.path('configmaps', 'list-a'), 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')
      .expect(200);
    expect(metadata.body).to.include({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }).and.not.have.property('data');
    refused(
      await api.get(api.path('configmaps'), 'text/csv'),
      406,
      'NotAcceptable',
      /^406: Not Acceptable\n\nAvailable representations: application\/json, /,
    );
  });

  it('describes itself', async () => {
    const api = use();
    const { body: version } = await api.get('/version').expect(200);
    expect(version).to.include({ major: '1', minor: '36' });
    const { body: groups } = await api.get('/apis/apps').expect(200);
    expect(groups).to.deep.include({ kind: 'APIGroup', name: 'apps', preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } });
    const { body: core } = await api.get('/api/v1').expect(200);
    expect(core.resources.find((r: { name: string }) => r.name === 'pods')).to.deep.include({
      kind: 'Pod',
      namespaced: true,
      singularName: 'pod',
      shortNames: ['po'],
      categories: ['all'],
    });
    expect((await api.get('/readyz')).text).to.equal('ok');
    const openapi = JSON.parse((await api.get('/openapi/v3').expect(200)).text) as { paths: object };
    expect(openapi.paths).to.have.property('apis/apps/v1');
  });
}
