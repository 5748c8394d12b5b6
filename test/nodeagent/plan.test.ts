import { expect } from 'chai';
import type { Container, Pod } from '../../src/api/types/core-v1.gen.js';
import { plan } from '../../src/nodeagent/plan.js';
import { type ContainerRecord, newRecord, type PodRecord } from '../../src/nodeagent/records.js';

const NOW = 1_000_000;

function record(
  restartPolicy: 'Always' | 'OnFailure' | 'Never',
  containers: string[],
  initContainers: (string | Container)[] = [],
): PodRecord {
  const init = initContainers.map((c) => (typeof c === 'string' ? { name: c } : c));
  const spec = { restartPolicy, containers: containers.map((name) => ({ name })), initContainers: init };
  return newRecord({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status: {} } as Pod, NOW);
}

function container(pod: PodRecord, name: string): ContainerRecord {
  const found = pod.containers.find((c) => c.spec.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}

function set(pod: PodRecord, name: string, state: 'running' | number): void {
  const found = container(pod, name);
  const common = { id: `x://${name}`, name, attempt: 0, image: '', imageID: '', startedAt: NOW };
  found.current = state === 'running' ? { ...common, state } : { ...common, state: 'exited', exitCode: state, finishedAt: NOW };
  found.started = state === 'running';
}

const starts = (pod: PodRecord, now = NOW) => plan(pod, now).start.map((c) => c.spec.name);

describe('what is done next about a pod', () => {
  it('starts all main containers at once', () => {
    expect(starts(record('Always', ['a', 'b']))).to.deep.equal(['a', 'b']);
  });

  it('runs init containers one after the other, then the main ones', () => {
    const pod = record('Always', ['main'], ['i', 'j']);
    expect(starts(pod)).to.deep.equal(['i']);
    set(pod, 'i', 'running');
    expect(starts(pod)).to.deep.equal([]);
    set(pod, 'i', 0);
    expect(starts(pod)).to.deep.equal(['j']);
    set(pod, 'j', 0);
    expect(starts(pod)).to.deep.equal(['main']);
  });

  it('goes on once a sidecar has started, and starts a sidecar again even when the pod runs', () => {
    const pod = record('Never', ['main'], [{ name: 's', restartPolicy: 'Always' }]);
    set(pod, 's', 'running');
    container(pod, 's').started = false;
    expect(starts(pod)).to.deep.equal([]);
    container(pod, 's').started = true;
    expect(starts(pod)).to.deep.equal(['main']);
    set(pod, 'main', 'running');
    set(pod, 's', 1);
    expect(starts(pod)).to.deep.equal(['s']);
  });

  it('is over as the restart policy says', () => {
    for (const [policy, code, over] of [
      ['Always', 0, false],
      ['OnFailure', 0, true],
      ['OnFailure', 1, false],
      ['Never', 1, true],
    ] as const) {
      const pod = record(policy, ['main']);
      set(pod, 'main', code);
      expect(plan(pod, NOW).over, `${policy} ${code}`).to.equal(over);
    }
  });

  it('is over when an init container has failed and may not run again', () => {
    const pod = record('Never', ['main'], ['i']);
    set(pod, 'i', 1);
    expect(plan(pod, NOW).over).to.equal(true);
  });

  it("obeys a container's own restart rules", () => {
    const pod = record('Never', ['main']);
    container(pod, 'main').spec = {
      name: 'main',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    };
    set(pod, 'main', 42);
    expect(starts(pod)).to.deep.equal(['main']);
    set(pod, 'main', 43);
    expect(plan(pod, NOW).over).to.equal(true);
  });

  it('waits for the back-off of a container that crashes', () => {
    const pod = record('Always', ['main']);
    set(pod, 'main', 1);
    container(pod, 'main').crash.next(NOW, NOW);
    expect(plan(pod, NOW + 4_000)).to.deep.include({ start: [], again: 6_000, backoff: [container(pod, 'main')] });
    expect(starts(pod, NOW + 10_000)).to.deep.equal(['main']);
  });

  it('waits before it tries again what could not be made, which is no back-off of a crash', () => {
    const pod = record('Always', ['main']);
    container(pod, 'main').retryAt = NOW + 10_000;
    expect(plan(pod, NOW)).to.deep.include({ start: [], again: 10_000, backoff: [] });
  });
});
