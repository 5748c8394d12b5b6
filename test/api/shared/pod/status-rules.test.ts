import { expect } from 'chai';
import { shouldRestart, validatePodStatusUpdate } from '../../../../src/api/shared/pod/status-rules.js';
import type { PodSpec, PodStatus } from '../../../../src/api/types/core-v1.gen.js';
import { container, containerStatus, lines, makePod } from '../../../helpers/pods.js';

const check = (status: PodStatus, old: PodStatus = {}, spec: Partial<PodSpec> = {}): string[] =>
  lines(validatePodStatusUpdate(makePod({ spec, status }), makePod({ spec, status: old })));

const ended = (exitCode: number) => ({ containerStatuses: [containerStatus('c', { state: { terminated: { exitCode } } })] });
const running = { containerStatuses: [containerStatus('c', { state: { running: {} } })] };

describe('the status of a pod', () => {
  it('keeps its class', () => {
    expect(check({ qosClass: 'Burstable' }, { qosClass: 'BestEffort' })).to.deep.equal([
      'status.qosClass: Invalid value: "Burstable": field is immutable',
    ]);
  });
  it('leaves ended containers ended, unless they are started again', () => {
    const refused = ['status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state'];
    expect(check(running, ended(1), { restartPolicy: 'Never' })).to.deep.equal(refused);
    expect(check(running, ended(0), { restartPolicy: 'OnFailure' })).to.deep.equal(refused);
    expect(check(running, ended(1), { restartPolicy: 'OnFailure' })).to.deep.equal([]);
    expect(check(running, ended(0), { restartPolicy: 'Always' })).to.deep.equal([]);
  });
  it('has one address of each family', () => {
    expect(check({ podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] })).to.deep.equal([]);
    expect(check({ podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] })).to.deep.equal([
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]);
    expect(check({ hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] })).to.deep.equal([
      'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
    ]);
  });
  it('nominates nodes only before a pod has one', () => {
    expect(check({ nominatedNodeName: 'n' })).to.deep.equal([]);
    expect(check({ nominatedNodeName: 'n' }, {}, { nodeName: 'm' })).to.deep.equal([
      'status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node',
    ]);
  });
  it('has conditions of qualified types', () => {
    expect(
      check({
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'example.com/x', status: 'True' },
        ],
      }),
    ).to.deep.equal([]);
    expect(check({ conditions: [{ type: 'a b', status: 'True' }] })[0]).to.contain('status.conditions[0].Type: Invalid value: "a b"');
  });
});

describe('a container that ended', () => {
  const spec = (restartPolicy: PodSpec['restartPolicy']): PodSpec => ({ containers: [], restartPolicy });
  it('is started again as its pod says', () => {
    expect(shouldRestart(container(), spec('Never'), 1)).to.equal(false);
    expect(shouldRestart(container(), spec('OnFailure'), 0)).to.equal(false);
    expect(shouldRestart(container(), spec('Always'), 0)).to.equal(true);
  });
  it('is started again as it says itself', () => {
    expect(shouldRestart(container({ restartPolicy: 'Always' }), spec('Never'), 0)).to.equal(true);
    const rules = container({
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    });
    expect(shouldRestart(rules, spec('Never'), 42)).to.equal(true);
    expect(shouldRestart(rules, spec('Never'), 1)).to.equal(false);
  });
});
