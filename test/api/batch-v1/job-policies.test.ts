import { expect } from 'chai';
import { parseIndexes, validateFailurePolicy, validateSuccessPolicy } from '../../../src/api/batch-v1/job-policies.js';
import { at } from '../../../src/api/meta/field-errors.js';
import type { JobSpec, PodFailurePolicyRule as Rule, SuccessPolicyRule } from '../../../src/api/types/batch-v1.gen.js';
import { container, lines } from '../../helpers/pods.js';

const PATH = at('p');

describe('lists of indexes', () => {
  it('are single indexes and intervals, in order', () => {
    expect(parseIndexes('', 5)).to.deep.equal([]);
    expect(parseIndexes('0,2-4', 5)).to.deep.equal([
      [0, 0],
      [2, 4],
    ]);
  });
  const wrong: Record<string, string> = {
    x: 'cannot convert string to integer for index: "x"',
    '5': 'too large index: "5"',
    '3-2': 'non-increasing order, previous: 3, current: 2',
    '2,1': 'non-increasing order, previous: 2, current: 1',
    '1-2-3': `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
  };
  for (const [text, message] of Object.entries(wrong)) it(`refuse ${text}`, () => expect(parseIndexes(text, 5)).to.equal(message));
});

describe('pod failure policies', () => {
  const spec: JobSpec = { template: { spec: { containers: [container({ name: 'main' })] } } };
  const check = (rule: Rule, part: Partial<JobSpec> = {}) => lines(validateFailurePolicy({ rules: [rule] }, PATH, { ...spec, ...part }));
  const exits = { operator: 'In', values: [1, 2] } as const satisfies Rule['onExitCodes'];

  it('accept exit codes or conditions', () => {
    expect(check({ action: 'FailJob', onExitCodes: { ...exits, containerName: 'main' } })).to.deep.equal([]);
    expect(check({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })).to.deep.equal([]);
  });
  it('want one of them, not both', () => {
    expect(check({ action: 'Count' })).to.deep.equal([
      'p.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ]);
    const onPodConditions: Rule['onPodConditions'] = [{ type: 'X', status: 'True' }];
    expect(check({ action: 'Count', onExitCodes: exits, onPodConditions })).to.deep.equal([
      'p.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
    ]);
  });
  it('fail an index only where the job counts by index', () => {
    const rule: Rule = { action: 'FailIndex', onExitCodes: exits };
    expect(check(rule)).to.deep.equal(['p.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set']);
    expect(check(rule, { backoffLimitPerIndex: 1 })).to.deep.equal([]);
  });
  it('name containers of the template', () => {
    expect(check({ action: 'Count', onExitCodes: { ...exits, containerName: 'other' } })).to.deep.equal([
      'p.rules[0].onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template',
    ]);
  });
  it('list exit codes once, in order, and never success', () => {
    const codes = (...values: number[]) => check({ action: 'Count', onExitCodes: { operator: 'In', values } });
    expect(codes(0)).to.deep.equal(['p.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator']);
    expect(codes(2, 1)).to.deep.equal(['p.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered']);
    expect(codes(1, 1)).to.deep.equal(['p.rules[0].onExitCodes.values[1]: Duplicate value: 1']);
  });
});

describe('success policies', () => {
  const check = (...rules: SuccessPolicyRule[]) => lines(validateSuccessPolicy({ rules }, PATH, 5));
  it('need a rule that says something', () => {
    expect(check()).to.deep.equal(['p.rules: Required value: at least one rules must be specified when the successPolicy is specified']);
    expect(check({})).to.deep.equal(['p.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified']);
  });
  it('count no more than there can be', () => {
    expect(check({ succeededCount: 3, succeededIndexes: '0-2' })).to.deep.equal([]);
    expect(check({ succeededCount: 6 })).to.deep.equal([
      'p.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)',
    ]);
    expect(check({ succeededCount: 3, succeededIndexes: '1,3' })).to.deep.equal([
      'p.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
    ]);
  });
});
