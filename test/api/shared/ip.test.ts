import { expect } from 'chai';
import { at } from '../../../src/api/meta/field-errors.js';
import { addressText, lastOf, parseAddress, parsePrefix, prefixContains, prefixText, validateIP } from '../../../src/api/shared/ip.js';

const canonical = (text: string) => {
  const address = parseAddress(text);
  return address && addressText(address.family, address.value);
};

describe('IP addresses', () => {
  for (const [text, wanted] of [
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['fd00:0:0::0001', 'fd00::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
  ] as const)
    it(`${text} is ${wanted}`, () => {
      expect(canonical(text)).to.equal(wanted);
    });
  for (const text of ['', '10.0.0', '10.0.0.256', '1.2.3.4.5', 'fd00:::1', '1:2:3:4:5:6:7', 'g::', '10.0.0.1/8'])
    it(`${JSON.stringify(text)} is none`, () => {
      expect(parseAddress(text)).to.equal(undefined);
      expect(validateIP(text, at('ip'))).to.have.length(1);
    });
  it('lie in prefixes', () => {
    const prefix = parsePrefix('10.1.0.0/16');
    if (!prefix) throw new Error('no prefix');
    const within = (text: string) => prefixContains(prefix, parseAddress(text) as NonNullable<ReturnType<typeof parseAddress>>);
    expect([within('10.1.255.255'), within('10.2.0.0'), within('fd00::1')]).to.deep.equal([true, false, false]);
    expect(addressText('IPv4', lastOf(prefix))).to.equal('10.1.255.255');
    expect(prefixText(prefix)).to.equal('10.1.0.0/16');
  });
});
