import { expect } from 'chai';
import type { Context } from '../../../src/api/context.js';
import { alreadyExists, notFound } from '../../../src/api/meta/errors.js';
import type { Draft, Resource } from '../../../src/api/meta/object.js';
import type { Service, ServiceSpec } from '../../../src/api/types/core-v1.gen.js';
import type { IPAddress, ServiceCIDR } from '../../../src/api/types/networking-v1.gen.js';
import services from '../../../src/api/v1/services.js';
import { refusalOf } from '../../helpers/refusal.js';

/** A cluster with Services, ServiceCIDRs and IPAddresses only; the reader shows the Services in `stored`. */
class Cluster {
  readonly stored: Service[] = [];
  readonly cidrs: ServiceCIDR[];
  /** The objects of the addresses that are taken, by name. */
  readonly addresses = new Map<string, Draft<IPAddress>>();
  readonly #services;

  constructor(ranges: string[] = ['10.0.0.0/28'], ports: [number, number] = [30000, 30002]) {
    this.cidrs = [serviceCIDR(ranges)];
    this.#services = {
      random: () => 0,
      reader: {
        list: ({ resource }: Resource) => (resource === 'services' ? this.stored : this.cidrs),
        get: (_: Resource, _namespace: string, name: string) => this.addresses.get(name),
      },
      own: {
        create: async (resource: Resource, object: Draft<IPAddress>) => {
          const name = object.metadata.name as string;
          if (this.addresses.has(name)) throw alreadyExists(resource, name);
          this.addresses.set(name, object);
        },
        delete: async (resource: Resource, { name }: { name: string }) => {
          if (!this.addresses.delete(name)) throw notFound(resource, name);
        },
      },
      settings: { serviceClusterIPRanges: ranges, serviceNodePortRange: ports, allowPrivileged: false },
    };
  }

  context(dryRun = false): Context {
    return { services: this.#services, subresource: '', dryRun } as unknown as Context;
  }

  async allocate(spec: Partial<ServiceSpec>, { name = 'a', old, dryRun }: { name?: string; old?: Service; dryRun?: boolean } = {}) {
    const metadata = { name, namespace: 'default' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: structuredClone(spec), status: {} } as Service;
    services.defaults?.(service);
    const allocation = await services.begin?.(service, old, this.context(dryRun));
    return { service, spec: service.spec, allocation };
  }

  /** As the registry does: allocates, writes, shows the object. */
  async write(spec: Partial<ServiceSpec>, name = 'a', old?: Service): Promise<Service> {
    const { service, allocation } = await this.allocate(spec, { name, ...(old && { old }) });
    if (old) this.stored.splice(this.stored.indexOf(old), 1);
    this.stored.push(service);
    await allocation?.commit();
    return service;
  }
}

function serviceCIDR(cidrs: string[], conditions: ServiceCIDR['status']['conditions'] = []): ServiceCIDR {
  return { apiVersion: '', kind: '', metadata: { name: cidrs.join() }, spec: { cidrs }, status: { conditions } };
}

const PORTS = [{ port: 80 }] as ServiceSpec['ports'];

describe('cluster IPs', () => {
  it('are given out once each, as IPAddresses', async () => {
    const cluster = new Cluster();
    const first = await cluster.write({ ports: PORTS }, 'a');
    const second = await cluster.write({ ports: PORTS }, 'b');
    expect(cluster.addresses.get(first.spec.clusterIP as string)).to.deep.equal({
      metadata: {
        name: first.spec.clusterIP,
        labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'a' } },
    });
    expect(first.spec.clusterIPs).to.deep.equal([first.spec.clusterIP]);
    expect(first.spec.clusterIP).not.to.equal(second.spec.clusterIP);
    expect([first.spec.ipFamilies, first.spec.ipFamilyPolicy]).to.deep.equal([['IPv4'], 'SingleStack']);
  });
  it('that somebody has are refused to others', async () => {
    const cluster = new Cluster();
    await cluster.write({ ports: PORTS, clusterIP: '10.0.0.3' });
    expect((await refusalOf(cluster.allocate({ ports: PORTS, clusterIP: '10.0.0.3' }, { name: 'b' }))).message).to.equal(
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.3"]: failed to allocate IP 10.0.0.3: provided IP is already allocated',
    );
  });
  it('are of the range, without its ends', async () => {
    const cluster = new Cluster();
    for (const ip of ['10.0.0.0', '10.0.0.15', '10.0.1.1'])
      expect((await refusalOf(cluster.allocate({ ports: PORTS, clusterIP: ip }))).message, ip).to.contain(
        'the provided network does not match the current range',
      );
  });
  it('come back when the write fails, or the Service is deleted', async () => {
    const cluster = new Cluster();
    const { allocation } = await cluster.allocate({ ports: PORTS, clusterIP: '10.0.0.3' });
    await allocation?.rollback();
    const written = await cluster.write({ ports: PORTS, clusterIP: '10.0.0.3' }, 'b');
    await services.afterDelete?.(written, cluster.context().services);
    await cluster.write({ ports: PORTS, clusterIP: '10.0.0.3' }, 'c');
  });
  it('are not taken by a dry run, which is told the network', async () => {
    const cluster = new Cluster();
    const { spec } = await cluster.allocate({ ports: PORTS }, { dryRun: true });
    expect(spec.clusterIP).to.equal('10.0.0.0');
    await cluster.allocate({ ports: PORTS, clusterIP: '10.0.0.3' }, { dryRun: true });
    expect(cluster.addresses.size).to.equal(0);
    expect((await refusalOf(cluster.allocate({ ports: PORTS, clusterIP: '10.0.1.3' }, { dryRun: true }))).message).to.contain(
      'the provided IP (10.0.1.3) is not in the valid range. The range of valid IPs is 10.0.0.0/28',
    );
  });
  it('are of any ServiceCIDR that is ready', async () => {
    const cluster = new Cluster(['10.0.0.0/31']);
    const notReady = { type: 'Ready', status: 'False', reason: '', message: '', lastTransitionTime: '' };
    cluster.cidrs.push(serviceCIDR(['10.1.0.0/28'], [notReady]), serviceCIDR(['10.2.0.0/28', 'fd00::/112']));
    const { clusterIP } = (await cluster.write({ ports: PORTS })).spec;
    expect(clusterIP).to.match(/^10\.2\.0\./);
    expect((await refusalOf(cluster.write({ ports: PORTS, clusterIP: '10.1.0.1' }))).message).to.contain(
      'does not match the current range',
    );
  });
  it('are given back by a Service that becomes an external name', async () => {
    const cluster = new Cluster();
    const old = await cluster.write({ ports: PORTS });
    await cluster.write({ ...old.spec, type: 'ExternalName', externalName: 'example.com' }, 'a', old);
    expect(cluster.addresses.size).to.equal(0);
  });
  it('run out', async () => {
    const cluster = new Cluster(['10.0.0.0/30']);
    await cluster.write({ ports: PORTS }, 'a');
    await cluster.write({ ports: PORTS }, 'b');
    expect((await refusalOf(cluster.write({ ports: PORTS }, 'c'))).message).to.contain('range is full');
  });
  it('are not for headless Services and external names', async () => {
    const cluster = new Cluster();
    const headless = await cluster.allocate({ ports: PORTS, clusterIP: 'None', selector: { a: 'b' } });
    expect(headless.spec.clusterIPs).to.deep.equal(['None']);
    const external = await cluster.allocate({ type: 'ExternalName', externalName: 'example.com' });
    expect(external.spec.clusterIP).to.equal(undefined);
    expect(external.spec.ipFamilies).to.equal(undefined);
  });
  it('stay with a Service whose update does not say them', async () => {
    const cluster = new Cluster();
    const old = await cluster.write({ ports: PORTS });
    const { spec } = await cluster.allocate({ ports: PORTS }, { old });
    expect([spec.clusterIP, spec.clusterIPs]).to.deep.equal([old.spec.clusterIP, old.spec.clusterIPs]);
  });
  it('come with the change from an external name', async () => {
    const cluster = new Cluster();
    const old = await cluster.write({ type: 'ExternalName', externalName: 'example.com' });
    const { spec } = await cluster.allocate({ type: 'ClusterIP', ports: PORTS }, { old });
    expect(spec.clusterIP).to.match(/^10\.0\.0\./);
  });
});

describe('dual-stack Services', () => {
  const ranges = ['10.0.0.0/24', 'fd00::/112'];

  it('have an address of each family', async () => {
    const { spec } = await new Cluster(ranges).allocate({ ports: PORTS, ipFamilyPolicy: 'PreferDualStack' });
    expect(spec.ipFamilies).to.deep.equal(['IPv4', 'IPv6']);
    expect(spec.clusterIPs?.[0]).to.match(/^10\.0\.0\./);
    expect(spec.clusterIPs?.[1]).to.match(/^fd00::/);
    expect(spec.clusterIP).to.equal(spec.clusterIPs?.[0]);
  });
  it('keep the order of families they ask for', async () => {
    const { spec } = await new Cluster(ranges).allocate({ ports: PORTS, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] });
    expect(spec.ipFamilies).to.deep.equal(['IPv6', 'IPv4']);
    expect(spec.clusterIP).to.match(/^fd00::/);
  });
  it('cannot be required of a cluster of one family', async () => {
    expect((await refusalOf(new Cluster().allocate({ ports: PORTS, ipFamilyPolicy: 'RequireDualStack' }))).message).to.contain(
      'this cluster is not configured for dual-stack services',
    );
  });
  it('grow out of single-stack ones, and become such again', async () => {
    const cluster = new Cluster(ranges);
    const old = await cluster.write({ ports: PORTS });
    const grown = await cluster.allocate({ ...old.spec, ipFamilyPolicy: 'PreferDualStack' }, { old });
    expect(grown.spec.clusterIPs?.[0]).to.equal(old.spec.clusterIP);
    expect(grown.spec.clusterIPs).to.have.length(2);
    const shrunk = await cluster.allocate({ ...grown.spec, ipFamilyPolicy: 'SingleStack' }, { old: grown.service });
    expect([shrunk.spec.clusterIPs, shrunk.spec.ipFamilies]).to.deep.equal([[old.spec.clusterIP], ['IPv4']]);
  });
});

describe('node ports', () => {
  it('are given to the types that have them, one for ports of a number', async () => {
    const ports = [
      { name: 't', port: 53, protocol: 'TCP' },
      { name: 'u', port: 53, protocol: 'UDP' },
    ] as ServiceSpec['ports'];
    const { spec } = await new Cluster().allocate({ type: 'NodePort', ports });
    expect(spec.ports?.map((p) => p.nodePort)).to.deep.equal([30000, 30000]);
  });
  it('that somebody has are refused to others', async () => {
    const cluster = new Cluster();
    const ports = [{ port: 80, nodePort: 30001 }] as ServiceSpec['ports'];
    await cluster.write({ type: 'NodePort', ports }, 'a');
    expect((await refusalOf(cluster.allocate({ type: 'NodePort', ports }, { name: 'b' }))).message).to.equal(
      'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated',
    );
  });
  it('are of the range', async () => {
    const ports = [{ port: 80, nodePort: 80 }] as ServiceSpec['ports'];
    expect((await refusalOf(new Cluster().allocate({ type: 'NodePort', ports }))).message).to.contain(
      'provided port is not in the valid range. The range of valid ports is 30000-30002',
    );
  });
  it('that a Service gives up are free, though they were given out by the write before', async () => {
    const cluster = new Cluster(['10.0.0.0/28'], [30000, 30000]);
    const old = await cluster.write({ type: 'NodePort', ports: PORTS });
    await cluster.write({ ...old.spec, type: 'ClusterIP', ports: PORTS }, 'a', old);
    await cluster.write({ type: 'NodePort', ports: PORTS }, 'b');
  });
  it('of a failed allocation come back', async () => {
    const cluster = new Cluster(['10.0.0.0/28'], [30000, 30000]);
    await refusalOf(cluster.allocate({ type: 'NodePort', ports: [{ port: 80 }, { port: 81 }] as ServiceSpec['ports'] }));
    await cluster.write({ type: 'NodePort', ports: PORTS }, 'b');
  });
  it('stay when the type changes among those that have them', async () => {
    const cluster = new Cluster();
    const old = await cluster.write({ type: 'NodePort', ports: PORTS });
    const { spec } = await cluster.allocate({ type: 'LoadBalancer', ports: PORTS }, { old });
    expect(spec.ports?.[0]?.nodePort).to.equal(old.spec.ports?.[0]?.nodePort);
  });
  it('go when the type changes to one that has none', async () => {
    const cluster = new Cluster();
    const old = await cluster.write({ type: 'NodePort', ports: PORTS });
    const { service } = await cluster.allocate({ ...old.spec, type: 'ClusterIP' }, { old });
    services.prepareUpdate?.(service, old, cluster.context());
    expect(service.spec.ports?.[0]?.nodePort).to.equal(undefined);
  });
});
