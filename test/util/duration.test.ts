import { expect } from 'chai';
import { parseDuration } from '../../src/util/duration.js';

describe('durations', () => {
  const known: [string, number][] = [
    ['0', 0],
    ['300ms', 300],
    ['1.5s', 1500],
    ['2h45m', 9_900_000],
    ['-1m', -60_000],
    ['+5s', 5000],
    ['.5s', 500],
    ['100us', 0.1],
  ];
  for (const [text, ms] of known) it(`${text} is ${ms} ms`, () => expect(parseDuration(text)).to.be.closeTo(ms, 1e-9));

  const wrong: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['abc', 'time: invalid duration "abc"'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['-', 'time: invalid duration "-"'],
    ['99999999h', 'time: invalid duration "99999999h"'],
  ];
  for (const [text, message] of wrong) it(`${JSON.stringify(text)}: ${message}`, () => expect(() => parseDuration(text)).to.throw(message));
});
