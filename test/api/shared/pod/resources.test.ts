import { expect } from 'chai';
import { aggregate, qosClass } from '../../../../src/api/shared/pod/resources.js';
import type { Container, ResourceRequirements } from '../../../../src/api/types/core-v1.gen.js';
import { container } from '../../../helpers/pods.js';

const asking = (cpu: string, part: Partial<Container> = {}): Container => container({ resources: { requests: { cpu } }, ...part });

describe('what a pod needs', () => {
  it('is the sum of its containers', () => {
    expect(aggregate({ containers: [asking('100m'), asking('1')] }, 'requests')).to.deep.equal({ cpu: '1100m' });
  });
  it('is what an init container needs, where that is more', () => {
    const spec = { containers: [asking('1')], initContainers: [asking('3'), asking('2')] };
    expect(aggregate(spec, 'requests')).to.deep.equal({ cpu: '3' });
  });
  it('counts sidecars with the main containers, and with the init containers that come after', () => {
    const sidecar = asking('1', { restartPolicy: 'Always' });
    expect(aggregate({ containers: [asking('1')], initContainers: [sidecar, asking('2')] }, 'requests')).to.deep.equal({ cpu: '3' });
    expect(aggregate({ containers: [asking('1')], initContainers: [asking('2'), sidecar] }, 'requests')).to.deep.equal({ cpu: '2' });
    expect(aggregate({ containers: [asking('5')], initContainers: [sidecar, asking('2')] }, 'requests')).to.deep.equal({ cpu: '6' });
  });
});

describe('the class of a pod', () => {
  const all = { cpu: '1', memory: '1Gi' };
  const classOf = (...resources: ResourceRequirements[]) => qosClass({ containers: resources.map((r) => container({ resources: r })) });
  it('is BestEffort when nothing is asked for', () => {
    expect(classOf({}, {})).to.equal('BestEffort');
    expect(classOf({ requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } })).to.equal('BestEffort');
    expect(classOf({ requests: { cpu: '0' } })).to.equal('BestEffort');
  });
  it('is Guaranteed when every container has equal requests and limits of both', () => {
    expect(classOf({ requests: all, limits: all })).to.equal('Guaranteed');
    expect(classOf({ requests: { cpu: '1000m', memory: '1024Mi' }, limits: all })).to.equal('Guaranteed');
  });
  it('is Burstable otherwise', () => {
    expect(classOf({ requests: { cpu: '1' } })).to.equal('Burstable');
    expect(classOf({ requests: all, limits: all }, {})).to.equal('Burstable');
    expect(classOf({ requests: { cpu: '500m', memory: '1Gi' }, limits: all })).to.equal('Burstable');
    expect(classOf({ requests: { cpu: '1' }, limits: { cpu: '1' } })).to.equal('Burstable');
  });
  it('is decided by resources of the pod as a whole alone', () => {
    expect(qosClass({ containers: [container()], resources: { requests: all, limits: all } })).to.equal('Guaranteed');
    expect(qosClass({ containers: [container({ resources: { requests: all, limits: all } })], resources: {} })).to.equal('BestEffort');
  });
});
