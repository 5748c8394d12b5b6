import { expect } from 'chai';
import { crc32c, masked } from '../../src/storage/crc32c.js';
import { Damage, readLog } from '../../src/storage/level-files.js';
import { uncompress } from '../../src/storage/snappy.js';

describe('the checksum of LevelDB', () => {
  it('has the values of RFC 3720, B.4', () => {
    const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
    for (const [data, sum] of [
      [Buffer.from('123456789'), 0xe3069283],
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
      [ascending, 0x46dd794e],
      [ascending.toReversed(), 0x113fdb5c],
    ] as const) {
      expect(crc32c(Buffer.from(data), 0, data.length)).to.equal(sum);
    }
  });

  it('is of a part, wherever it begins', () => {
    const text = Buffer.from('....123456789....');
    expect(crc32c(text, 4, 13)).to.equal(0xe3069283);
    expect(crc32c(text, 4, 4)).to.equal(0);
  });
});

describe('a compressed block', () => {
  const block = (...bytes: (number | string)[]) =>
    Buffer.concat(bytes.map((b) => (typeof b === 'string' ? Buffer.from(b) : Buffer.from([b]))));

  it('is put together from literals and copies', () => {
    expect(uncompress(block(3, 2 << 2, 'abc')).toString()).to.equal('abc');
    // copies with offsets of one, two and four bytes; the first overlaps what it writes
    expect(uncompress(block(8, 0 << 2, 'a', ((7 - 4) << 2) | 1, 1)).toString()).to.equal('aaaaaaaa');
    expect(uncompress(block(6, 2 << 2, 'abc', ((3 - 1) << 2) | 2, 3, 0)).toString()).to.equal('abcabc');
    expect(uncompress(block(5, 2 << 2, 'abc', ((2 - 1) << 2) | 3, 2, 0, 0, 0)).toString()).to.equal('abcbc');
    // a long literal has its length behind the tag
    expect(uncompress(block(0xc8, 0x01, 60 << 2, 199, 'x'.repeat(200))).toString()).to.equal('x'.repeat(200));
    expect(uncompress(block(0)).length).to.equal(0);
  });

  it('is refused when it is not well formed', () => {
    for (const bad of [
      block(),
      block(3, 2 << 2, 'ab'),
      block(4, 2 << 2, 'abc'),
      block(2, 2 << 2, 'abc'),
      block(5, 0, 'a', 1, 0),
      block(5, 0, 'a', 1, 2),
      block(255, 255),
    ]) {
      expect(() => uncompress(bad)).to.throw(RangeError);
    }
  });
});

describe('a log', () => {
  const fragment = (type: number, content: Buffer) => {
    const out = Buffer.concat([Buffer.alloc(7), content]);
    out.writeUInt16LE(content.length, 4);
    out[6] = type;
    out.writeUInt32LE(masked(crc32c(out, 6, out.length)), 0);
    return out;
  };
  const full = (text: string) => fragment(1, Buffer.from(text));
  const large = Buffer.alloc(32_768 - 7, 'f');

  it('gives whole records, also those in pieces', () => {
    const { records, torn } = readLog(
      Buffer.concat([fragment(2, large), fragment(3, large), fragment(4, Buffer.from('end')), full('next')]),
    );
    expect(records.map((r) => r.length)).to.deep.equal([2 * large.length + 3, 4]);
    expect(torn).to.equal(undefined);
  });

  it('skips the end of a block too short for a fragment', () => {
    const first = fragment(1, Buffer.alloc(32_768 - 7 - 6, 'f'));
    expect(readLog(Buffer.concat([first, Buffer.alloc(6), full('next')])).records).to.have.length(2);
  });

  it('may end in a torn record', () => {
    const whole = Buffer.concat([full('one'), fragment(2, Buffer.alloc(32_768 - 7 - 10, 'f')), fragment(4, large)]);
    for (const cut of [1, 100, large.length + 3, large.length + 7])
      expect(readLog(whole.subarray(0, whole.length - cut))).to.deep.include({ torn: 'ends' });
    const garbled = Buffer.from(whole);
    garbled.fill(0, 500, 900);
    // the last piece is intact, but it is one of the torn record
    expect(readLog(garbled)).to.deep.include({ torn: 'garbled', records: [Buffer.from('one')] });
  });

  it('must not have a record behind a torn one, nor miss a piece', () => {
    const damaged = Buffer.concat([fragment(1, large), full('next')]);
    damaged[100] = 0;
    for (const bad of [
      damaged,
      Buffer.concat([fragment(2, Buffer.from('a')), full('b')]),
      Buffer.concat([fragment(4, Buffer.from('a'))]),
      Buffer.concat([full('a'), fragment(3, Buffer.from('b'))]),
    ]) {
      expect(() => readLog(bad)).to.throw(Damage);
    }
  });
});
