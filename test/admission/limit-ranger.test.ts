import { expect } from 'chai';
import type { Pod } from '../../src/api/types/core-v1.gen.js';
import { admit, refusal } from './helpers.js';

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> };

const range = (...limits: object[]) => ({ limitranges: [{ metadata: { name: 'l', namespace: 'ns' }, spec: { limits } }] });
const pod = (...resources: Resources[]) => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: resources.map((r, i) => ({ name: `c${i}`, image: 'x', resources: r })) },
});
const claim = (storage: string) => ({
  metadata: { name: 'v', namespace: 'ns' },
  spec: { storageClassName: '', resources: { requests: { storage } } },
});

describe('LimitRanger', () => {
  it('fills in what containers do not say, and tells so', async () => {
    const world = range({ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } });
    const { object } = await admit({ resource: 'pods', object: pod({ limits: { cpu: '2' } }, {}), world });
    const { metadata, spec } = object as Pod;
    expect(spec.containers.map((c) => c.resources)).to.deep.equal([
      { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m' } },
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
    ]);
    expect(metadata.annotations).to.deep.equal({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container c0; memory limit for container c0; cpu request for container c1; cpu, memory limit for container c1',
    });
  });

  it('leaves pods without limits alone', async () => {
    const { object } = await admit({ resource: 'pods', object: pod({}) });
    expect(object.metadata.annotations).to.equal(undefined);
    expect((object as Pod).spec.containers[0]?.resources).to.deep.equal({});
  });

  it('refuses what is below the least, above the most, or too far apart', async () => {
    const world = range({ type: 'Container', min: { cpu: '100m' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '4' } });
    const check = (resources: Resources) => refusal({ resource: 'pods', object: pod(resources), world });
    const with_ = (request: string, limit: string) => check({ requests: { cpu: request }, limits: { cpu: limit } });
    expect(await with_('500m', '2')).to.equal('admitted');
    expect(await with_('50m', '100m')).to.contain('minimum cpu usage per Container is 100m, but request is 50m');
    expect(await with_('1', '3')).to.contain('maximum cpu usage per Container is 2, but limit is 3');
    expect(await with_('400m', '2')).to.contain('cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000');
    expect(await check({})).to.equal(
      'pods "p" is forbidden: [minimum cpu usage per Container is 100m.  No request is specified, maximum cpu usage per Container is 2.  No limit is specified, cpu max limit to request ratio per Container is 4, but no request is specified or request is 0]',
    );
  });

  it('bounds the sum of a pod', async () => {
    const world = range({ type: 'Pod', max: { memory: '1Gi' } });
    const object = pod({ limits: { memory: '600Mi' } }, { limits: { memory: '600Mi' } });
    expect(await refusal({ resource: 'pods', object, world })).to.contain('maximum memory usage per Pod is 1Gi, but limit is 1200Mi');
  });

  it('bounds the size of claims, but not of those that go', async () => {
    const world = range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } });
    const check = (storage: string) => refusal({ resource: 'persistentvolumeclaims', object: claim(storage), world });
    expect(await check('5Gi')).to.equal('admitted');
    expect(await check('6Gi')).to.contain('maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi');
    expect(await check('1Mi')).to.contain('minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi');
    const old = { ...claim('6Gi'), metadata: { ...claim('6Gi').metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } };
    expect(await refusal({ resource: 'persistentvolumeclaims', object: claim('6Gi'), old, world })).to.equal('admitted');
  });
});
