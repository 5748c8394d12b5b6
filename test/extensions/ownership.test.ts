// Custom resources as owners and dependents, from the moment on at which they are served.
import { expect } from 'chai';
import { configmaps } from '../../src/api/meta/resources.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api, type Seen } from '../suites/api/session.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** Long before the next look that anything would take by the clock. */
const SOON = 5_000;

describe('custom resources that own', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let api: Api;
  let count = 0;
  before(async () => {
    cluster = await startTestCluster({ components: { scheduler: false, nodes: false } });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
  });
  after(() => cluster.close());

  /** Defines a kind nobody knows yet. @returns the path of its objects */
  async function define(): Promise<{ path: string; definition: string; kind: string; apiVersion: string }> {
    const group = `fresh${++count}.dev`;
    const schema = { openAPIV3Schema: { type: 'object' } };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const spec = { group, scope: 'Namespaced', names: { plural: 'owners', kind: 'Owner' }, versions };
    await api.post(DEFINITIONS, { metadata: { name: `owners.${group}` }, spec }).expect(201);
    const path = api.path(`owners.${group}`);
    await eventually('the kind is served', async () => (await api.get(path)).status === 200);
    return { path, definition: `${DEFINITIONS}/owners.${group}`, kind: 'Owner', apiVersion: `${group}/v1` };
  }
  const make = async ({ path, kind, apiVersion }: Awaited<ReturnType<typeof define>>, name: string) => {
    const { body } = await api.post(path, { kind, apiVersion, metadata: { name } }).expect(201);
    return { kind, apiVersion, name, uid: (body as Seen).metadata.uid, blockOwnerDeletion: true };
  };
  const left = async () => (await cluster.client.list(configmaps, { namespace: 'default' })).items.map((c) => c.metadata.name);
  const collected = (name: string) => eventually(`${name} is collected`, async () => !(await left()).includes(name), SOON);
  const own = (name: string, owner: object) => api.create('configmaps', { metadata: { name, ownerReferences: [owner] } });

  it('take what they own with them at once, in whatever order things happened', async () => {
    const fresh = await define();
    const owner = await make(fresh, 'first');
    await own('owned', owner);
    await api.delete(`${fresh.path}/first`).expect(200);
    await collected('owned');
    await own('late', owner);
    await collected('late');
  });

  it('wait for what they own when deleted in the foreground', async () => {
    const fresh = await define();
    await own('blocking', await make(fresh, 'patient'));
    await api.delete(`${fresh.path}/patient`, { propagationPolicy: 'Foreground' }).expect(200);
    await collected('blocking');
    await eventually('the owner is gone', async () => (await api.get(`${fresh.path}/patient`)).status === 404, SOON);
  });

  it('take what they own with them when their definition is deleted', async () => {
    const fresh = await define();
    for (const name of ['a', 'b', 'c']) await own(`of-${name}`, await make(fresh, name));
    await api.delete(fresh.definition).expect(200);
    for (const name of ['a', 'b', 'c']) await collected(`of-${name}`);
    expect(await left()).to.deep.equal(['kube-root-ca.crt']);
  });
});
