import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

const FEATURES = ['InPlacePodLevelResourcesVerticalScaling', 'InPlacePodVerticalScalingInitContainers'];

describe('a change of a pod that has a node', function () {
  this.timeout(20_000);
  let cluster: TestCluster;
  let api: Api;
  const resources = (cpu: string, memory = '64Mi') => ({ requests: { cpu, memory }, limits: { cpu: '20', memory: '20Gi' } });
  const main = (cpu: string, memory?: string) => ({ containers: [{ name: 'c', resources: resources(cpu, memory) }] });
  const initial = (cpu: string) => ({ initContainers: [{ name: 'i', resources: resources(cpu) }] });

  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    await api.create('serviceaccounts', { metadata: { name: 'default' } });
    const allocatable = { cpu: '1', memory: '1Gi' };
    for (const [name, os, declaredFeatures] of [
      ['able', 'linux', FEATURES],
      ['old', 'linux', []],
      ['windows', 'windows', FEATURES],
      ['gone', 'linux', []],
    ] as const) {
      await api.post('/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/os': os } } }).expect(201);
      const status = { allocatable, capacity: allocatable, declaredFeatures };
      await api.patch(`/api/v1/nodes/${name}/status`, 'merge-patch', { status }).expect(200);
      const containers = [{ name: 'c', image: 'i', resources: resources('100m') }];
      const initContainers = [{ name: 'i', image: 'i', resources: resources('10m') }];
      await api.create('pods', { metadata: { name }, spec: { nodeName: name, containers, initContainers } });
      await api.create('pods', { metadata: { name: `${name}-whole` }, spec: { nodeName: name, resources: resources('200m'), containers } });
    }
    await api.delete('/api/v1/nodes/gone').expect(200);
  });
  after(() => cluster.close());

  async function resize(name: string, spec: object) {
    const { body, status } = await api.patch(`${api.path('pods', name, 'resize')}?dryRun=All`, 'strategic-merge-patch', { spec });
    const message = status === 200 ? '' : (body.message as string).replace(`pods "${name}" is forbidden: `, '');
    return { message, reason: body.details?.causes?.[0]?.reason as string | undefined };
  }

  it('fits the node: requests together are no more than it has to give', async () => {
    expect(await resize('able', main('1'))).to.deep.equal({ message: '', reason: undefined });
    expect(await resize('able', main('2', '2Gi'))).to.deep.equal({
      message:
        "node didn't have enough allocatable resources: cpu, requested: 2000, allocatable: 1000; memory, requested: 2147483648, allocatable: 1073741824",
      reason: 'NodeCapacity',
    });
    const whole = await resize('able-whole', { resources: { requests: { cpu: '3' } } });
    expect(whole.message).to.equal("node didn't have enough allocatable resources: cpu, requested: 3000, allocatable: 1000");
  });

  it('is refused where the node is not there, or cannot resize', async () => {
    expect((await resize('gone', main('200m'))).message).to.equal('node "gone" not found');
    expect((await resize('gone', main('100m'))).message, 'nothing changes').to.equal('');
    expect(await resize('windows', main('200m'))).to.deep.equal({
      message: 'pod resize is only supported on linux nodes, node "windows" is "windows"',
      reason: 'UnsupportedPlatform',
    });
  });

  it('needs features that the node declares', async () => {
    const refused = (feature: string) => `pod update requires features ${feature} which are not available on node "old"`;
    expect((await resize('old', initial('20m'))).message).to.equal(refused('InPlacePodVerticalScalingInitContainers'));
    expect((await resize('able', initial('20m'))).message).to.equal('');
    const whole = { resources: { requests: { cpu: '300m' } } };
    expect((await resize('old-whole', whole)).message).to.equal(refused('InPlacePodLevelResourcesVerticalScaling'));
    expect((await resize('able-whole', whole)).message).to.equal('');
    expect((await resize('old', main('200m'))).message).to.equal('');
  });
});
