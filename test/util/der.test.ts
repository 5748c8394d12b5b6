import { expect } from 'chai';
import * as der from '../../src/util/der.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

describe('DER', () => {
  it('is read element by element, with lengths of every form', () => {
    const long = `0482012c${'07'.repeat(300)}`;
    const [all, more] = der.elements(bytes(`30820138${'0c0161'}${long}${'3103'}${'0101ff'}`));
    expect(more).to.equal(undefined);
    const [text, octets, set] = der.elements(der.tagged(all, der.SEQUENCE).content);
    expect(text?.content.toString()).to.equal('a');
    expect(octets?.whole.toString('hex')).to.equal(long);
    expect(set?.content.toString('hex')).to.equal('0101ff');
  });

  it('is refused when it is cut off, or has another tag than the wanted one', () => {
    expect(() => der.elements(bytes('300205'))).to.throw(der.DerError, 'data truncated');
    expect(() => der.elements(bytes('30850101010101'))).to.throw(der.DerError, 'length too large');
    expect(() => der.tagged(undefined, der.SEQUENCE)).to.throw(der.DerError, 'tags do not match');
  });
});
