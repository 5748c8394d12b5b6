import { expect } from 'chai';
import { validateJobStatusUpdate } from '../../../src/api/batch-v1/job-status.js';
import type { Job, JobSpec, JobStatus } from '../../../src/api/types/batch-v1.gen.js';
import { container, lines } from '../../helpers/pods.js';

const condition = (type: string, status = 'True') => ({ type, status });
const START = '2026-01-01T00:00:00Z';
const END = '2026-01-01T00:01:00Z';

function check(status: JobStatus, old: JobStatus = {}, spec: Partial<JobSpec> = {}): string[] {
  const job = (s: JobStatus): Job => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j' },
    spec: { completions: 3, parallelism: 1, template: { spec: { containers: [container()] } }, ...spec },
    status: s,
  });
  return lines(validateJobStatusUpdate(job(status), job(old)));
}

describe('the status of jobs', () => {
  it('may go from start to success', () => {
    const running = { startTime: START, active: 1, uncountedTerminatedPods: {} };
    expect(check(running)).to.deep.equal([]);
    const met = { ...running, conditions: [condition('SuccessCriteriaMet')] };
    expect(check(met, running)).to.deep.equal([]);
    const conditions = [condition('SuccessCriteriaMet'), condition('Complete')];
    expect(check({ startTime: START, completionTime: END, succeeded: 3, conditions }, met)).to.deep.equal([]);
  });
  it('is complete only after the criteria are met, and at a time', () => {
    expect(check({ startTime: START, conditions: [condition('Complete')] })).to.deep.equal([
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.completionTime: Required value: completionTime is required for Complete jobs',
    ]);
  });
  it('is complete or failed, not both', () => {
    const conditions = ['SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed'].map((t) => condition(t));
    expect(check({ startTime: START, completionTime: END, conditions })).to.include(
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
    );
  });
  it('keeps its times', () => {
    expect(check({ startTime: END }, { startTime: START })).to.deep.equal([
      `status.startTime: Invalid value: "${END}": field is immutable for unsuspended job once set`,
    ]);
    expect(check({ startTime: END }, { startTime: START }, { suspend: true })).to.deep.equal([]);
  });
  it('has no pods at work once it is over', () => {
    const failed = { startTime: START, conditions: [condition('FailureTarget'), condition('Failed')] };
    expect(check({ ...failed, active: 1 })).to.deep.equal(['status.active: Invalid value: 1: active>0 is invalid for finished job']);
  });
  it('lists pods to be counted once', () => {
    expect(check({ startTime: START, uncountedTerminatedPods: { succeeded: ['a'], failed: ['a', ''] } })).to.deep.equal([
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
      'status.uncountedTerminatedPods.failed[1]: Invalid value: "": must not be empty',
    ]);
  });
  it('counts successes upwards', () => {
    expect(check({ succeeded: 1 }, { succeeded: 2 })).to.deep.equal([
      'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
    ]);
  });
});
