import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { openLevel } from '../../src/storage/level.js';
import { Api, refused } from '../suites/api/session.js';

describe('a cluster whose store is taken away while it runs', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  beforeEach(async () => void (cluster = await startTestCluster({ memory: false, components: API_ONLY })));
  afterEach(() => cluster.close());

  it('says so when it is asked for its health, and when it is back', async () => {
    const api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    const health = async () => {
      const answers = await Promise.all(['/healthz', '/livez', '/readyz'].map((path) => api.get(path)));
      return answers.map(({ status, text }) => `${status} ${text.split('\n').find((line) => line.includes('etcd')) ?? text}`);
    };
    expect(await health()).to.deep.equal(Array(3).fill('200 ok'));
    const store = join(cluster.settings.dataDir, 'store');
    await rename(store, `${store}.away`);
    expect(await health()).to.deep.equal(Array(3).fill('500 [-]etcd failed: reason withheld'));
    expect((await api.get('/readyz/etcd')).text).to.match(/^internal server error: .*ENOENT: no such file or directory/);
    await rename(`${store}.away`, store);
    expect(await health()).to.deep.equal(Array(3).fill('200 ok'));
  });

  it('acknowledges no write that would be lost, goes on reading, and writes again when it is back', async () => {
    const api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    await api.configMap('before');
    const store = join(cluster.settings.dataDir, 'store');
    await rename(store, `${store}.away`);
    for (let i = 0; i < 2; i++)
      refused(
        await api.post(api.path('configmaps'), { metadata: { name: 'lost' } }),
        503,
        'ServiceUnavailable',
        /the write did not reach the disk: ENOENT/,
      );
    await api.get(api.path('configmaps', 'before')).expect(200);
    await rename(`${store}.away`, store);
    await api.configMap('after');
  });

  it('begins no other store in its place', async () => {
    const api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    const store = join(cluster.settings.dataDir, 'store');
    const write = () => api.post(api.path('configmaps'), { metadata: { name: 'lost' } });
    for (const name of await readdir(store)) await rm(join(store, name));
    refused(await write(), 503, 'ServiceUnavailable', /the write did not reach the disk/);
    refused(await write(), 503, 'ServiceUnavailable', /there is no store in .* any more/);
    await (await openLevel({ directory: join(cluster.settings.dataDir, 'other') })).close();
    await rm(store, { recursive: true });
    await rename(join(cluster.settings.dataDir, 'other'), store);
    refused(await write(), 503, 'ServiceUnavailable', /the write did not reach the disk/);
    expect((await api.get('/readyz/etcd')).status).to.equal(500);
  });
});
