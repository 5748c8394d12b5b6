import { expect } from 'chai';
import { applyJsonPatch, JsonPatchError, type Operation } from '../../../src/registry/patch/json-patch.js';

const patched = (document: unknown, ...operations: Operation[]) => applyJsonPatch(document, operations);

describe('JSON patch', () => {
  const document = () => ({ data: { a: '1', b: '2', 'x/y': '3', 'm~n': '4' }, list: [{ n: 'a' }, { n: 'b' }] });

  it('adds, copies, moves, tests, replaces and removes, one after the other', () => {
    const result = patched(
      document(),
      { op: 'add', path: '/data/c', value: '3' },
      { op: 'copy', from: '/data/a', path: '/data/d' },
      { op: 'move', from: '/data/b', path: '/data/e' },
      { op: 'test', path: '/data/d', value: '1' },
      { op: 'replace', path: '/data/a', value: 'z' },
      { op: 'remove', path: '/data/x~1y' },
      { op: 'remove', path: '/data/m~0n' },
    );
    expect(result).to.deep.equal({ data: { a: 'z', c: '3', d: '1', e: '2' }, list: [{ n: 'a' }, { n: 'b' }] });
  });
  it('leaves the document as it is, also where the patch fails', () => {
    const before = document();
    expect(() => patched(before, { op: 'remove', path: '/data/a' }, { op: 'test', path: '/data/b', value: 'x' })).to.throw(JsonPatchError);
    patched(before, { op: 'add', path: '/list/0/m', value: 1 });
    expect(before).to.deep.equal(document());
  });
  it('can be applied again: the result shares nothing with the patch', () => {
    const value = { k: ['v'] };
    const first = patched({}, { op: 'add', path: '/a', value }) as { a: typeof value };
    first.a.k.push('w');
    expect(value).to.deep.equal({ k: ['v'] });
  });

  it('takes list positions, `-` for the end, and negative ones from the end', () => {
    const list = (...operations: Operation[]) => (patched({ l: ['a', 'b', 'c'] }, ...operations) as { l: string[] }).l;
    expect(list({ op: 'add', path: '/l/-', value: 'd' }, { op: 'add', path: '/l/0', value: 'first' })).to.deep.equal([
      'first',
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(list({ op: 'add', path: '/l/-1', value: 'neg' })).to.deep.equal(['a', 'b', 'c', 'neg']);
    expect(list({ op: 'remove', path: '/l/-1' })).to.deep.equal(['a', 'b']);
    expect(list({ op: 'replace', path: '/l/-3', value: 'z' })).to.deep.equal(['z', 'b', 'c']);
    expect(list({ op: 'move', from: '/l/0', path: '/l/1' })).to.deep.equal(['b', 'a', 'c']);
    expect(list({ op: 'add', path: '/l/3', value: 'end' })).to.deep.equal(['a', 'b', 'c', 'end']);
  });
  it('replaces a key that an object does not have, and the whole document', () => {
    expect(patched({ a: {} }, { op: 'replace', path: '/a/absent', value: 'x' })).to.deep.equal({ a: { absent: 'x' } });
    expect(patched({ a: 1 }, { op: 'replace', path: '', value: { b: 2 } })).to.deep.equal({ b: 2 });
  });
  it('takes an absent value for null', () => {
    expect(
      patched({ a: 1 }, { op: 'add', path: '/b' }, { op: 'test', path: '/b' }, { op: 'test', path: '/none', value: null }),
    ).to.deep.equal({ a: 1, b: null });
  });
  it('does not reach the prototype', () => {
    const result = patched({ a: {} }, { op: 'add', path: '/a/__proto__', value: { polluted: true } });
    expect(JSON.stringify(result)).to.equal('{"a":{"__proto__":{"polluted":true}}}');
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
    expect(() => patched({}, { op: 'add', path: '/constructor/prototype/x', value: 1 })).to.throw(JsonPatchError);
  });

  const refused: readonly Operation[] = [
    { op: 'remove', path: '/data/absent' },
    { op: 'add', path: '/nope/deep/x', value: 'x' },
    { op: 'test', path: '/data/a', value: 'other' },
    { op: 'fly', path: '/data/a' },
    { path: '/data/a' },
    { op: 'add' },
    { op: 'add', path: 'data', value: {} },
    { op: 'move', path: '/data/z' },
    { op: 'copy', from: '/none/x', path: '/data/z' },
    { op: 'remove', path: '/list/9' },
    { op: 'remove', path: '/list/-9' },
    { op: 'add', path: '/list/9', value: {} },
    { op: 'add', path: '/list/x', value: {} },
    { op: 'replace', path: '/list/2', value: {} },
    { op: 'replace', path: '', value: 'scalar' },
    { op: 'add', path: '/data/a/b', value: 1 },
  ];
  for (const operation of refused)
    it(`refuses ${JSON.stringify(operation)}`, () => expect(() => patched(document(), operation)).to.throw(JsonPatchError));
});
