import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  configmaps,
  endpoints,
  endpointslices,
  flowschemas,
  ipaddresses,
  namespaces,
  servicecidrs,
  services,
} from '../../src/api/meta/resources.gen.js';
import { makeAuthority } from '../../src/server/certificates.js';
import { VirtualClock } from '../../src/util/clock.js';
import { API_ONLY, eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';

const KUBERNETES = { namespace: 'default', name: 'kubernetes' };

describe('the objects of every cluster', () => {
  const clock = new VirtualClock(Date.now());
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, clock, serviceClusterIPRanges: ['10.7.0.0/24', 'fd07::/112'] });
  });
  after(() => cluster?.close());

  it('are made with the ranges of the cluster', async () => {
    expect((await cluster.client.get(servicecidrs, { namespace: '', name: 'kubernetes' })).spec.cidrs).to.deep.equal([
      '10.7.0.0/24',
      'fd07::/112',
    ]);
    expect((await cluster.client.get(services, KUBERNETES)).spec.clusterIPs).to.deep.equal(['10.7.0.1']);
    const { parentRef } = (await cluster.client.get(ipaddresses, { namespace: '', name: '10.7.0.1' })).spec;
    expect(parentRef).to.deep.equal({ resource: 'services', ...KUBERNETES });
  });

  it('come back when the service kubernetes is deleted', async () => {
    await cluster.client.delete(services, KUBERNETES);
    await cluster.client.delete(endpointslices, KUBERNETES);
    await clock.advance(10_000);
    await eventually('the service', () => cluster.client.get(services, KUBERNETES));
    await eventually('its endpoints', () => cluster.client.get(endpoints, KUBERNETES));
    await eventually('its slice', () => cluster.client.get(endpointslices, KUBERNETES));
  });

  it('come back when a namespace of the system is deleted', async () => {
    await cluster.client.delete(namespaces, { namespace: '', name: 'kube-node-lease' });
    const gone = await cluster.client.get(namespaces, { namespace: '', name: 'kube-node-lease' });
    await cluster.client.update(namespaces, { ...gone, spec: { finalizers: [] } }, { subresource: 'finalize' });
    await clock.advance(60_000);
    await eventually('the namespace', async () => {
      const { metadata } = await cluster.client.get(namespaces, { namespace: '', name: 'kube-node-lease' });
      return metadata.uid !== gone.metadata.uid;
    });
  });

  it('tells components whose certificates are believed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kubemu-bootstrap-'));
    const clientCAFile = join(directory, 'other.crt');
    const { cert } = await makeAuthority('other', 1);
    await writeFile(clientCAFile, cert);
    const own = await startTestCluster({ clientCAFile, components: API_ONLY });
    try {
      const { data } = await own.client.get(configmaps, { namespace: 'kube-system', name: 'extension-apiserver-authentication' });
      // as in a bundle: each ends with its own line
      const authorities = data?.['client-ca-file']?.match(/-----BEGIN CERTIFICATE-----\n[^-]+\n-----END CERTIFICATE-----\n/g) ?? [];
      expect(authorities.map((pem) => new X509Certificate(pem).subject)).to.deep.equal(['CN=kubemu', 'CN=other']);
    } finally {
      await own.close();
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('come back as they were when a FlowSchema of the server is changed or deleted', async () => {
    const key = (name: string) => ({ namespace: '', name });
    const made = await cluster.client.get(flowschemas, key('service-accounts'));
    const change = { type: 'merge', body: { spec: { matchingPrecedence: 7 } } } as const;
    await cluster.client.patch(flowschemas, key('service-accounts'), change);
    await cluster.client.delete(flowschemas, key('global-default'));
    await clock.advance(60_000);
    await eventually('the deleted one', () => cluster.client.get(flowschemas, key('global-default')));
    await eventually('the changed one', async () => {
      const { spec } = await cluster.client.get(flowschemas, key('service-accounts'));
      return spec.matchingPrecedence === made.spec.matchingPrecedence;
    });
  });
});
