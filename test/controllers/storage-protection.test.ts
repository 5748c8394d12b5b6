import { expect } from 'chai';
import { persistentvolumeclaims, persistentvolumes, pods, volumeattributesclasses } from '../../src/api/meta/resources.gen.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import { World } from './world.js';

const CLASS = { namespace: '', name: 'fast' };
const CLAIM = { namespace: 'default', name: 'data' };

describe('storage protection controllers', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start(['pvc-protection', 'pv-protection', 'volumeattributesclass-protection-controller']);
  });
  afterEach(() => world.stop());

  const gone = (resource: Resource, name: string) =>
    world.eventually(async () => {
      const names = (await world.list(resource)).map(({ metadata }) => metadata.name);
      expect(names).not.to.include(name);
    });
  const finalizersOf = async (resource: Resource, name: string) => (await world.get(resource, name)).metadata.finalizers;
  const addClass = () =>
    world.client.create(volumeattributesclasses, { metadata: { name: 'fast' }, driverName: 'csi.example.com', parameters: { iops: '9' } });
  const addClaim = (volumeAttributesClassName?: string) =>
    world.client.create(persistentvolumeclaims, {
      metadata: CLAIM,
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        volumeAttributesClassName,
        resources: { requests: { storage: '1Gi' } },
      },
    });

  it('keeps an attributes class while a claim names it', async () => {
    await addClass();
    await addClaim('fast');
    await world.client.delete(volumeattributesclasses, CLASS, {});
    await world.settle();
    expect(await finalizersOf(volumeattributesclasses, 'fast')).to.deep.equal(['kubernetes.io/vac-protection']);
    await world.client.delete(persistentvolumeclaims, CLAIM, {});
    await gone(persistentvolumeclaims, 'data');
    await gone(volumeattributesclasses, 'fast');
  });

  it('keeps an attributes class while a volume names it', async () => {
    await addClass();
    await world.client.create(persistentvolumes, {
      metadata: { name: 'disk' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'csi.example.com', volumeHandle: 'disk' },
        volumeAttributesClassName: 'fast',
      },
    });
    await world.client.delete(volumeattributesclasses, CLASS, {});
    await world.settle();
    expect(await finalizersOf(volumeattributesclasses, 'fast')).to.deep.equal(['kubernetes.io/vac-protection']);
    await world.client.delete(persistentvolumes, { namespace: '', name: 'disk' }, {});
    await gone(persistentvolumes, 'disk');
    await gone(volumeattributesclasses, 'fast');
  });

  it('keeps a claim while a pod on a node uses it', async () => {
    await addClaim();
    await world.client.create(pods, {
      metadata: { name: 'user', namespace: 'default' },
      spec: {
        nodeName: 'node',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await world.client.delete(persistentvolumeclaims, CLAIM, {});
    await world.settle();
    expect(await finalizersOf(persistentvolumeclaims, 'data')).to.deep.equal(['kubernetes.io/pvc-protection']);
    await world.client.delete(pods, { namespace: 'default', name: 'user' }, { gracePeriodSeconds: 0 });
    await gone(persistentvolumeclaims, 'data');
  });

  it('gives an object back the finalizer it has lost', async () => {
    await addClass();
    const found: KubeObject = await world.get(volumeattributesclasses, 'fast');
    await world.client.update(volumeattributesclasses, { ...found, metadata: { ...found.metadata, finalizers: [] } } as never);
    await world.eventually(async () =>
      expect(await finalizersOf(volumeattributesclasses, 'fast')).to.deep.equal(['kubernetes.io/vac-protection']),
    );
  });
});
