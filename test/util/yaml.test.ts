import { expect } from 'chai';
import { parseYaml, stringifyYaml, YamlError } from '../../src/util/yaml.js';

describe('reading YAML', () => {
  it('takes scalars as Go takes them: YAML 1.1 without dates and sexagesimals', () => {
    const text =
      'a: yes\nb: 0644\nc: 1:30\nd: 2026-01-02\ne: {<<: {p: 1}, q: 1e3}\nf: 089\ng: 0x1f\nh: 1_000\ni: ~\nj: "1"\nk: 0b11\nl: -.5';
    expect(parseYaml(text)).to.deep.equal({
      value: { a: true, b: 420, c: '1:30', d: '2026-01-02', e: { p: 1, q: 1000 }, f: 89, g: 31, h: 1000, i: null, j: '1', k: 3, l: -0.5 },
      duplicates: [],
    });
  });
  it('reads the first document only, and null from an empty text', () => {
    expect(parseYaml('a: 1\n---\nb: 2').value).to.deep.equal({ a: 1 });
    expect(parseYaml('---\na: 1\n...\n').value).to.deep.equal({ a: 1 });
    for (const text of ['', '# comment\n', '~', '---\n']) expect(parseYaml(text).value).to.equal(null);
  });
  it('tells keys that occur twice, by line; the last value counts', () => {
    expect(parseYaml('a: {k: v, k: w}\nb:\n  c: 1\n  c: 2\na: 3')).to.deep.equal({
      value: { a: 3, b: { c: 2 } },
      duplicates: ['line 1: key "k" already set in map', 'line 4: key "c" already set in map', 'line 5: key "a" already set in map'],
    });
    expect(parseYaml('{"a":1,"a":2}').duplicates).to.deep.equal(['line 1: key "a" already set in map']);
  });
  it('does not take aliases and keys of other maps for duplicates', () => {
    expect(parseYaml('a: &x {k: 1}\nb: *x\nc: [{k: 1}, {k: 2}]\nd: {k: 1}').duplicates).to.deep.equal([]);
  });
  for (const [text, message] of [
    ['a: [1\nb: 2', "yaml: line 1: did not find expected ',' or ']'"],
    ['x: y\na: {b: c\nd: e', "yaml: line 2: did not find expected ',' or '}'"],
    ['a: {b: "[", c', "yaml: line 1: did not find expected ',' or '}'"],
    ['a: {b: c]', "yaml: did not find expected ',' or '}'"],
    ['\n\na: [b\n\n', "yaml: line 4: did not find expected ',' or ']'"],
    ['x: y\na: {', 'yaml: line 2: did not find expected node content'],
    ['a: {b:', 'yaml: line 1: did not find expected node content'],
    ['a:\n\t- x', 'yaml: line 2: found character that cannot start any token'],
    ['x: *y', "yaml: unknown anchor 'y' referenced"],
    ['a: b: c', 'yaml: mapping values are not allowed in this context'],
    ['"abc', 'yaml: found unexpected end of stream'],
    [`a: ${'['.repeat(2000)}`, 'yaml: exceeded max depth of 1000'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} in go-yaml's words`, () => expect(() => parseYaml(text)).to.throw(YamlError, message));
  }
});

describe('printing YAML', () => {
  // each line is what kube-apiserver v1.36.3 answers for a value in a ConfigMap
  const texts: readonly (readonly [string, string])[] = [
    ['abc', 'abc'],
    ['', '""'],
    ['yes', '"yes"'],
    ['No', '"No"'],
    ['y', '"y"'],
    ['ON', '"ON"'],
    ['123', '"123"'],
    ['1.5', '"1.5"'],
    ['1e3', '"1e3"'],
    ['0x1f', '"0x1f"'],
    ['09', '"09"'],
    ['1_000', '"1_000"'],
    ['2026-01-02', '"2026-01-02"'],
    ['2026-01-02T03:04:05Z', '"2026-01-02T03:04:05Z"'],
    ['2026-01-02 03:04:05', '"2026-01-02 03:04:05"'],
    ['1:30', '"1:30"'],
    ['~', '"~"'],
    ['null', '"null"'],
    ['.inf', '".inf"'],
    ['.5', '".5"'],
    ['1e', '1e'],
    ['<<', '<<'],
    ['=', '='],
    ['- a', "'- a'"],
    ['-a', '-a'],
    ['---', "'---'"],
    ['...', "'...'"],
    ['a: b', "'a: b'"],
    ['a:b', 'a:b'],
    ['a:', "'a:'"],
    ['a #b', "'a #b'"],
    ['a#b', 'a#b'],
    [' a', "' a'"],
    ['a ', "'a '"],
    ['"a"', '\'"a"\''],
    ["it's", "it's"],
    ["'a'", "'''a'''"],
    ['@a', "'@a'"],
    ['?', "'?'"],
    ['{a}', "'{a}'"],
    ['a,b', 'a,b'],
    ['a\\b', 'a\\b'],
    ['é ☃', 'é ☃'],
    ['😀', '"\\U0001F600"'],
    ['a\tb', '"a\\tb"'],
    ['a\rb', '"a\\rb"'],
    ['a\u0001b', '"a\\x01b"'],
    ['a\nb', '|-\n  a\n  b'],
    ['a\nb\n', '|\n  a\n  b'],
    ['a\nb\n\n', '|+\n  a\n  b\n'],
    ['\na', '|2-\n\n  a'],
    ['  a\nb', '|2-\n    a\n  b'],
    ['a \nb', '"a \\nb"'],
    ['a\n b\n', '|\n  a\n   b'],
  ];
  for (const [text, printed] of texts) it(JSON.stringify(text), () => expect(stringifyYaml({ k: text })).to.equal(`k: ${printed}\n`));

  it('sorts keys, numbers in them by value, and puts the dashes of a list below its key', () => {
    const value = { b: [{ y: 1, x: [] }, 'z', [1, [2]]], a10: {}, a9: null, A: true, list: [], n: { m: { l: 0.5 } }, gone: undefined };
    expect(stringifyYaml(value)).to.equal(
      'A: true\na9: null\na10: {}\nb:\n- x: []\n  "y": 1\n- z\n- - 1\n  - - 2\nlist: []\n"n":\n  m:\n    l: 0.5\n',
    );
  });
  it('prints as go-yaml v3 prints what it has read: keys in their order, four spaces, long lines, texts of YAML 1.2', () => {
    const value = { b: [true, { c: { d: [{ e: 1 }, [2, [3]]] } }], a: { f: '' }, g: [], h: 'yes', i: '1', j: `${'x '.repeat(60)}x` };
    expect(stringifyYaml(value, 'v3')).to.equal(
      `b:\n    - true\n    - c:\n        d:\n            - e: 1\n            - - 2\n              - - 3\na:\n    f: ""\ng: []\nh: yes\ni: "1"\nj: ${value.j}\n`,
    );
    expect(stringifyYaml([{ a: { b: 1 }, c: [1] }], 'v3')).to.equal('- a:\n    b: 1\n  c:\n    - 1\n');
    expect(stringifyYaml('on', 'v3')).to.equal('on\n');
  });
  it('breaks long texts behind column 80', () => {
    const words = 'word '.repeat(40).trim();
    expect(
      stringifyYaml({ a: { long: words } })
        .split('\n')
        .slice(0, 3),
    ).to.deep.equal(['a:', `  long: ${'word '.repeat(15).trim()}`, `    ${'word '.repeat(16).trim()}`]);
    expect(stringifyYaml({ a: 'x'.repeat(200) })).to.equal(`a: ${'x'.repeat(200)}\n`);
  });
  it('prints what it reads', () => {
    const value = {
      data: Object.fromEntries(texts.map(([text], i) => [`k${i}`, text])),
      list: [[], {}, [{ a: ['x\n'] }]],
      n: [1, 1.5, true, null],
    };
    expect(parseYaml(stringifyYaml(value)).value).to.deep.equal(value);
  });
});
