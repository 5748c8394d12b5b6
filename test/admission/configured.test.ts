// A server that is started with --admission-control-config-file, as its clients see it.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startCluster } from '../../src/cluster.js';
import { UserError } from '../../src/util/user-error.js';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

const CONFIGURATION = `
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  path: security.yaml
- name: EventRateLimit
  configuration:
    apiVersion: eventratelimit.admission.k8s.io/v1alpha1
    kind: Configuration
    limits: [{type: Namespace, qps: 1, burst: 1}]
- name: PodNodeSelector
  configuration:
    podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: zone=z}
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources: [{resource: services, matchContains: [nodeports]}]
`;
const SECURITY = `
apiVersion: pod-security.admission.config.k8s.io/v1
kind: PodSecurityConfiguration
defaults: {enforce: baseline}
exemptions: {usernames: [kim]}
`;

describe('a server with a configuration of admission', function () {
  this.timeout(20_000);
  let directory: string;
  let cluster: TestCluster;
  let api: Api;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubemu-test-'));
    const admissionControlConfigFile = join(directory, 'admission.yaml');
    await writeFile(admissionControlConfigFile, CONFIGURATION);
    await writeFile(join(directory, 'security.yaml'), SECURITY);
    cluster = await startTestCluster({
      components: API_ONLY,
      disableAdmissionPlugins: ['ServiceAccount'],
      enableAdmissionPlugins: ['EventRateLimit', 'PodNodeSelector'],
      admissionControlConfigFile,
      notReadyTolerationSeconds: 60,
      unreachableTolerationSeconds: 0,
    });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
  });
  after(async () => {
    await cluster.close();
    await rm(directory, { recursive: true });
  });

  const pod = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });

  it('goes by the defaults of PodSecurity, and lets exempt users be', async () => {
    const { body } = await api.post(api.path('pods'), pod('p', { hostPID: true })).expect(403);
    expect(body.message).to.equal('pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)');
    const asKim = api.post(api.path('pods'), pod('p', { hostPID: true }));
    await asKim.set('impersonate-user', 'kim').set('impersonate-group', 'system:masters').expect(201);
    const { text } = await api.get('/metrics').expect(200);
    expect(text).to.contain('pod_security_exemptions_total{request_operation="create",resource="pod",subresource=""} 1\n');
    expect(text).to.match(
      /^pod_security_evaluations_total\{decision="deny",policy_level="baseline",policy_version="latest",mode="enforce",.* 1$/m,
    );
  });

  it('gives pods the time of the server on nodes that fail', async () => {
    const { body } = await api.post(`${api.path('pods')}?dryRun=All`, pod('q')).expect(201);
    expect(body.spec.tolerations.map((t: { key: string; tolerationSeconds: number }) => [t.key, t.tolerationSeconds])).to.deep.equal([
      ['node.kubernetes.io/not-ready', 60],
      ['node.kubernetes.io/unreachable', 0],
    ]);
  });

  it('gives pods the nodes of the cluster', async () => {
    const { body } = await api.post(api.path('pods'), pod('selected')).expect(201);
    expect(body.spec.nodeSelector).to.deep.equal({ zone: 'z' });
  });

  it('refuses what no quota counts', async () => {
    const service = { metadata: { name: 's' }, spec: { type: 'NodePort', ports: [{ port: 80 }] } };
    const { body } = await api.post(api.path('services'), service).expect(403);
    expect(body.message).to.equal('services "s" is forbidden: insufficient quota to consume: services.nodeports');
  });

  it('answers 429 to more events than it takes', async () => {
    const event = (name: string) => ({ metadata: { name }, involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => api.post(api.path('events'), event(name))));
    expect(answers.map(({ status }) => status)).to.include(201);
    const { body, headers } = answers.find(({ status }) => status !== 201) as (typeof answers)[number];
    expect(body).to.deep.equal({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Too many requests: limit reached on type Namespace for key default',
      reason: 'TooManyRequests',
      code: 429,
    });
    expect(headers).not.to.have.property('retry-after');
  });

  it('is not started with a wrong one, and nothing is made then', async () => {
    const [admissionControlConfigFile, dataDir] = ['wrong.yaml', 'data'].map((name) => join(directory, name)) as [string, string];
    await writeFile(admissionControlConfigFile, CONFIGURATION.replace('qps', 'rate'));
    const options = { dataDir, admissionControlConfigFile, enableAdmissionPlugins: ['EventRateLimit'] };
    const error: unknown = await startCluster({ ...options, securePort: 0, components: API_ONLY }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.equal(
      `--admission-control-config-file=${admissionControlConfigFile}: plugins[1].configuration: limits[0].qps: Invalid value: 0: must be positive`,
    );
    expect(await readdir(directory)).not.to.include('data');
  });
});
