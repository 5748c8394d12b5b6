import { expect } from 'chai';
import { openMemory } from '../../src/storage/memory.js';
import { Feed } from '../../src/watch/feed.js';
import { record, textItem, turn } from '../helpers/recorder.js';

const PODS = '/registry/core/pods/';

describe('a change', () => {
  it('that is no longer new does not keep what was encoded of it', async () => {
    const storage = openMemory();
    const feed = new Feed({ storage });
    const pods = feed.cache(PODS, textItem);
    await feed.start();
    const { recorder } = record(pods, { after: 'now' });
    await storage.create(`${PODS}a/0`, Buffer.from('1'));
    recorder.changes[0]?.forms.set('json', Buffer.from('{}'));
    await Promise.all(Array.from({ length: 400 }, (_, i) => storage.create(`${PODS}b/${i}`, Buffer.from('1'))));
    const replayed = record(pods, { after: 0 }).recorder;
    await turn();
    expect(replayed.changes).to.have.length(401);
    expect(replayed.changes[0]?.forms.size).to.equal(0);
    expect(replayed.changes[0]?.item).to.equal(recorder.changes[0]?.item);
    expect(replayed.changes[400]).to.equal(recorder.changes[400]);
    feed.stop();
    await storage.close();
  });
});
