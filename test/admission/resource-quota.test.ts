import { expect } from 'chai';
import { admit, refusal } from './helpers.js';

const quota = (hard: Record<string, string>, used: Record<string, string>, spec: object = {}, name = 'q') => ({
  metadata: { name, namespace: 'ns' },
  spec: { hard, ...spec },
  status: { hard, used },
});
const named = (spec: object) => ({ metadata: { name: 'x', namespace: 'ns' }, spec });
const pod = (resources: object, more: object = {}) => named({ containers: [{ name: 'c', image: 'x', resources }], ...more });

/** What the quota has booked after the write. */
async function booked(resource: string, object: object, q: object, old?: object): Promise<unknown> {
  const { world } = await admit({ resource, object, ...(old && { old }), world: { resourcequotas: [q] } });
  const [first] = world['resourcequotas'] as readonly { status: { used: unknown } }[];
  return first?.status.used;
}

describe('ResourceQuota', () => {
  it('books what an object uses', async () => {
    const hard = { pods: '3', 'requests.cpu': '2', 'limits.memory': '1Gi', 'requests.e.com/gpu': '4' };
    const used = { pods: '1', 'requests.cpu': '500m', 'limits.memory': '0', 'requests.e.com/gpu': '0' };
    const object = pod({ requests: { cpu: '250m', 'e.com/gpu': '2' }, limits: { memory: '512Mi' } });
    expect(await booked('pods', object, quota(hard, used))).to.deep.equal({
      pods: '2',
      'requests.cpu': '750m',
      'limits.memory': '512Mi',
      'requests.e.com/gpu': '2',
    });
  });

  it('refuses what is too much, and books nothing then', async () => {
    const full = quota({ configmaps: '1' }, { configmaps: '1' }, {}, 'full');
    const world = { resourcequotas: [quota({ configmaps: '9' }, { configmaps: '1' }), full] };
    const before = structuredClone(world);
    expect(await refusal({ resource: 'configmaps', object: named({}), world })).to.equal(
      'configmaps "x" is forbidden: exceeded quota: full, requested: configmaps=1, used: configmaps=1, limited: configmaps=1',
    );
    expect(world).to.deep.equal(before);
  });

  it('counts objects of every kind by count/', async () => {
    const deployments = { resourcequotas: [quota({ 'count/deployments.apps': '0' }, { 'count/deployments.apps': '0' })] };
    expect(await refusal({ group: 'apps', resource: 'deployments', object: named({ template: {} }), world: deployments })).to.contain(
      'requested: count/deployments.apps=1',
    );
    expect(await refusal({ resource: 'configmaps', object: named({}), world: deployments })).to.equal('admitted');
  });

  it('asks for what it limits', async () => {
    const world = { resourcequotas: [quota({ 'requests.cpu': '1' }, { 'requests.cpu': '0' })] };
    expect(await refusal({ resource: 'pods', object: pod({}), world })).to.contain('failed quota: q: must specify requests.cpu for: c');
  });

  it('cannot tell before the controller has counted', async () => {
    const world = { resourcequotas: [quota({ configmaps: '5' }, {})] };
    expect(await refusal({ resource: 'configmaps', object: named({}), world })).to.contain(
      'status unknown for quota: q, resources: configmaps',
    );
  });

  it('names all resources of a quota that is not counted, also those that are', async () => {
    const world = { resourcequotas: [quota({ configmaps: '5', 'count/configmaps': '5' }, { configmaps: '1' })] };
    expect(await refusal({ resource: 'configmaps', object: named({}), world })).to.contain('resources: configmaps,count/configmaps');
  });

  it('books the increase of an update, and nothing for less', async () => {
    const service = (type: string, ports: number) => named({ type, ports: Array.from({ length: ports }, (_, i) => ({ port: i + 1 })) });
    const q = quota({ services: '5', 'services.nodeports': '3' }, { services: '1', 'services.nodeports': '1' });
    expect(await booked('services', service('NodePort', 2), q, service('ClusterIP', 2))).to.include({
      services: '1',
      'services.nodeports': '3',
    });
    expect(await booked('services', service('ClusterIP', 1), q, service('NodePort', 1))).to.include({ 'services.nodeports': '1' });
  });

  it('counts what its scopes are about', async () => {
    const scoped = (spec: object) => ({ resourcequotas: [quota({ pods: '0' }, { pods: '0' }, spec)] });
    const check = (spec: object, object: object) => refusal({ resource: 'pods', object, world: scoped(spec) });
    const ends = pod({}, { activeDeadlineSeconds: 5 });
    const burstable = pod({ requests: { cpu: '1m' } });
    expect(await check({ scopes: ['Terminating'] }, pod({}))).to.equal('admitted');
    expect(await check({ scopes: ['Terminating'] }, ends)).to.contain('exceeded quota');
    expect(await check({ scopes: ['NotTerminating'] }, ends)).to.equal('admitted');
    expect(await check({ scopes: ['BestEffort'] }, burstable)).to.equal('admitted');
    expect(await check({ scopes: ['NotBestEffort'] }, burstable)).to.contain('exceeded quota');
    const spread = (term: object) =>
      pod({}, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'k', ...term }] } } });
    expect(await check({ scopes: ['CrossNamespacePodAffinity'] }, spread({}))).to.equal('admitted');
    expect(await check({ scopes: ['CrossNamespacePodAffinity'] }, spread({ namespaces: ['a'] }))).to.contain('exceeded quota');
    const classes = (operator: string, values?: string[]) => ({
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values && { values }) }] },
    });
    const critical = pod({}, { priorityClassName: 'system-node-critical' });
    expect(await check(classes('In', ['system-node-critical']), critical)).to.contain('exceeded quota');
    expect(await check(classes('NotIn', ['system-node-critical']), critical)).to.equal('admitted');
    expect(await check(classes('Exists'), pod({}))).to.equal('admitted');
  });

  describe('that is told what is limited', () => {
    const limitedResources = [
      {
        resource: 'pods',
        matchContains: ['requests.cpu', 'e.com'],
        matchScopes: [
          { scopeName: 'PriorityClass', operator: 'In', values: ['high', 'top'] },
          { scopeName: 'BestEffort', operator: 'Exists' },
        ],
      },
      { apiGroup: 'apps', resource: 'deployments', matchContains: ['count/'] },
    ];
    const configuration = {
      ResourceQuota: { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration', limitedResources },
    };
    const refused = (resource: string, object: object, ...resourcequotas: object[]) =>
      refusal({ resource, object, world: { resourcequotas, priorityclasses: [{ metadata: { name: 'high' }, value: 1 }] }, configuration });
    const burstable = pod({ requests: { memory: '1Mi' } });
    const costly = pod({ requests: { cpu: '1', memory: '1Mi', 'e.com/gpu': '1' }, limits: { 'e.com/gpu': '1' } });

    it('refuses what no quota counts', async () => {
      expect(await refused('pods', burstable)).to.equal('admitted');
      expect(await refused('configmaps', named({}))).to.equal('admitted');
      expect(await refused('pods', costly)).to.equal(
        'pods "x" is forbidden: insufficient quota to consume: requests.cpu,requests.e.com/gpu',
      );
      expect(await refusal({ group: 'apps', resource: 'deployments', object: named({ template: {} }), configuration })).to.equal(
        'deployments.apps "x" is forbidden: insufficient quota to consume: count/deployments.apps',
      );
      const counting = quota({ 'requests.cpu': '2', 'requests.e.com/gpu': '2' }, { 'requests.cpu': '0', 'requests.e.com/gpu': '0' });
      expect(await refused('pods', costly, counting)).to.equal('admitted');
    });

    it('refuses what is in no scope of a quota', async () => {
      expect(await refused('pods', pod({}, { priorityClassName: 'high' }))).to.equal(
        'insufficient quota to match these scopes: [{PriorityClass In [high top]} {BestEffort Exists []}]',
      );
      const scoped = quota({ pods: '1' }, { pods: '0' }, { scopes: ['BestEffort'] });
      expect(await refused('pods', pod({}), scoped)).to.equal('admitted');
    });

    it('lets be what uses no more than before', async () => {
      const old = { ...costly, spec: { ...costly.spec, activeDeadlineSeconds: 5 } };
      expect(await refusal({ resource: 'pods', object: costly, old, configuration })).to.equal('admitted');
    });
  });
});
