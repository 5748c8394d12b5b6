import { expect } from 'chai';
import { hasFractions, hasLongDigits, readJson, writeJson } from '../../src/util/exact-json.js';

describe('JSON with integers of 64 bits', () => {
  const texts = [
    '{"a":9007199254740993,"b":[-9007199254740993,9223372036854775807,-9223372036854775808]}',
    '[9007199254740991,-9007199254740991,9007199254740992]',
    '{"9007199254740993":{"":9007199254740993},"__proto__":[9007199254740993]}',
    '{"text":"[9007199254740993]","escaped":"\\":9007199254740993,\\\\","n":9007199254740993}',
    `{"marked":"\\udc009007199254740993","n":9007199254740993}`,
    `{"\\udc00":"\\udc00\\udc00","n":[9007199254740993]}`,
    '{"none":[],"empty":{},"null":null,"n":9007199254740993}',
  ];
  for (const text of texts)
    it(`comes back as it was: ${text}`, () => {
      expect(writeJson(readJson(text))).to.equal(text);
    });

  it('has others as they are', () => {
    const text = '{"a":[1.5,1e20,-0,9223372036854775808,1234567890123456789.5],"b":"9007199254740993"}';
    expect(readJson(text)).to.deep.equal(JSON.parse(text));
    expect(readJson('[9007199254740993]')).to.deep.equal([9007199254740993n]);
    expect(() => readJson('[09007199254740993]')).to.throw(SyntaxError);
  });

  it('is written like JSON.stringify writes it', () => {
    const value = { a: [1, undefined, { b: undefined, c: [] }], d: {}, e: 'x"', f: undefined };
    for (const space of [0, 2])
      expect(writeJson({ ...value, n: [1n] }, space)).to.equal(
        JSON.stringify({ ...value, n: ['@'] }, undefined, space).replace('"@"', '1'),
      );
  });

  it('is looked for by its digits, wherever they are', () => {
    for (let at = 0; at < 40; at++) {
      const text = ' '.repeat(at);
      expect([hasLongDigits(`${text}123456789012345${text}`), hasLongDigits(`${text}1234567890123456${text}`)]).to.deep.equal([
        false,
        true,
      ]);
    }
    const found = ['{"a":1.5}', '[ 1e3 ]', '[1,-2E+3]', '{"a":"nginx:1.27"}', '{"a":"1.5"}', '{"a":15}', '["v:1.5,"]'].map(hasFractions);
    expect(found).to.deep.equal([true, true, true, false, false, false, true]);
  });
});
