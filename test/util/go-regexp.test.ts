import { expect } from 'chai';
import { goRegExp } from '../../src/util/go-regexp.js';

describe('Go regular expressions', () => {
  it('match as they do in Go', () => {
    expect(goRegExp('^[[:alpha:]_]+\\z').test('ab_')).to.equal(true);
    expect(goRegExp('(?i)^x{2,3}$').test('XX')).to.equal(true);
    expect(goRegExp('^(?P<name>[^/]+)/\\pL$').exec('a/ü')?.groups?.name).to.equal('a');
    expect(goRegExp('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$').test('a-b')).to.equal(true);
    expect(goRegExp('^a{,2}$').test('a{,2}')).to.equal(true);
  });

  const WRONG: Record<string, string> = {
    '[a': 'missing closing ]: `[a`',
    '(a': 'missing closing ): `(a`',
    'a)': 'unexpected ): `a)`',
    '*': 'missing argument to repetition operator: `*`',
    'a**': 'invalid nested repetition operator: `**`',
    '(?=a)': 'invalid or unsupported Perl syntax: `(?=`',
    '(a)\\1': 'invalid escape sequence: `\\1`',
    'a{1001}': 'invalid repeat count: `{1001}`',
  };
  for (const [pattern, text] of Object.entries(WRONG))
    it(`refuse ${pattern} in Go's words`, () => {
      expect(() => goRegExp(pattern)).to.throw(`error parsing regexp: ${text}`);
    });
});
