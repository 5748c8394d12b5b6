import { expect } from 'chai';
import {
  csidrivers,
  csinodes,
  deviceclasses,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  resourceclaims,
  resourceclaimtemplates,
  resourceslices,
  storageclasses,
  volumeattachments,
} from '../../../src/api/meta/resources.gen.js';
import type { Draft } from '../../../src/api/meta/object.js';
import type { PersistentVolume, PersistentVolumeClaimSpec } from '../../../src/api/types/core-v1.gen.js';
import type { StockCluster } from './cluster.js';

const claimSpec = (storageClassName: string): PersistentVolumeClaimSpec => ({
  accessModes: ['ReadWriteOnce'],
  storageClassName,
  resources: { requests: { storage: '1Gi' } },
});

const volume = (name: string, storageClassName: string, source: object): Draft<PersistentVolume> => ({
  metadata: { name },
  spec: {
    capacity: { storage: '2Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName,
    ...source,
  },
});

const CONTAINERS = [{ name: 'main', image: 'main:1' }];

/** Volumes and devices: binding, attaching, protection, allocation. */
export function storageConversations(use: () => StockCluster): void {
  let namespace: string;
  before(async () => {
    namespace = await use().namespace('storage');
  });

  const phaseOf = async (name: string) => (await use().objects.get(persistentvolumes, { name })).status?.phase;
  const placed = (name: string) =>
    use().until(`${name} is on a node`, async () => (await use().objects.get(pods, { namespace, name })).spec?.nodeName);

  it('binds a claim to a volume, protects both, and releases the volume', async () => {
    const { objects, until } = use();
    await objects.create(persistentvolumes, volume('by-hand', '', { hostPath: { path: '/tmp/by-hand' } }));
    await objects.create(persistentvolumeclaims, { metadata: { namespace, name: 'by-hand' }, spec: claimSpec('') });
    const claim = await until('the claim is bound', async () => {
      const found = await objects.get(persistentvolumeclaims, { namespace, name: 'by-hand' });
      return found.status?.phase === 'Bound' && found;
    });
    expect(claim.spec?.volumeName).to.equal('by-hand');
    expect(claim.metadata.finalizers).to.deep.equal(['kubernetes.io/pvc-protection']);
    await objects.delete(persistentvolumes, { name: 'by-hand' });
    expect(await phaseOf('by-hand'), 'in use: still there').to.equal('Bound');
    await objects.delete(persistentvolumeclaims, { namespace, name: 'by-hand' });
    await until('both are gone', async () => (await objects.find(persistentvolumes, { name: 'by-hand' })) === undefined);
  });

  it('binds a claim when its first pod is placed, and attaches the volume', async () => {
    const { objects, until } = use();
    const driver = 'csi.example.com';
    await objects.create(csidrivers, { metadata: { name: driver }, spec: { attachRequired: true } });
    const drivers = [{ name: driver, nodeID: 'a', topologyKeys: [] }];
    await objects.create(csinodes, { metadata: { name: 'node-a' }, spec: { drivers } });
    await objects.create(storageclasses, {
      metadata: { name: 'late' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-a'] }] }];
    const source = { csi: { driver, volumeHandle: 'v' }, nodeAffinity: { required: { nodeSelectorTerms: terms } } };
    await objects.create(persistentvolumes, volume('attached', 'late', source));
    await objects.create(persistentvolumeclaims, { metadata: { namespace, name: 'attached' }, spec: claimSpec('late') });
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'attached' } }];
    await objects.create(pods, { metadata: { namespace, name: 'attached' }, spec: { containers: CONTAINERS, volumes } });
    expect(await placed('attached'), 'where the volume is').to.equal('node-a');
    expect(await phaseOf('attached')).to.equal('Bound');
    const [attachment] = await until('the attachment', async () => {
      const list = await objects.list(volumeattachments);
      return list.length > 0 && list;
    });
    expect(attachment?.spec).to.deep.equal({ attacher: driver, nodeName: 'node-a', source: { persistentVolumeName: 'attached' } });
    await objects.delete(volumeattachments, { name: attachment?.metadata.name ?? '' });
  });

  it('makes the claim of an ephemeral volume, which goes with its pod', async () => {
    const { objects, until } = use();
    const template = { spec: claimSpec('') };
    await objects.create(persistentvolumes, volume('scratch', '', { hostPath: { path: '/tmp/scratch' } }));
    const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }];
    await objects.create(pods, { metadata: { namespace, name: 'brief' }, spec: { containers: CONTAINERS, volumes } });
    await placed('brief');
    const claim = { namespace, name: 'brief-scratch' };
    expect((await objects.get(persistentvolumeclaims, claim)).status?.phase).to.equal('Bound');
    await objects.delete(pods, { namespace, name: 'brief' });
    await until('the claim is gone', async () => (await objects.find(persistentvolumeclaims, claim)) === undefined);
    await until('the volume is released', async () => (await phaseOf('scratch')) === 'Released');
    await objects.delete(persistentvolumes, { name: 'scratch' });
  });

  it('allocates a device to the claim that a template makes', async () => {
    const { objects, until } = use();
    const selectors = [{ cel: { expression: 'device.driver == "gpu.example.com"' } }];
    await objects.create(deviceclasses, { metadata: { name: 'gpu' }, spec: { selectors } });
    await objects.create(resourceslices, {
      metadata: { name: 'node-b-gpu' },
      spec: {
        driver: 'gpu.example.com',
        nodeName: 'node-b',
        pool: { name: 'node-b', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'gpu-0', attributes: { model: { string: 'one' } } }],
      },
    });
    const requests = [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }];
    await objects.create(resourceclaimtemplates, { metadata: { namespace, name: 'gpu' }, spec: { spec: { devices: { requests } } } });
    const containers = [{ name: 'main', image: 'main:1', resources: { claims: [{ name: 'gpu' }] } }];
    const wanted = [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }];
    await objects.create(pods, { metadata: { namespace, name: 'device' }, spec: { containers, resourceClaims: wanted } });
    expect(await placed('device'), 'where the device is').to.equal('node-b');
    const pod = await objects.get(pods, { namespace, name: 'device' });
    const claim = { namespace, name: pod.status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? '' };
    const { status } = await objects.get(resourceclaims, claim);
    expect(status?.allocation?.devices?.results).to.deep.equal([
      { request: 'gpu', driver: 'gpu.example.com', pool: 'node-b', device: 'gpu-0' },
    ]);
    expect(status?.reservedFor?.map((r) => r.name)).to.deep.equal(['device']);
    await objects.delete(pods, { namespace, name: 'device' });
    await until('the claim is gone', async () => (await objects.find(resourceclaims, claim)) === undefined);
  });
}
