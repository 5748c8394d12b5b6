import { expect } from 'chai';
import { applyMergePatch } from '../../../src/registry/patch/merge-patch.js';

describe('JSON merge patch', () => {
  // the examples of RFC 7386, appendix A, whose documents are objects
  const cases: readonly (readonly [object, object, object])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: 1 }, { a: { b: { c: null, d: 1 } } }, { a: { b: { d: 1 } } }],
    [{}, { l: [null, { x: null, y: 1 }] }, { l: [null, { y: 1 }] }],
  ];
  for (const [document, patch, result] of cases) {
    it(`${JSON.stringify(document)} with ${JSON.stringify(patch)} is ${JSON.stringify(result)}`, () => {
      const before = JSON.stringify([document, patch]);
      expect(applyMergePatch(document, patch as Record<string, unknown>)).to.deep.equal(result);
      expect(JSON.stringify([document, patch])).to.equal(before);
    });
  }
  it('takes __proto__ for a plain key', () => {
    expect(JSON.stringify(applyMergePatch({}, JSON.parse('{"__proto__":{"x":1}}') as Record<string, unknown>))).to.equal(
      '{"__proto__":{"x":1}}',
    );
  });
});
