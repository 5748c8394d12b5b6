// What a cluster puts right when it starts again. Each expectation is what kube-apiserver v1.36 did to the same changes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Resource } from '../../src/api/meta/object.js';
import {
  apiservices,
  clusterrolebindings,
  clusterroles,
  configmaps,
  endpoints,
  priorityclasses,
  rolebindings,
  roles,
} from '../../src/api/meta/resources.gen.js';
import type { Client } from '../../src/client/client.js';
import { makeAuthority } from '../../src/server/certificates.js';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const cluster = (name: string) => ({ namespace: '', name });
const system = (name: string) => ({ namespace: 'kube-system', name });
const TRACKING = system('kube-apiserver-legacy-service-account-token-tracking');
const AUTHENTICATION = system('extension-apiserver-authentication');
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** By uid. */
type Revisions = Record<string, string | undefined>;

describe('a cluster that starts again', () => {
  let dataDir: string;
  let authority: string;
  let wanted: Revisions;
  let changed: Revisions;
  let found: Revisions;
  let again: TestCluster;

  async function state(client: Client): Promise<Revisions> {
    const lists = await Promise.all(
      [clusterroles, clusterrolebindings, roles, rolebindings, apiservices].map((r) => client.list(r as Resource)),
    );
    return Object.fromEntries(lists.flatMap(({ items }) => items.map((o) => [o.metadata.uid ?? '', o.metadata.resourceVersion])));
  }

  async function change(client: Client): Promise<void> {
    const merge = (body: unknown) => ({ type: 'merge', body }) as const;
    const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
    await client.patch(
      clusterroles,
      cluster('system:basic-user'),
      merge({ rules, metadata: { labels: null, annotations: { own: 'yes' } } }),
    );
    await client.patch(clusterroles, cluster('system:discovery'), merge({ rules, metadata: { annotations: { [AUTO_UPDATE]: 'false' } } }));
    await client.patch(
      clusterroles,
      cluster('view'),
      merge({ aggregationRule: { clusterRoleSelectors: [{ matchLabels: { own: 'yes' } }] } }),
    );
    await client.patch(clusterroles, cluster('system:node-proxier'), merge({ aggregationRule: { clusterRoleSelectors: [{}] } }));
    const own = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'somebody' };
    await client.patch(clusterrolebindings, cluster('system:basic-user'), merge({ subjects: [own] }));
    const other = await client.get(clusterrolebindings, cluster('system:discovery'));
    await client.delete(clusterrolebindings, cluster('system:discovery'));
    const { labels, annotations } = other.metadata;
    const roleRef = { ...other.roleRef, name: 'view' };
    await client.create(clusterrolebindings, { metadata: { name: 'system:discovery', labels, annotations }, subjects: [own], roleRef });
    await client.delete(roles, system('system::leader-locking-kube-scheduler'));
    await client.patch(apiservices, cluster('v1.apps'), merge({ spec: { versionPriority: 99 } }));
    await client.patch(apiservices, cluster('v1.batch'), merge({ metadata: { labels: null }, spec: { versionPriority: 99 } }));
    await client.patch(priorityclasses, cluster('system-node-critical'), merge({ description: 'mine' }));
    await client.patch(configmaps, TRACKING, merge({ data: { since: 'long ago', more: 'x' } }));
    const { data } = await client.get(configmaps, AUTHENTICATION);
    await client.patch(configmaps, AUTHENTICATION, merge({ data: { 'client-ca-file': data?.['client-ca-file'] + authority, more: 'x' } }));
    await client.patch(endpoints, { namespace: 'default', name: 'kubernetes' }, merge({ metadata: { labels: { own: 'yes' } } }));
  }

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'kubemu-again-'));
    authority = (await makeAuthority('other', 1)).cert;
    const first = await startTestCluster({ components: API_ONLY, memory: false, dataDir });
    wanted = await state(first.client);
    await change(first.client);
    changed = await state(first.client);
    await first.close();
    again = await startTestCluster({ components: API_ONLY, memory: false, dataDir });
    found = await state(again.client);
  });
  after(async () => {
    await again?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('writes nothing that is right', () => {
    const same = Object.keys(changed).filter((uid) => found[uid] === changed[uid]);
    const made = Object.keys(wanted).filter((uid) => changed[uid] === wanted[uid]);
    expect(made.length).to.be.greaterThan(140);
    expect(same).to.include.members(made);
  });

  it('gives a role what it lacks, and leaves it the rest', async () => {
    const { metadata, rules = [] } = await again.client.get(clusterroles, cluster('system:basic-user'));
    expect(metadata.labels).to.deep.equal({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
    expect(metadata.annotations).to.deep.equal({ own: 'yes', [AUTO_UPDATE]: 'true' });
    expect(rules).to.deep.equal([
      { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'] },
      { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectrulesreviews'] },
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
    ]);
  });

  it('leaves a role alone that says so', async () => {
    expect((await again.client.get(clusterroles, cluster('system:discovery'))).rules).to.have.length(1);
  });

  it('gives a gathering role its selectors, and takes them from one that should have none', async () => {
    const { aggregationRule } = await again.client.get(clusterroles, cluster('view'));
    expect(aggregationRule?.clusterRoleSelectors).to.deep.equal([
      { matchLabels: { own: 'yes' } },
      { matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    ]);
    expect((await again.client.get(clusterroles, cluster('system:node-proxier'))).aggregationRule).to.equal(undefined);
  });

  it('adds subjects to a binding, and makes one anew that is about another role', async () => {
    const { subjects } = await again.client.get(clusterrolebindings, cluster('system:basic-user'));
    expect(subjects?.map(({ name }) => name)).to.deep.equal(['somebody', 'system:authenticated']);
    const anew = await again.client.get(clusterrolebindings, cluster('system:discovery'));
    expect(anew.roleRef.name).to.equal('system:discovery');
    expect(anew.subjects?.map(({ name }) => name)).to.deep.equal(['system:authenticated']);
    expect(changed).to.not.have.property(anew.metadata.uid ?? '');
  });

  it('makes deleted roles again', async () => {
    await again.client.get(roles, system('system::leader-locking-kube-scheduler'));
  });

  it('gives an APIService its spec unless its label is gone', async () => {
    expect((await again.client.get(apiservices, cluster('v1.apps'))).spec.versionPriority).to.equal(15);
    expect((await again.client.get(apiservices, cluster('v1.batch'))).spec.versionPriority).to.equal(99);
  });

  it('leaves priority classes and the labels of endpoints', async () => {
    expect((await again.client.get(priorityclasses, cluster('system-node-critical'))).description).to.equal('mine');
    expect((await again.client.get(endpoints, { namespace: 'default', name: 'kubernetes' })).metadata.labels).to.deep.equal({
      own: 'yes',
      'endpointslice.kubernetes.io/skip-mirror': 'true',
    });
  });

  it('dates the tracking of tokens, and keeps the authorities of others', async () => {
    expect((await again.client.get(configmaps, TRACKING)).data).to.deep.equal({ since: new Date().toISOString().slice(0, 10), more: 'x' });
    const { data = {} } = await again.client.get(configmaps, AUTHENTICATION);
    expect(Object.keys(data)).to.deep.equal(['client-ca-file']);
    expect(data['client-ca-file']).to.include(authority.trim());
    expect(data['client-ca-file']?.match(/BEGIN/g)).to.have.length(2);
  });
});
