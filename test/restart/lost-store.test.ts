import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('a cluster whose store is taken away while it runs', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  before(async () => void (cluster = await startTestCluster({ memory: false, components: API_ONLY })));
  after(() => cluster.close());

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
});
