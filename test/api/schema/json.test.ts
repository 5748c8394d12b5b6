import { expect } from 'chai';
import { inDocumentOrder, JsonError, parseJson } from '../../../src/api/schema/json.js';

describe('JSON', () => {
  it('is parsed as JavaScript parses it', () => {
    const text = '{"a":[1,-2.5e3,true,null,"\\u00e9\\n\\"{\\\\"],"b":{":":{}},"":""}';
    expect(parseJson(text)).to.deep.equal({ value: JSON.parse(text) as unknown, duplicates: [] });
  });

  it('tells keys that occur twice, with their paths; the last value counts', () => {
    expect(parseJson('{"spec":{"x":1,"l":[{"a":1,"a":2}],"x":2},"y":1}')).to.deep.equal({
      value: { spec: { x: 2, l: [{ a: 2 }] }, y: 1 },
      duplicates: ['duplicate field "spec.l[0].a"', 'duplicate field "spec.x"'],
    });
  });
  it('orders complaints as the document has what they are about', () => {
    const text = '{"a":1,"m":{"x.y/z":1,"b":2,"x.y/z":3},"l":[{"c":1}],"d":1,"a":2}';
    const complaints = [
      'unknown field "m.b"',
      'unknown field "l[0].c"',
      'duplicate field "m.x.y/z"',
      'duplicate field "a"',
      'unknown field "d"',
    ];
    expect(inDocumentOrder(text, complaints.toReversed())).to.deep.equal([
      'unknown field "m.b"',
      'duplicate field "m.x.y/z"',
      'unknown field "l[0].c"',
      'unknown field "d"',
      'duplicate field "a"',
    ]);
  });

  it('merges objects that are given twice', () => {
    expect(parseJson('{"m":{"a":1,"b":{"c":1}},"m":{"b":{"d":2}}}').value).to.deep.equal({ m: { a: 1, b: { c: 1, d: 2 } } });
    expect(parseJson('{"m":{"a":1},"m":[1]}').value).to.deep.equal({ m: [1] });
  });
  it('is not misled by quotes and colons in texts', () => {
    expect(parseJson('{"a":"\\\\","b":"\\":","c" : "x\\\\\\":"}').duplicates).to.deep.equal([]);
  });

  it('reads half a surrogate pair as U+FFFD', () => {
    expect(parseJson('{"\\ud83d":["\\ud83d\\ude00","a\\udc00"]}').value).to.deep.equal({ '\ufffd': ['😀', 'a\ufffd'] });
  });

  // what kube-apiserver v1.36.3 says
  const malformed: readonly (readonly [string, string])[] = [
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a": "b"', 'unexpected end of JSON input'],
    ['{"a": {"name": "a"}} trailing', "invalid character 't' after top-level value"],
    ['{"a": {"name": "a",}}', "invalid character '}' looking for beginning of object key string"],
    ["{'a': {}}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a": "b" "x": 1}', "invalid character '\"' after object key:value pair"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":"b\u0001"}', "invalid character '\\x01' in string literal"],
    ['{"a":"b\nc"}', "invalid character '\\n' in string literal"],
    ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
    ['{"a":"\\u00g0"}', "invalid character 'g' in \\u hexadecimal character escape"],
    ['nonsense', "invalid character 'o' in literal null (expecting 'u')"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1e+x', "invalid character 'x' in exponent of numeric literal"],
    ['01', "invalid character '1' after top-level value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
  ];
  for (const [text, message] of malformed)
    it(`${JSON.stringify(text)}: ${message}`, () => expect(() => parseJson(text)).to.throw(JsonError, message));

  it('has a limit of nesting', () => {
    expect(() => parseJson('['.repeat(1001) + ']'.repeat(1001))).to.throw(JsonError, "invalid character '[' exceeded max depth");
    expect(() => parseJson('['.repeat(1000) + ']'.repeat(1000))).not.to.throw();
  });
});
