// The logs of pods whose node cannot be asked, as kube-apiserver v1.36.3 answers them.
import { expect } from 'chai';
import { nodes, pods } from '../../src/api/meta/resources.gen.js';
import type { Node, Pod } from '../../src/api/types/core-v1.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('the log of a pod', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let api: Api;
  before(async () => {
    cluster = await startTestCluster();
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    await eventually('the account of the pods', () => api.get(api.path('serviceaccounts', 'default')).then((r) => r.status === 200));
    for (const [name, nodeName] of [
      ['here', 'node-1'],
      ['lost', 'nowhere'],
      ['bare', 'bare'],
    ] as const)
      await cluster.client.create<Pod>(pods, {
        metadata: { name, namespace: 'default' },
        spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'x' }] },
      });
    await cluster.client.create<Node>(nodes, { metadata: { name: 'bare' } });
  });
  after(() => cluster.close());

  const log = async (name: string, query = '') => {
    const { status, body, text } = await api.get(`${api.path('pods', name)}/log${query}`);
    return status === 200 ? text : (body as object);
  };
  const failure = (message: string) => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });

  it('cannot be read while nobody listens on the node, which is no matter of a pod that is not there', async () => {
    await eventually('a log', async () => typeof (await log('here')) === 'string');
    const { status } = await cluster.client.get(nodes, { namespace: '', name: 'node-1' });
    const address = status?.addresses?.find((a) => a.type === 'InternalIP')?.address;
    await cluster.nodes?.stopNode('node-1');
    const refused = (query: string) =>
      failure(`Get "https://node-1:10250/containerLogs/default/here/c${query}": dial tcp ${address}:10250: connect: connection refused`);
    expect(await log('here')).to.deep.equal(refused(''));
    expect(await log('here', '?timestamps=true&follow=1&tailLines=3')).to.deep.equal(refused('?follow=true&tailLines=3&timestamps=true'));
    await cluster.nodes?.startNode('node-1');
    await eventually('a log again', async () => typeof (await log('here')) === 'string');
  });

  it('is not there where the node is not, or has no address', async () => {
    expect(await log('lost')).to.deep.include({ code: 404, reason: 'NotFound', message: 'pods "nowhere" not found' });
    expect(await log('bare')).to.deep.equal(failure('no preferred addresses found; known addresses: []'));
  });

  it('is asked for with options that are checked before anybody looks for the pod', async () => {
    expect(await log('nobody', '?tailLines=-1')).to.deep.include({ code: 422, reason: 'Invalid' });
    expect(await log('nobody')).to.deep.include({ code: 404, message: 'pods "nobody" not found' });
    const refusals: [query: string, message: string][] = [
      ['sinceTime=abc', 'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"'],
      ['tailLines=', 'strconv.ParseInt: parsing "": invalid syntax'],
      ['stream=Stdout', 'PodLogOptions "here" is invalid: stream: Forbidden: may not be specified'],
      [
        'sinceTime=2020-01-01T00:00:00Z&sinceSeconds=1',
        'PodLogOptions "here" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      ],
      [
        'limitBytes=-1&tailLines=-1',
        'PodLogOptions "here" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: -1: must be greater than 0]',
      ],
    ];
    for (const [query, message] of refusals) expect(await log('here', `?${query}`)).to.include({ message });
  });
});
