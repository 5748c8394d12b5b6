import { expect } from 'chai';
import * as der from '../../src/util/der.js';

const hex = (bytes: Buffer) => bytes.toString('hex');

describe('DER', () => {
  it('writes lengths in the shortest form', () => {
    expect(hex(der.octetString(Buffer.alloc(127))).slice(0, 4)).to.equal('047f');
    expect(hex(der.octetString(Buffer.alloc(128))).slice(0, 6)).to.equal('048180');
    expect(hex(der.octetString(Buffer.alloc(256))).slice(0, 8)).to.equal('04820100');
  });

  it('writes positive numbers without a byte too many', () => {
    const integer = (...bytes: number[]) => hex(der.integer(Buffer.from(bytes)));
    expect(integer(2)).to.equal('020102');
    expect(integer(0, 0, 5)).to.equal('020105');
    expect(integer(0x80, 1)).to.equal('0203008001');
    expect(integer(0, 0)).to.equal('020100');
  });

  it('writes object identifiers', () => {
    expect(hex(der.objectIdentifier('1.2.840.113549'))).to.equal('06062a864886f70d');
    expect(hex(der.objectIdentifier('2.5.29.17'))).to.equal('0603551d11');
  });

  it('writes flags without trailing zeros', () => {
    expect(hex(der.flags(0, 2))).to.equal('030205a0');
    expect(hex(der.flags(5, 0, 2))).to.equal('030202a4');
    expect(hex(der.flags(8))).to.equal('0303070080');
  });

  it('writes times before and after 2050', () => {
    expect(der.time(new Date('2049-12-31T23:59:59.9Z')).toString('latin1')).to.equal('\x17\x0d491231235959Z');
    expect(der.time(new Date('2050-01-01T00:00:00Z')).toString('latin1')).to.equal('\x18\x0f20500101000000Z');
  });

  it('reads what it writes', () => {
    const long = der.octetString(Buffer.alloc(70_000, 7));
    const [all, more] = der.elements(der.sequence(der.utf8('a'), long, der.set(der.TRUE)));
    expect(more).to.equal(undefined);
    const [text, octets, one] = der.elements(der.tagged(all, der.SEQUENCE).content);
    expect(text?.content.toString()).to.equal('a');
    expect(octets?.whole.equals(long)).to.equal(true);
    expect(hex(one?.content ?? Buffer.alloc(0))).to.equal('0101ff');
  });

  it('refuses what is cut off, and another tag than the wanted one', () => {
    expect(() => der.elements(der.sequence(der.nothing).subarray(0, 3))).to.throw(der.DerError, 'data truncated');
    expect(() => der.elements(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).to.throw(der.DerError, 'length too large');
    expect(() => der.tagged(undefined, der.SEQUENCE)).to.throw(der.DerError, 'tags do not match');
  });
});
