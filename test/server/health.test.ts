import { expect } from 'chai';
import { Health, type HealthCheck } from '../../src/server/health.js';
import { serverPaths } from '../../src/server/paths.js';
import { versionInfo } from '../../src/server/version.js';
import { silentLogger } from '../../src/util/log.js';
import { Listening, newMetrics } from '../helpers/listening.js';

describe('health', () => {
  let on: Listening;
  let health: Health;
  afterEach(() => on.close());

  async function serving(...checks: HealthCheck[]): Promise<void> {
    health = new Health(silentLogger);
    health.add(...checks);
    on = await Listening.start(
      serverPaths({ health, metrics: newMetrics(), version: versionInfo(), issuer: new Map() }, async ({ response }) => {
        response.statusCode = 404;
        response.end('elsewhere');
      }),
    );
  }
  const failing = (name: string): HealthCheck => ({
    name,
    check: () => {
      throw new Error('a secret');
    },
  });

  it('says ok when all is well', async () => {
    await serving({ name: 'etcd', check: async () => {} });
    for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping', '/healthz/etcd']) {
      const { status, text, headers } = await on.http1(path);
      expect({ path, status, text }).to.deep.equal({ path, status: 200, text: 'ok' });
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
    }
    expect((await on.http1('/healthz')).headers['x-content-type-options']).to.equal('nosniff');
  });

  it('lists the checks when asked to, and those left out', async () => {
    await serving({ name: 'etcd', check: () => {} });
    expect((await on.http1('/livez?verbose')).text).to.equal('[+]ping ok\n[+]etcd ok\nlivez check passed\n');
    expect((await on.http1('/readyz?verbose&exclude=etcd&exclude=nonsense')).text).to.equal(
      '[+]ping ok\n[+]etcd excluded: ok\n[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "nonsense"\nreadyz check passed\n',
    );
  });

  it('fails with the failing check, and its reason only under its own path', async () => {
    await serving(failing('etcd'), { name: 'later', endpoints: ['readyz'], check: () => {} });
    const { status, text } = await on.http1('/livez');
    expect(status).to.equal(500);
    expect(text).to.equal('[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n');
    expect((await on.http1('/livez/etcd')).text).to.equal('internal server error: a secret\n');
    expect((await on.http1('/livez?exclude=etcd')).text).to.equal('ok');
  });

  it('a server that stops is alive but not ready', async () => {
    await serving();
    health.stop();
    expect((await on.http1('/readyz')).status).to.equal(500);
    expect((await on.http1('/readyz/shutdown')).text).to.equal('internal server error: process is shutting down\n');
    expect((await on.http1('/livez')).status).to.equal(200);
  });

  it('leaves other paths to others', async () => {
    await serving({ name: 'ready-only', endpoints: ['readyz'], check: () => {} });
    for (const path of ['/healthz/nothing', '/livez/shutdown', '/livez/ready-only', '/healthz/', '/api/v1/pods'])
      expect((await on.http1(path)).text).to.equal('elsewhere');
    expect(health.paths()).to.deep.equal([
      '/healthz',
      '/healthz/ping',
      '/livez',
      '/livez/ping',
      '/readyz',
      '/readyz/ping',
      '/readyz/ready-only',
      '/readyz/shutdown',
    ]);
  });

  it('serves the version, as indented JSON only', async () => {
    await serving();
    const { text, json, headers } = await on.http1('/version');
    expect(json).to.include({ major: '1', minor: '36' });
    expect(json['gitVersion']).to.equal('v1.36.3');
    expect(text).to.equal(JSON.stringify(json, undefined, 2));
    expect(headers['content-type']).to.equal('application/json');
    expect((await on.http1('/version', { method: 'POST' })).status).to.equal(405);
    const refused = await on.http1('/version', { headers: { accept: 'application/yaml' } });
    expect(refused.status).to.equal(406);
    expect(refused.text).to.contain('Available representations: application/json');
  });
});
