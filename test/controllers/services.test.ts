import { expect } from 'chai';
import { endpoints, endpointslices, events, namespaces, nodes, pods, services } from '../../src/api/meta/resources.gen.js';
import type { Endpoints, Node, Pod, Service } from '../../src/api/types/core-v1.gen.js';
import type { EndpointSlice } from '../../src/api/types/discovery-v1.gen.js';
import { timestamp } from '../../src/util/clock.js';
import { World } from './world.js';

describe('endpoints of services', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['endpoint', 'endpointslice', 'endpointslicemirroring']);
    await world.client.create<Node>(nodes, { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
  });
  afterEach(() => world.stop());

  const addService = (name: string, spec: Partial<Service['spec']>, labels?: Record<string, string>) =>
    world.client.create<Service>(services, { metadata: { name, namespace: 'default', labels }, spec });
  const addPod = async (name: string, ip: string, ready = true, spec: Partial<Pod['spec']> = {}) => {
    const pod = await world.client.create<Pod>(pods, {
      metadata: { name, namespace: 'default', labels: { app: 'web' } },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] }],
        ...spec,
      },
    });
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestamp(world.clock.now()) }];
    return world.client.update<Pod>(
      pods,
      { ...pod, status: { ...pod.status, phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions } },
      { subresource: 'status' },
    );
  };
  const slicesOf = async (name: string): Promise<EndpointSlice[]> =>
    (await world.list(endpointslices)).filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === name);
  const http = { selector: { app: 'web' }, ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' as const }] };

  it('are the ready pods, and apart from them those not ready', async () => {
    await addService('web', http, { team: 'blue' });
    const a = await addPod('a', '10.0.0.1');
    await addPod('b', '10.0.0.2', false);
    await world.eventually(async () => {
      const found = await world.get(endpoints, 'web');
      const target = { kind: 'Pod', namespace: 'default', name: 'a', uid: a.metadata.uid };
      expect(found.subsets).to.have.length(1);
      expect(found.subsets?.[0]?.addresses).to.deep.equal([{ ip: '10.0.0.1', nodeName: 'n1', targetRef: target }]);
      expect(found.subsets?.[0]?.notReadyAddresses?.map((x) => x.ip)).to.deep.equal(['10.0.0.2']);
      expect(found.subsets?.[0]?.ports).to.deep.equal([{ name: 'web', port: 8080, protocol: 'TCP' }]);
      expect(found.metadata.labels).to.deep.equal({ team: 'blue', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    });
    const [slice] = await world.eventually(async () => {
      const found = await slicesOf('web');
      expect(found[0]?.endpoints).to.have.length(2);
      return found;
    });
    expect(slice).to.deep.include({ addressType: 'IPv4', ports: [{ name: 'web', port: 8080, protocol: 'TCP' }] });
    expect(slice?.metadata.name).to.match(/^web-[a-z0-9]{5}$/);
    expect(slice?.metadata.labels).to.deep.equal({
      team: 'blue',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    expect(slice?.endpoints?.find((e) => e.addresses[0] === '10.0.0.1')).to.deep.equal({
      addresses: ['10.0.0.1'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'n1',
      zone: 'z1',
      targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: a.metadata.uid },
    });
    expect(slice?.endpoints?.find((e) => e.addresses[0] === '10.0.0.2')?.conditions).to.deep.equal({
      ready: false,
      serving: false,
      terminating: false,
    });
  });

  it('follow pods as they change and go', async () => {
    await addService('web', http);
    await addPod('a', '10.0.0.1', false);
    await world.eventually(async () => expect((await world.get(endpoints, 'web')).subsets?.[0]?.notReadyAddresses).to.have.length(1));
    const pod = await world.get(pods, 'a');
    await world.clock.advance(5_000);
    const now = timestamp(world.clock.now());
    await world.client.update<Pod>(
      pods,
      { ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }] } },
      { subresource: 'status' },
    );
    await world.eventually(async () => {
      expect((await world.get(endpoints, 'web')).subsets?.[0]?.addresses).to.have.length(1);
      expect((await slicesOf('web'))[0]?.endpoints?.[0]?.conditions?.ready).to.equal(true);
    });
    expect((await world.get(endpoints, 'web')).metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']).to.equal(now);
    await world.client.delete(pods, { namespace: 'default', name: 'a' });
    await world.eventually(async () => {
      expect((await slicesOf('web'))[0]?.endpoints?.[0]?.conditions).to.deep.equal({ ready: false, serving: true, terminating: true });
      expect((await world.get(endpoints, 'web')).subsets).to.equal(undefined);
    });
    await world.client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await world.eventually(async () => expect((await slicesOf('web'))[0]?.endpoints ?? []).to.have.length(0));
  });

  it('are there, empty, for a service without pods; and go with the service', async () => {
    await addService('web', http);
    await world.eventually(async () => {
      expect((await world.get(endpoints, 'web')).subsets).to.equal(undefined);
      const [slice] = await slicesOf('web');
      expect(slice?.endpoints ?? []).to.deep.equal([]);
      expect(slice?.metadata.ownerReferences?.[0]).to.deep.include({ kind: 'Service', name: 'web' });
    });
    await world.client.delete(services, { namespace: 'default', name: 'web' });
    await world.eventually(async () => expect(await world.list(endpoints)).to.deep.equal([]));
  });

  it('of a headless service have a label, and host names of pods that ask for one', async () => {
    await addService('web', { ...http, clusterIP: 'None' });
    await addPod('a', '10.0.0.1', true, { hostname: 'first', subdomain: 'web' });
    await world.eventually(async () => {
      const found = await world.get(endpoints, 'web');
      expect(found.metadata.labels).to.have.property('service.kubernetes.io/headless', '');
      expect(found.subsets?.[0]?.addresses?.[0]?.hostname).to.equal('first');
      expect((await slicesOf('web'))[0]?.endpoints?.[0]?.hostname).to.equal('first');
      expect((await slicesOf('web'))[0]?.metadata.labels).to.have.property('service.kubernetes.io/headless', '');
    });
  });

  it('count pods as ready where the service says so', async () => {
    await addService('web', { ...http, publishNotReadyAddresses: true });
    await addPod('a', '10.0.0.1', false);
    await world.eventually(async () => {
      expect((await world.get(endpoints, 'web')).subsets?.[0]?.addresses).to.have.length(1);
      expect((await slicesOf('web'))[0]?.endpoints?.[0]?.conditions).to.deep.include({ ready: true, serving: false });
    });
  });

  it('leave out pods without the port, without address, and finished ones', async () => {
    await addService('web', http);
    await addPod('portless', '10.0.0.1', true, { containers: [{ name: 'main', image: 'x' }] });
    await world.client.create<Pod>(pods, {
      metadata: { name: 'new', namespace: 'default', labels: { app: 'web' } },
      spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'x' }] },
    });
    const done = await addPod('done', '10.0.0.3');
    await world.client.update<Pod>(pods, { ...done, status: { ...done.status, phase: 'Succeeded' } }, { subresource: 'status' });
    await addPod('good', '10.0.0.4');
    await world.eventually(async () => {
      const { subsets } = await world.get(endpoints, 'web');
      expect(subsets?.flatMap((s) => [...(s.addresses ?? []), ...(s.notReadyAddresses ?? [])].map((a) => a.ip))).to.deep.equal([
        '10.0.0.4',
      ]);
    });
  });

  it('say where traffic should come from when the service prefers what is near', async () => {
    await addService('web', { ...http, trafficDistribution: 'PreferSameNode' });
    await addPod('a', '10.0.0.1');
    await world.eventually(async () =>
      expect((await slicesOf('web'))[0]?.endpoints?.[0]?.hints).to.deep.equal({ forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] }),
    );
  });

  it('are spread over slices of a hundred, without a write too many', async () => {
    await addService('web', http);
    for (let i = 0; i < 120; i++) await addPod(`p${i}`, `10.0.1.${i}`);
    const sizes = async () => (await slicesOf('web')).map((s) => s.endpoints?.length ?? 0).sort((a, b) => a - b);
    await world.eventually(async () => expect(await sizes()).to.deep.equal([20, 100]));
    await world.settle();
    const versions = (await slicesOf('web')).map((s) => s.metadata.resourceVersion);
    await world.clock.advance(60_000);
    await world.settle();
    expect((await slicesOf('web')).map((s) => s.metadata.resourceVersion)).to.deep.equal(versions);
    const ips = (await slicesOf('web')).flatMap((s) => s.endpoints?.map((e) => e.addresses[0]) ?? []);
    expect(new Set(ips).size).to.equal(120);
  });

  it('are left to their owner where the service selects nothing, and mirrored into slices', async () => {
    await addService('db', { ports: [{ port: 5432, protocol: 'TCP' }] });
    const written = await world.client.create<Endpoints>(endpoints, {
      metadata: { name: 'db', namespace: 'default', labels: { tier: 'db' } },
      subsets: [
        {
          addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
          notReadyAddresses: [{ ip: '192.0.2.2' }],
          ports: [{ port: 5432, protocol: 'TCP' }],
        },
      ],
    });
    const found = await world.eventually(async () => {
      const list = await slicesOf('db');
      expect(list.map((s) => s.addressType).sort()).to.deep.equal(['IPv4', 'IPv6']);
      return list;
    });
    const v4 = found.find((s) => s.addressType === 'IPv4');
    expect(v4?.metadata.labels).to.deep.equal({
      tier: 'db',
      'kubernetes.io/service-name': 'db',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    expect(v4?.metadata.ownerReferences?.[0]).to.deep.include({ kind: 'Endpoints', uid: written.metadata.uid });
    expect(v4?.endpoints?.map((e) => [e.addresses[0], e.conditions?.ready])).to.deep.equal([
      ['192.0.2.1', true],
      ['192.0.2.2', false],
    ]);
    expect((await world.get(endpoints, 'db')).metadata.resourceVersion).to.equal(written.metadata.resourceVersion);
    await world.client.patch(
      endpoints,
      { namespace: 'default', name: 'db' },
      { type: 'merge', body: { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } } },
    );
    await world.eventually(async () => expect(await slicesOf('db')).to.deep.equal([]));
  });

  it('are not made in a namespace on its way out, and nobody complains', async () => {
    await world.client.create(namespaces, { metadata: { name: 'doomed' } });
    await world.client.create<Service>(services, { metadata: { name: 'web', namespace: 'doomed' }, spec: http });
    await world.eventually(() => world.get(endpoints, 'web', 'doomed'));
    await world.client.delete(namespaces, { namespace: '', name: 'doomed' });
    await world.client.delete(endpoints, { namespace: 'doomed', name: 'web' });
    await world.settle();
    expect((await world.list(events, 'doomed')).filter((e) => e.type === 'Warning')).to.deep.equal([]);
  });
});
