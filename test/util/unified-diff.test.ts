import { expect } from 'chai';
import { unifiedDiff } from '../../src/util/unified-diff.js';

const text = (...lines: (string | number)[]) => lines.join('\n');
const count = (to: number) => Array.from({ length: to }, (_, i) => i + 1);

describe('unified differences', () => {
  it('say nothing of equal texts', () => expect(unifiedDiff('a\nb', 'a\nb')).to.equal(''));
  it('show a changed line between three lines of either side', () => {
    const before = count(9);
    const after = before.map((n) => (n === 5 ? 'five' : n));
    expect(unifiedDiff(text(...before), text(...after))).to.equal('@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n');
  });
  it('show lines that come and go', () => {
    expect(unifiedDiff('a\nb', 'a\nx\nb')).to.equal('@@ -1,2 +1,3 @@\n a\n+x\n b\n');
    expect(unifiedDiff('a\nb', 'b')).to.equal('@@ -1,2 +1 @@\n-a\n b\n');
  });
  it('put changes close to one another together, and others apart', () => {
    const heads = (a: number, b: number) => {
      const after = count(30).map((n) => (n === a || n === b ? 'x' : n));
      return unifiedDiff(text(...count(30)), text(...after)).match(/^@@.*@@$/gm);
    };
    expect(heads(10, 16)).to.deep.equal(['@@ -7,13 +7,13 @@']);
    expect(heads(10, 18)).to.deep.equal(['@@ -7,7 +7,7 @@', '@@ -15,7 +15,7 @@']);
  });
  it('find the shortest way', () => {
    expect(unifiedDiff('a\nb\nc\nd', 'b\nc\nd\na').match(/^[-+][a-d]$/gm)).to.deep.equal(['-a', '+a']);
  });
});
