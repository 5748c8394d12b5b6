import { expect } from 'chai';
import * as names from '../../../src/api/meta/names.js';

const long = (n: number) => 'a'.repeat(n);

/** Values that a check takes, and values it refuses. */
const FORMATS: Record<string, { check: (value: string) => string[]; good: string[]; bad: string[] }> = {
  'a DNS-1123 label': {
    check: names.isDNS1123Label,
    good: ['a', '0', 'a-1', 'a--b', long(63)],
    bad: ['', 'A', '-a', 'a-', 'a_b', 'a.b', ' a', 'a\n', long(64)],
  },
  'a DNS-1123 subdomain': {
    check: names.isDNS1123Subdomain,
    good: ['a', 'a.b', '1.2.3', 'a-b.c', `${long(63)}.${long(63)}`],
    bad: ['', '.', 'a.', '.a', 'a..b', 'A.b', 'a_b.c', long(254)],
  },
  'a DNS-1035 label': { check: names.isDNS1035Label, good: ['a', 'a1', 'a-1'], bad: ['', '1', '1a', 'A', 'a-', long(64)] },
  'a label key': {
    check: names.isQualifiedName,
    good: ['a', 'A', '1', 'a.b_c-d', 'e.com/a', `e.com/${long(63)}`],
    bad: ['', '/a', 'a/', 'a/b/c', '-a', 'a_', 'E.com/a', `e.com/${long(64)}`, 'a b'],
  },
  'a label value': { check: names.isLabelValue, good: ['', 'a', 'A.b_c-1', long(63)], bad: ['-a', 'a-', 'a b', 'a/b', long(64)] },
  'a C identifier': { check: names.isCIdentifier, good: ['_', 'a', 'A_1'], bad: ['', '1', 'a-b', 'a.b'] },
  'the name of a variable': {
    check: names.isRelaxedEnvVarName,
    good: ['a', '1', 'a b', 'a.b', '$x', '~'],
    bad: ['', 'a=b', 'ä', 'a\tb'],
  },
  'a key of a ConfigMap': { check: names.isConfigMapKey, good: ['a', 'A_b.c-1', '.a'], bad: ['', '.', '..', '..a', 'a/b', 'ä', long(254)] },
  'the name of a port': {
    check: names.isPortName,
    good: ['a', 'http', 'a1-b', '8a'],
    bad: ['', '80', 'A', 'a--b', '-a', 'a-', 'a_b', long(16)],
  },
  'a percentage': { check: names.isPercent, good: ['0%', '1%', '250%'], bad: ['', '%', '1', '-1%', '1.5%', '1% '] },
  'the name of an HTTP header': { check: names.isHTTPHeaderName, good: ['X-A', 'a1'], bad: ['', 'a b', 'a_b', 'a:'] },
  'a wildcard domain': { check: names.isWildcardDNS1123Subdomain, good: ['*.a', '*.a.b'], bad: ['a', '*', '*a', 'a.*', '*.*.a'] },
};

describe('names', () => {
  for (const [what, { check, good, bad }] of Object.entries(FORMATS)) {
    it(`take ${what} and refuse what is none`, () => {
      for (const value of good) expect(check(value), JSON.stringify(value)).to.deep.equal([]);
      for (const value of bad) expect(check(value), JSON.stringify(value)).not.to.deep.equal([]);
    });
  }

  it('say what upstream says', () => {
    expect(names.isDNS1123Label('a.b')).to.deep.equal(['must not contain dots']);
    expect(names.isDNS1123Label('A')).to.deep.equal([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(names.isDNS1123Subdomain(long(254))).to.deep.equal(['must be no more than 253 characters']);
    expect(names.isLabelValue(long(64))).to.deep.equal(['must be no more than 63 bytes']);
    expect(names.isQualifiedName('/')).to.deep.equal([
      'prefix part must be non-empty',
      'name part must be non-empty',
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]);
    expect(names.isPortNumber(0)).to.deep.equal(['must be between 1 and 65535, inclusive']);
    expect(names.isConfigMapKey('..a')).to.deep.equal(["must not start with '..'"]);
  });

  it('count bytes, not characters', () => {
    expect(names.isPathSegmentName('ä')).to.deep.equal([]);
    expect(names.isLabelValue('ä'.repeat(32))[0]).to.equal('must be no more than 63 bytes');
    expect(names.isLabelValue('ä'.repeat(31))[0]).to.match(/^a valid label/);
  });

  it('let a prefix end in a dash', () => {
    expect(names.nameIsDNSSubdomain('web-', true)).to.deep.equal([]);
    expect(names.nameIsDNSSubdomain('web-', false)).not.to.deep.equal([]);
    expect(names.nameIsDNSSubdomain('-', true)).not.to.deep.equal([]);
    expect(names.nameIsPathSegment('..', true)).to.deep.equal([]);
    expect(names.nameIsPathSegment('..', false)).to.deep.equal(["may not be '..'"]);
    expect(names.nameIsPathSegment('a/%', false)).to.deep.equal(["may not contain '/'", "may not contain '%'"]);
  });
});
