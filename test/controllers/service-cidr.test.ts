import { expect } from 'chai';
import { ipaddresses, servicecidrs, services } from '../../src/api/meta/resources.gen.js';
import type { Draft, Resource } from '../../src/api/meta/object.js';
import type { Service } from '../../src/api/types/core-v1.gen.js';
import type { IPAddress, ServiceCIDR } from '../../src/api/types/networking-v1.gen.js';
import { World } from './world.js';

const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
const key = (name: string) => ({ namespace: '', name });

describe('addresses of Services', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['service-cidr-controller']);
  });
  afterEach(() => world.stop());

  const addRange = (name: string, cidr: string) =>
    world.client.create<ServiceCIDR>(servicecidrs, { metadata: { name }, spec: { cidrs: [cidr] } });
  const addService = (name: string, clusterIP: string) =>
    world.client.create<Service>(services, {
      metadata: { name, namespace: 'default' },
      spec: { clusterIP, ports: [{ port: 80 }] },
    } as Draft<Service>);
  const readyOf = async (name: string) =>
    (await world.get(servicecidrs, name)).status.conditions?.map(({ status, reason, message }) => [status, reason, message]);
  const isGone = (resource: Resource, name: string) =>
    world.eventually(async () => expect((await world.list(resource)).map((o) => o.metadata.name)).not.to.include(name));

  describe('service-cidr controller', () => {
    const ready = () =>
      world.eventually(async () => expect(await readyOf('extra')).to.deep.equal([['True', '', 'Kubernetes Service CIDR is ready']]));

    it('holds a new range by a finalizer and says that it is ready', async () => {
      await addRange('extra', '10.1.0.0/24');
      await ready();
      expect((await world.get(servicecidrs, 'extra')).metadata.finalizers).to.deep.equal([FINALIZER]);
    });

    it('lets a range without addresses go, ten seconds after its deletion', async () => {
      await addRange('extra', '10.1.0.0/24');
      await ready();
      await world.client.delete(servicecidrs, key('extra'));
      await world.clock.advance(9_000);
      await world.settle();
      expect((await world.get(servicecidrs, 'extra')).metadata.finalizers).to.deep.equal([FINALIZER]);
      await world.clock.advance(1_000);
      await isGone(servicecidrs, 'extra');
    });

    it('keeps a range with addresses until they are gone', async () => {
      await addRange('extra', '10.1.0.0/24');
      await ready();
      await addService('web', '10.1.0.5');
      await world.client.delete(servicecidrs, key('extra'));
      const text = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      await world.eventually(async () => expect(await readyOf('extra')).to.deep.equal([['False', 'Terminating', text]]));
      await world.clock.advance(60_000);
      await world.client.delete(services, { namespace: 'default', name: 'web' });
      await isGone(servicecidrs, 'extra');
    });

    it('lets a range go whose addresses another one holds', async () => {
      await addRange('extra', '10.1.0.0/24');
      await ready();
      await addService('web', '10.1.0.5');
      await addRange('wider', '10.1.0.0/16');
      await world.client.delete(servicecidrs, key('extra'));
      await world.clock.advance(10_000);
      await isGone(servicecidrs, 'extra');
      expect((await world.get(ipaddresses, '10.1.0.5')).spec.parentRef?.name).to.equal('web');
    });
  });

  describe('loops of the server', () => {
    it('say that the default range is ready, and make it again', async () => {
      world.startServerLoops();
      await world.client.delete(servicecidrs, key('kubernetes'));
      await world.clock.advance(30_000);
      await world.eventually(async () => expect((await readyOf('kubernetes'))?.[0]?.[0]).to.equal('True'));
      const { spec } = await world.get(servicecidrs, 'kubernetes');
      expect(spec.cidrs).to.deep.equal(['10.96.0.0/16']);
    });

    it('give a Service back the object of its address', async () => {
      world.startServerLoops();
      await addService('web', '10.96.0.5');
      await world.client.delete(ipaddresses, key('10.96.0.5'));
      await world.clock.advance(180_000);
      await world.eventually(async () => expect((await world.get(ipaddresses, '10.96.0.5')).spec.parentRef?.name).to.equal('web'));
    });

    it('remove an address whose Service never came, after a minute', async () => {
      world.startServerLoops();
      await world.client.create<IPAddress>(ipaddresses, {
        metadata: {
          name: '10.96.0.7',
          labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
        },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'lost' } },
      });
      await world.clock.advance(59_000);
      await world.settle();
      await world.get(ipaddresses, '10.96.0.7');
      await world.clock.advance(2_000);
      await isGone(ipaddresses, '10.96.0.7');
    });

    it('leave the addresses of others alone', async () => {
      world.startServerLoops();
      const parentRef = { group: 'gateway.networking.k8s.io', resource: 'gateways', name: 'g' };
      await world.client.create<IPAddress>(ipaddresses, { metadata: { name: '10.96.0.8' }, spec: { parentRef } });
      await world.clock.advance(180_000);
      await world.settle();
      await world.get(ipaddresses, '10.96.0.8');
    });

    it('do what is to be done again and again', async () => {
      let rounds = 0;
      world.startServerLoops([{ name: 'counter', interval: 10_000, run: async () => void rounds++ }]);
      await world.eventually(() => expect(rounds).to.equal(1));
      await world.clock.advance(10_000);
      await world.eventually(() => expect(rounds).to.equal(2));
    });
  });
});
