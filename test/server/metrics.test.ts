import { once } from 'node:events';
import { expect } from 'chai';
import { Metrics } from '../../src/server/metrics.js';
import { Health } from '../../src/server/health.js';
import { serverPaths } from '../../src/server/paths.js';
import { versionInfo } from '../../src/server/version.js';
import { silentLogger } from '../../src/util/log.js';
import { Listening } from '../helpers/listening.js';

/** The samples of a metric: labels (sorted, without the default empty ones) → value. */
function samples(text: string, name: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm')))
    found[
      labels
        .split(',')
        .filter((l) => !l.endsWith('=""'))
        .sort()
        .join(',')
    ] = Number(value);
  return found;
}

describe('metrics', () => {
  let on: Listening;
  let metrics: Metrics;
  beforeEach(async () => {
    metrics = new Metrics({
      version: versionInfo(),
      objectCounts: () => [
        { group: '', resource: 'pods', count: 3 },
        { group: 'apps', resource: 'deployments', count: 1 },
        // another version of it
        { group: 'apps', resource: 'deployments', count: 1 },
      ],
      isServed: ({ resource }) => resource === 'pods',
    });
    const health = new Health(silentLogger);
    const handler = serverPaths({ health, metrics, version: versionInfo(), issuer: new Map() }, async ({ info, response, signal }) => {
      if (info.verb === 'watch') {
        response.flushHeaders();
        await once(signal, 'abort');
      }
      response.end('0123456789');
    });
    on = await Listening.start(handler, { metrics });
  });
  afterEach(() => on.close());

  const scrape = async () => (await on.http1('/metrics')).text;

  it('counts requests by what they ask for', async () => {
    await on.http1('/api/v1/namespaces/ns/pods');
    await on.http2('/api/v1/pods');
    await on.http1('/api/v1/namespaces/ns/pods/p');
    await on.http1('/api/v1/namespaces/ns/pods/p', { method: 'PATCH', headers: { 'content-type': 'application/apply-patch+yaml' } });
    await on.http1('/api/v1/namespaces/ns/pods?dryRun=All', { method: 'POST' });
    await on.http1('/api/v1/namespaces/ns/pods/p/log');
    await on.http1('/healthz');
    await on.http1('/api/v1/made-up-by-a-client');
    const text = await scrape();
    const pods = 'code="200",component="apiserver",resource="pods"';
    expect(samples(text, 'apiserver_request_total')).to.deep.equal({
      [`${pods},scope="namespace",verb="LIST",version="v1"`]: 1,
      [`${pods},scope="cluster",verb="LIST",version="v1"`]: 1,
      [`${pods},scope="resource",verb="GET",version="v1"`]: 1,
      [`${pods},scope="resource",verb="APPLY",version="v1"`]: 1,
      'code="200",component="apiserver",dry_run="All",resource="pods",scope="resource",verb="POST",version="v1"': 1,
      [`${pods},scope="resource",subresource="log",verb="CONNECT",version="v1"`]: 1,
      'code="200",subresource="/healthz",verb="GET"': 1,
    });
    expect(
      samples(text, 'apiserver_response_sizes_sum')['component="apiserver",resource="pods",scope="cluster",verb="LIST",version="v1"'],
    ).to.equal(10);
    expect(
      samples(text, 'apiserver_request_duration_seconds_count')[
        'component="apiserver",resource="pods",scope="cluster",verb="LIST",version="v1"'
      ],
    ).to.equal(1);
    expect(samples(text, 'authentication_attempts')['result="success"']).to.be.greaterThan(7);
    expect(samples(text, 'authorization_attempts_total')).to.have.all.keys('result="allowed"');
  });

  it('counts open watches', async () => {
    const stream = on.session().request({ ':path': '/api/v1/pods?watch=1' });
    await once(stream, 'response');
    const labels = 'component="apiserver",resource="pods",scope="cluster",verb="WATCH",version="v1"';
    expect(samples(await scrape(), 'apiserver_longrunning_requests')[labels]).to.equal(1);
    stream.close();
    let open: number | undefined = 1;
    while (open !== 0) open = samples(await scrape(), 'apiserver_longrunning_requests')[labels];
  });

  it('reports objects, watch events, the store and the process', async () => {
    metrics.watchSent({ group: '', version: 'v1', resource: 'pods' }, [2000, 500]);
    metrics.storageRequest('get', '/registry/core/pods/default/web', 0.001);
    metrics.storageRequest('list', '/registry/apps/deployments/', 0.001);
    const text = await scrape();
    expect(samples(text, 'apiserver_resource_objects')).to.deep.equal({ 'resource="pods"': 3, 'group="apps",resource="deployments"': 1 });
    const lines = text.split('\n');
    expect(new Set(lines).size, 'no line twice').to.equal(lines.length);
    expect(samples(text, 'apiserver_storage_objects')).to.deep.equal({ 'resource="pods"': 3, 'resource="deployments.apps"': 1 });
    expect(samples(text, 'apiserver_watch_events_total')).to.deep.equal({ 'resource="pods",version="v1"': 2 });
    expect(samples(text, 'apiserver_watch_events_sizes_sum')).to.deep.equal({ 'resource="pods",version="v1"': 2500 });
    expect(samples(text, 'etcd_requests_total')).to.deep.equal({
      'operation="get",resource="pods"': 1,
      'group="apps",operation="list",resource="deployments"': 1,
    });
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds'])
      expect(samples(text, name)['']).to.be.greaterThan(0);
    expect(text).to.match(/^kubernetes_build_info\{.*git_version="v1\.36\.3",.*\} 1$/m);
    expect(samples(text, 'apiserver_current_inflight_requests')).to.have.all.keys('request_kind="readOnly"', 'request_kind="mutating"');
  });

  it('belong to one server', async () => {
    new Metrics({ version: versionInfo(), objectCounts: () => [], isServed: () => true }).watchSent(
      { group: '', version: 'v1', resource: 'pods' },
      [1],
    );
    expect(samples(await scrape(), 'apiserver_watch_events_total')).to.deep.equal({});
  });

  it('counts what PodSecurity decides; versions of the future are one', async () => {
    const { podSecurity } = metrics;
    const pod = { operation: 'create', resource: 'pod', subresource: '' } as const;
    podSecurity.evaluated('deny', 'enforce', { level: 'baseline', version: 'v1.36' }, pod);
    podSecurity.evaluated('deny', 'enforce', { level: 'baseline', version: 'v1.37' }, pod);
    podSecurity.evaluated('deny', 'enforce', { level: 'baseline', version: 'v1.99' }, pod);
    podSecurity.evaluated(
      'allow',
      'enforce',
      { level: 'privileged', version: 'v1.99' },
      { ...pod, operation: 'update', subresource: 'resize' },
    );
    podSecurity.exempted(pod);
    podSecurity.misled({ ...pod, resource: 'controller' });
    const text = await scrape();
    const evaluated = (decision: string, level: string, version: string, rest: string) =>
      `decision="${decision}",mode="enforce",policy_level="${level}",policy_version="${version}",${rest}`;
    const created = 'request_operation="create",resource="pod"';
    expect(samples(text, 'pod_security_evaluations_total')).to.deep.equal({
      [evaluated('allow', 'privileged', 'latest', created)]: 0,
      [evaluated('allow', 'privileged', 'latest', 'request_operation="update",resource="pod"')]: 0,
      [evaluated('allow', 'privileged', 'latest', 'request_operation="update",resource="pod",subresource="resize"')]: 1,
      [evaluated('deny', 'baseline', 'v1.36', created)]: 1,
      [evaluated('deny', 'baseline', 'future', created)]: 2,
    });
    expect(samples(text, 'pod_security_exemptions_total')).to.include({ [created]: 1 });
    expect(samples(text, 'pod_security_errors_total')).to.deep.equal({
      'fatal="false",request_operation="create",resource="controller"': 1,
    });
  });
});
