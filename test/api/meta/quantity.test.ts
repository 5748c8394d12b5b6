import { expect } from 'chai';
import * as quantity from '../../../src/api/meta/quantity.js';

describe('quantities', () => {
  it('do not stop the process for what no amount can be', () => {
    const began = performance.now();
    for (const text of ['1e999999999', '9'.repeat(100_000), `${'0'.repeat(100_000)}x`, `1e${'9'.repeat(50)}`])
      expect(quantity.isQuantity(text), text.slice(0, 20)).to.equal(false);
    expect(quantity.canonical('1e-999999999')).to.equal(quantity.canonical('1e-10'));
    expect(quantity.isZero('0e-999999999')).to.equal(true);
    expect(quantity.compare('1e500', '9e499')).to.equal(1);
    expect(performance.now() - began).to.be.lessThan(500);
  });

  // the second of each pair is what kube-apiserver v1.36.3 stores for the first
  const canonical: readonly (readonly [string, string])[] = [
    ['0', '0'],
    ['0.0', '0'],
    ['-0', '0'],
    ['1', '1'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1.'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1000e3', '1e6'],
    ['100e-3', '100e-3'],
    ['0.5Gi', '512Mi'],
    ['1024Ki', '1Mi'],
    ['1536Mi', '1536Mi'],
    ['1Ki', '1Ki'],
    ['1.5Ki', '1536'],
    ['0.1Ki', '102400m'],
    ['+5', '+5'],
    ['-1.5', '-1500m'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['-0.1n', '-1n'],
    ['1000000n', '1m'],
    ['007', '007'],
    ['00', '0'],
    ['Ki', '0'],
    ['1.0', '1'],
    ['1000000Ei', '9223372036854775807'],
  ];
  for (const [text, stored] of canonical) {
    it(`${text} is stored as ${stored}`, () => expect(quantity.canonical(text)).to.equal(stored));
  }
  it('is stable: what is stored is stored as it is', () => {
    for (const [, stored] of canonical) expect(quantity.canonical(stored)).to.equal(stored);
  });
  it('cuts what no machine word holds', () => {
    expect(quantity.parse('1000000Ei').nanos).to.equal((2n ** 63n - 1n) * 1_000_000_000n);
  });

  for (const text of ['', 'x', '1x', '1 Gi', '--1', '1.2.3', '1e', '1Kib', '1_0', 'Infinity', 'toString']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => quantity.parse(text)).to.throw(quantity.QuantityError);
      expect(quantity.isQuantity(text)).to.equal(false);
    });
  }
  it('says what is wrong as the API does', () => {
    expect(() => quantity.parse('1x')).to.throw(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
    expect(() => quantity.parse('1Kib')).to.throw('quantities must match');
    expect(() => quantity.parse('1iK')).to.throw("unable to parse quantity's suffix");
  });

  it('compares by amount, not by text', () => {
    expect(quantity.compare('1', '1000m')).to.equal(0);
    expect(quantity.compare('1Gi', '1G')).to.equal(1);
    expect(quantity.compare('-1', '0')).to.equal(-1);
    expect(quantity.compare('9007199254740993', '9007199254740992')).to.equal(1);
  });
  it('adds and subtracts exactly, in the units of the first', () => {
    expect(quantity.add('0.1', '0.2')).to.equal('300m');
    expect(quantity.add('1Gi', '512Mi')).to.equal('1536Mi');
    expect(quantity.add('0', '1Gi')).to.equal('1Gi');
    expect(quantity.sub('1', '1500m')).to.equal('-500m');
    expect(quantity.sub('2Gi', '1Gi')).to.equal('1Gi');
  });
  it('rounds whole units and thousandths up', () => {
    expect(quantity.value('1500m')).to.equal(2);
    expect(quantity.value('1Ki')).to.equal(1024);
    expect(quantity.milliValue('0.5')).to.equal(500);
    expect(quantity.milliValue('1u')).to.equal(1);
    expect(quantity.value('-1500m')).to.equal(-1);
  });
  it('tells signs and zeros', () => {
    expect(['-1m', '0', '1n'].map(quantity.sign)).to.deep.equal([-1, 0, 1]);
    expect(quantity.isZero('0.0Gi')).to.equal(true);
    expect(quantity.isZero('1n')).to.equal(false);
  });
});
