import { expect } from 'chai';
import { KINDS } from '../../src/api/kinds.gen.js';
import { hasOwnObjects } from '../../src/controllers/runtime/controller.js';

describe('resources that have objects of their own', () => {
  it('are each in one version and one group only', async () => {
    const own = KINDS.filter(hasOwnObjects);
    const events = own.filter((r) => r.resource === 'events');
    expect(events.map((r) => r.group)).to.deep.equal(['']);
    const kinds = own.map((r) => `${r.group} ${r.kind}`);
    expect(kinds.filter((kind, i) => kinds.indexOf(kind) !== i)).to.deep.equal([]);
    expect(own.length).to.be.lessThan(KINDS.length);
  });
});
