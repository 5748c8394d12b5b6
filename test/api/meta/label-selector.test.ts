import { expect } from 'chai';
import { at } from '../../../src/api/meta/field-errors.js';
import { hasInvalidValues, labelMatcher, labelSelectorText, validateLabelSelector } from '../../../src/api/meta/label-selector.js';
import type { LabelSelector } from '../../../src/api/types/meta-v1.gen.js';

const lines = (selector: LabelSelector) => validateLabelSelector(selector, at('s')).map((e) => `${e.field}: ${e.message}`);

describe('LabelSelector objects', () => {
  it('match what all their parts match; an absent one nothing, an empty one everything', () => {
    const matches = labelMatcher({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['db'] }] });
    expect(matches({ app: 'web' })).to.equal(true);
    expect(matches({ app: 'web', tier: 'db' })).to.equal(false);
    expect(matches({})).to.equal(false);
    expect(labelMatcher(undefined)({ a: 'b' })).to.equal(false);
    expect(labelMatcher({})(undefined)).to.equal(true);
  });
  it('are printed in the syntax of URLs', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'b', operator: 'In', values: ['y', 'x'] },
        { key: 'a', operator: 'DoesNotExist' },
        { key: 'c', operator: 'Exists' },
      ],
    };
    expect(labelSelectorText(selector)).to.equal('!a,app=web,b in (x,y),c');
    expect(labelSelectorText({})).to.equal('');
  });
  it('need values exactly where the operator takes some', () => {
    expect(lines({ matchExpressions: [{ key: 'a', operator: 'In' }] })).to.deep.equal([
      "s.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ]);
    expect(lines({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] })).to.deep.equal([
      "s.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ]);
    expect(lines({ matchExpressions: [{ key: 'a', operator: 'Is' }] })).to.deep.equal([
      's.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ]);
  });
  it('may keep values that would be refused today', () => {
    const old: LabelSelector = { matchExpressions: [{ key: 'a', operator: 'In', values: ['b c'] }] };
    expect(lines(old)).to.have.length(1);
    expect(hasInvalidValues(old)).to.equal(true);
    expect(validateLabelSelector(old, at('s'), { allowInvalidValues: true })).to.deep.equal([]);
  });
  it('that validation refuses cannot be compiled', () => {
    expect(() => labelMatcher({ matchExpressions: [{ key: 'a', operator: 'In', values: [] }] })).to.throw("values set can't be empty");
    expect(() => labelMatcher({ matchLabels: { a: '-' } })).to.throw('a valid label');
  });
});
