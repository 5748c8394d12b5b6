import { expect } from 'chai';
import { LruCache } from '../../src/util/lru.js';

describe('an LRU cache', () => {
  it('forgets what nobody has asked for longest', () => {
    const cache = new LruCache<string, number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    expect(cache.get('a')).to.equal(1);
    cache.set('c', 3);
    expect(['a', 'b', 'c'].map((key) => cache.get(key))).to.deep.equal([1, undefined, 3]);
    cache.set('a', 4);
    cache.set('d', 5);
    expect(['a', 'c', 'd'].map((key) => cache.get(key))).to.deep.equal([4, undefined, 5]);
  });
});
