import { expect } from 'chai';
import { podRow } from '../../../../src/api/shared/pod/row.js';
import type { PodSpec, PodStatus } from '../../../../src/api/types/core-v1.gen.js';
import { container, containerStatus, makePod, type PodParts } from '../../../helpers/pods.js';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const minutesAgo = (n: number) => new Date(NOW - n * 60_000).toISOString();

/** READY, STATUS and RESTARTS. */
function cells(spec: Partial<PodSpec>, status: PodStatus, metadata: PodParts['metadata'] = {}): unknown[] {
  return podRow(makePod({ spec, status, metadata: { creationTimestamp: minutesAgo(30), ...metadata } }), NOW).slice(1, 4);
}

const running = { running: { startedAt: minutesAgo(5) } };
const two = { containers: [container({ name: 'a' }), container({ name: 'b' })] };
const init = { initContainers: [container({ name: 'i' }), container({ name: 'j' })] };
const sidecar = { initContainers: [container({ name: 's', restartPolicy: 'Always' }), container({ name: 'i' })] };
const ended = (exitCode: number, reason?: string, signal?: number) => ({
  terminated: { exitCode, reason, signal, finishedAt: minutesAgo(3) },
});

describe('the row of a pod', () => {
  it('shows the phase of a pod without containers to show', () => {
    expect(cells({}, { phase: 'Pending' })).to.deep.equal(['0/1', 'Pending', '0']);
    expect(cells({}, { phase: 'Failed', reason: 'Evicted' })).to.deep.equal(['0/1', 'Evicted', '0']);
  });
  it('shows why a pod is not scheduled when gates hold it', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
    expect(cells({}, { phase: 'Pending', conditions })).to.deep.equal(['0/1', 'SchedulingGated', '0']);
  });
  it('counts ready containers and restarts', () => {
    const containerStatuses = [
      containerStatus('a', { ready: true, state: running, restartCount: 2, lastState: ended(1) }),
      containerStatus('b', { state: running, restartCount: 1, lastState: { terminated: { exitCode: 1, finishedAt: minutesAgo(20) } } }),
    ];
    expect(cells(two, { phase: 'Running', containerStatuses })).to.deep.equal(['1/2', 'Running', '3 (3m ago)']);
  });
  it('shows what the first container waits for', () => {
    const waiting = (reason: string) => ({ waiting: { reason } });
    const containerStatuses = [
      containerStatus('a', { state: waiting('ImagePullBackOff') }),
      containerStatus('b', { state: waiting('ContainerCreating') }),
    ];
    expect(cells(two, { phase: 'Pending', containerStatuses })[1]).to.equal('ImagePullBackOff');
    const crashed = [containerStatus('c', { restartCount: 5, state: waiting('CrashLoopBackOff'), lastState: ended(1, 'Error') })];
    expect(cells({}, { phase: 'Running', containerStatuses: crashed })).to.deep.equal(['0/1', 'CrashLoopBackOff', '5 (3m ago)']);
  });
  it('shows how a container ended', () => {
    const status = (state: ReturnType<typeof ended>): PodStatus => ({
      phase: 'Running',
      containerStatuses: [containerStatus('c', { state })],
    });
    expect(cells({}, status(ended(0, 'Completed')))[1]).to.equal('Completed');
    expect(cells({}, status(ended(1, 'Error')))[1]).to.equal('Error');
    expect(cells({}, status(ended(3)))[1]).to.equal('ExitCode:3');
    expect(cells({}, status(ended(137, undefined, 9)))[1]).to.equal('Signal:9');
  });
  it('is not Completed while a container runs, or when one failed', () => {
    const done = containerStatus('a', { state: ended(0, 'Completed') });
    const alive = containerStatus('b', { ready: true, state: running });
    const ready = [{ type: 'Ready', status: 'True' }];
    expect(cells(two, { phase: 'Running', containerStatuses: [done, alive], conditions: ready })).to.deep.equal(['1/2', 'Running', '0']);
    expect(cells(two, { phase: 'Running', containerStatuses: [done, alive] })[1]).to.equal('NotReady');
    expect(cells(two, { phase: 'Failed', containerStatuses: [done, containerStatus('b', { state: ended(2, 'Error') })] })[1]).to.equal(
      'Error',
    );
  });
  it('shows how far init containers are, and forgets their restarts when they are done', () => {
    const first = containerStatus('i', { state: ended(0, 'Completed'), restartCount: 4 });
    const at = (state: Parameters<typeof containerStatus>[1]): PodStatus => ({
      phase: 'Pending',
      initContainerStatuses: [first, containerStatus('j', state)],
    });
    expect(cells(init, at({ state: running }))).to.deep.equal(['0/1', 'Init:1/2', '4']);
    expect(cells(init, at({ state: { waiting: { reason: 'PodInitializing' } } }))[1]).to.equal('Init:1/2');
    expect(cells(init, at({ state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 2 }))).to.deep.equal([
      '0/1',
      'Init:CrashLoopBackOff',
      '6',
    ]);
    expect(cells(init, at({ state: ended(1, 'Error') }))[1]).to.equal('Init:Error');
    expect(cells(init, at({ state: ended(1) }))[1]).to.equal('Init:ExitCode:1');
    const done = {
      ...at({ state: ended(0, 'Completed') }),
      containerStatuses: [containerStatus('c', { ready: true, state: running, restartCount: 1 })],
    };
    expect(cells(init, { ...done, phase: 'Running' })).to.deep.equal(['1/1', 'Running', '1']);
  });
  it('counts sidecars among the containers', () => {
    const started = containerStatus('s', { ready: true, started: true, state: running, restartCount: 2 });
    const waiting = containerStatus('i', { state: running, restartCount: 1 });
    expect(cells(sidecar, { phase: 'Pending', initContainerStatuses: [started, waiting] })).to.deep.equal(['1/2', 'Init:1/2', '3']);
    const done = containerStatus('i', { state: ended(0, 'Completed'), restartCount: 1 });
    const containerStatuses = [containerStatus('c', { ready: true, state: running })];
    expect(cells(sidecar, { phase: 'Running', initContainerStatuses: [started, done], containerStatuses })).to.deep.equal([
      '2/2',
      'Running',
      '2',
    ]);
  });
  it('is Terminating on its way out, unless the pod is over or its node lost', () => {
    const leaving = { deletionTimestamp: minutesAgo(1) };
    expect(cells({}, { phase: 'Running' }, leaving)[1]).to.equal('Terminating');
    expect(cells({}, { phase: 'Succeeded' }, leaving)[1]).to.equal('Succeeded');
    expect(cells({}, { phase: 'Running', reason: 'NodeLost' }, leaving)[1]).to.equal('Unknown');
  });
  it('has the wide cells behind the age', () => {
    const pod = makePod({
      metadata: { creationTimestamp: minutesAgo(30) },
      spec: { nodeName: 'n1', readinessGates: [{ conditionType: 'e.com/a' }, { conditionType: 'e.com/b' }] },
      status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'e.com/a', status: 'True' }] },
    });
    expect(podRow(pod, NOW).slice(4)).to.deep.equal(['30m', '10.0.0.1', 'n1', '<none>', '1/2']);
    expect(podRow(makePod({ metadata: { creationTimestamp: minutesAgo(30) } }), NOW).slice(4)).to.deep.equal([
      '30m',
      '<none>',
      '<none>',
      '<none>',
      '<none>',
    ]);
  });
});
