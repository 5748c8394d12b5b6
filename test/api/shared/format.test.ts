import { expect } from 'chai';
import {
  age,
  containerCells,
  formatLabelSelector,
  formatLabels,
  formatList,
  humanDuration,
  since,
} from '../../../src/api/shared/format.js';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

describe('cells of tables', () => {
  it('show a duration as upstream does', () => {
    const cases: [number, string][] = [
      [-2 * S, '<invalid>'],
      [-1.9 * S, '0s'],
      [-0.5 * S, '0s'],
      [0, '0s'],
      [119.9 * S, '119s'],
      [120 * S, '2m'],
      [125 * S, '2m5s'],
      [10 * M - S, '9m59s'],
      [10 * M + 30 * S, '10m'],
      [3 * H - S, '179m'],
      [3 * H, '3h'],
      [3 * H + 5 * M, '3h5m'],
      [8 * H + 5 * M, '8h'],
      [48 * H - S, '47h'],
      [48 * H, '2d'],
      [51 * H, '2d3h'],
      [8 * D + 3 * H, '8d'],
      [730 * D - S, '729d'],
      [730 * D, '2y'],
      [740 * D, '2y10d'],
      [8 * 365 * D + 9 * D, '8y'],
    ];
    for (const [ms, text] of cases) expect(humanDuration(ms), String(ms)).to.equal(text);
  });

  it('show how long ago a time is', () => {
    const now = Date.parse('2026-01-01T00:10:00Z');
    expect(since('2026-01-01T00:00:00Z', now)).to.equal('10m');
    expect(since('2026-01-01T00:09:59.500000Z', now)).to.equal('0s');
    expect(since(undefined, now)).to.equal('<unknown>');
    expect(since(null, now)).to.equal('<unknown>');
    expect(age({ metadata: { creationTimestamp: '2025-12-31T00:10:00Z' } }, now)).to.equal('24h');
    expect(age({ metadata: {} }, now)).to.equal('<unknown>');
  });

  it('show labels and selectors in the order of their keys', () => {
    expect(formatLabels({ b: '2', a: '1' })).to.equal('a=1,b=2');
    expect(formatLabels({})).to.equal('<none>');
    expect(formatLabels(undefined)).to.equal('<none>');
    const selector = {
      matchLabels: { web: 'x' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
        { key: 'zone', operator: 'Exists' },
        { key: 'env', operator: 'NotIn', values: ['dev'] },
      ],
    };
    expect(formatLabelSelector(selector)).to.equal('env notin (dev),!old,tier in (a,b),web=x,zone');
    expect(formatLabelSelector({})).to.equal('<none>');
    expect(formatLabelSelector(undefined)).to.equal('<none>');
    expect(formatLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Like' }] })).to.equal('<error>');
  });

  it('cut long lists short', () => {
    expect(formatList(['a', 'b', 'c'])).to.equal('a,b,c');
    expect(formatList(['a', 'b', 'c', 'd', 'e'])).to.equal('a,b,c + 2 more...');
    expect(formatList([])).to.equal('<unset>');
    expect(formatList([], 3, '<none>')).to.equal('<none>');
    expect(containerCells([{ name: 'a', image: 'x' }, { name: 'b' }])).to.deep.equal(['a,b', 'x,']);
    expect(containerCells(undefined)).to.deep.equal(['', '']);
  });
});
