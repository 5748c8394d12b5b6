import { expect } from 'chai';
import { node, placed, pod, refused, schedule } from './builders.js';

const AFFINITY = (key: string, operator: 'In' | 'NotIn' | 'Gt' | 'Exists', values: string[] = []) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }] },
    },
  },
});

describe('scheduling rules: where a pod may go', () => {
  it('says that there are no nodes', () => {
    expect(schedule(pod(), { nodes: [] })).to.deep.include({ message: 'no nodes available to schedule pods' });
  });

  it('counts the reasons of all nodes, sorted, and what preemption could do', () => {
    const nodes = [
      node('a', { unschedulable: true }),
      node('b', { allocatable: { cpu: '1' } }),
      node('c', { allocatable: { cpu: '1', memory: '1Mi' } }),
    ];
    const outcome = schedule(pod({ requests: { cpu: '2', memory: '1Gi' } }), { nodes });
    expect(outcome).to.have.property(
      'message',
      '0/3 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    );
    expect(outcome).to.have.deep.property('rejectedBy', new Set(['NodeUnschedulable', 'NodeResourcesFit']));
  });

  it('says that a full node has nobody to make room', () => {
    const nodes = [node('a', { allocatable: { cpu: '1' } })];
    const outcome = schedule(pod({ requests: { cpu: '600m' } }), { nodes, pods: { a: [pod({ requests: { cpu: '600m' } })] } });
    expect(outcome).to.have.property(
      'message',
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  it('says when a pod must not preempt', () => {
    const outcome = schedule(pod({ requests: { cpu: '9' }, spec: { preemptionPolicy: 'Never' } }), { nodes: [node('a')] });
    expect(outcome).to.have.property(
      'message',
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('takes pods that restart as a whole where the node says that it can', () => {
    const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [3] } }];
    const whole = pod({ container: { restartPolicy: 'Never', restartPolicyRules } });
    expect(refused(whole, { nodes: [node('a')] })).to.equal("0/1 nodes are available: 1 node(s) didn't match Pod's required features.");
    const able = node('b', { declaredFeatures: ['RestartAllContainersOnContainerExits'] });
    expect(placed(whole, { nodes: [node('a'), able] })).to.equal('b');
    expect(placed(pod(), { nodes: [node('a')] })).to.equal('a');
  });

  it('keeps pods off cordoned nodes unless they tolerate that', () => {
    const nodes = [node('a', { unschedulable: true })];
    expect(refused(pod(), { nodes })).to.equal('0/1 nodes are available: 1 node(s) were unschedulable.');
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' as const }];
    expect(placed(pod({ spec: { tolerations } }), { nodes })).to.equal('a');
  });

  it('keeps pods off tainted nodes unless they tolerate the taint', () => {
    const nodes = [node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] })];
    expect(refused(pod(), { nodes })).to.equal('0/1 nodes are available: 1 node(s) had untolerated taint(s).');
    for (const toleration of [{ key: 'k', value: 'v' }, { key: 'k', operator: 'Exists' as const }, { operator: 'Exists' as const }])
      expect(placed(pod({ spec: { tolerations: [toleration] } }), { nodes })).to.equal('a');
    for (const toleration of [
      { key: 'k', value: 'w' },
      { key: 'k', operator: 'Exists' as const, effect: 'NoExecute' as const },
    ])
      expect(() => placed(pod({ spec: { tolerations: [toleration] } }), { nodes })).to.throw('untolerated');
  });

  it('lets numbers of taints be compared', () => {
    const nodes = [node('a', { taints: [{ key: 'sla', value: '950', effect: 'NoSchedule' }] })];
    expect(placed(pod({ spec: { tolerations: [{ key: 'sla', operator: 'Gt', value: '900' }] } }), { nodes })).to.equal('a');
    expect(() => placed(pod({ spec: { tolerations: [{ key: 'sla', operator: 'Lt', value: '900' }] } }), { nodes })).to.throw('untolerated');
  });

  it('obeys nodeSelector and every operator of the required node affinity', () => {
    const nodes = [node('a', { labels: { disk: 'ssd', cores: '8' } }), node('b', { labels: { disk: 'hdd', cores: '4' } })];
    expect(placed(pod({ spec: { nodeSelector: { disk: 'hdd' } } }), { nodes })).to.equal('b');
    expect(placed(pod({ spec: AFFINITY('disk', 'In', ['ssd', 'nvme']) }), { nodes })).to.equal('a');
    expect(placed(pod({ spec: AFFINITY('disk', 'NotIn', ['ssd']) }), { nodes })).to.equal('b');
    expect(placed(pod({ spec: AFFINITY('cores', 'Gt', ['5']) }), { nodes })).to.equal('a');
    expect(refused(pod({ spec: AFFINITY('gpu', 'Exists') }), { nodes })).to.equal(
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    );
  });

  it('looks only at the node that metadata.name names, as for pods of a DaemonSet', () => {
    const term = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['b'] }] };
    const spec = { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } };
    expect(placed(pod({ spec }), { nodes: [node('a'), node('b'), node('c')] })).to.equal('b');
    const full = [node('a'), node('b', { allocatable: { cpu: '1' } }), node('c')];
    expect(refused(pod({ spec, requests: { cpu: '2' } }), { nodes: full })).to.equal(
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
  });

  it('gives a host port once a node, address and protocol', () => {
    const wants = (hostPort: number, more: { hostIP?: string; protocol?: 'UDP' } = {}) =>
      pod({ container: { ports: [{ containerPort: 80, hostPort, ...more }] } });
    const nodes = [node('a')];
    const refusal = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
    expect(refused(wants(8080), { nodes, pods: { a: [wants(8080)] } })).to.equal(refusal);
    expect(refused(wants(8080), { nodes, pods: { a: [wants(8080, { hostIP: '10.0.0.1' })] } })).to.equal(refusal);
    expect(placed(wants(8080, { hostIP: '10.0.0.2' }), { nodes, pods: { a: [wants(8080, { hostIP: '10.0.0.1' })] } })).to.equal('a');
    expect(placed(wants(8080, { protocol: 'UDP' }), { nodes, pods: { a: [wants(8080)] } })).to.equal('a');
  });

  it('counts pods, and resources of any name', () => {
    const nodes = [node('a', { allocatable: { pods: '1', 'example.com/gpu': '1' } })];
    expect(refused(pod(), { nodes, pods: { a: [pod()] } })).to.equal('0/1 nodes are available: 1 Too many pods.');
    expect(refused(pod({ requests: { 'example.com/gpu': '2' } }), { nodes })).to.equal(
      '0/1 nodes are available: 1 Insufficient example.com/gpu.',
    );
  });

  it('asks for the peak of init containers and sidecars, and the overhead', () => {
    const nodes = [node('a', { allocatable: { cpu: '2' } })];
    const cpu = (quantity: string) => ({ resources: { requests: { cpu: quantity } } });
    const inits = (init: string, sidecar: string, overhead = '0') => ({
      initContainers: [
        { name: 's', restartPolicy: 'Always', ...cpu(sidecar) },
        { name: 'i', ...cpu(init) },
      ],
      overhead: { cpu: overhead },
    });
    expect(placed(pod({ requests: { cpu: '1' }, spec: inits('1', '1') }), { nodes })).to.equal('a');
    expect(() => placed(pod({ requests: { cpu: '1' }, spec: inits('1500m', '1') }), { nodes })).to.throw('Insufficient cpu');
    expect(() => placed(pod({ requests: { cpu: '1' }, spec: inits('1', '1', '1m') }), { nodes })).to.throw('Insufficient cpu');
  });
});

describe('scheduling rules: pods near and away from each other', () => {
  const ZONE = 'topology.kubernetes.io/zone';
  const nodes = [node('a', { labels: { [ZONE]: 'z1' } }), node('b', { labels: { [ZONE]: 'z1' } }), node('c', { labels: { [ZONE]: 'z2' } })];
  const term = (app: string, topologyKey: string) => [{ labelSelector: { matchLabels: { app } }, topologyKey }];
  const near = (app: string, key: string) => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(app, key) } },
  });
  const away = (app: string, key: string) => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term(app, key) } },
  });
  const labels = { app: 'web' };

  it('puts a pod into the domain of those it must be near to', () => {
    expect(placed(pod({ spec: near('web', ZONE) }), { nodes, pods: { c: [pod({ labels })] } })).to.equal('c');
    expect(refused(pod({ spec: near('db', ZONE) }), { nodes })).to.equal(
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    );
  });

  it('lets the first of a group that wants to be together go anywhere', () => {
    expect(placed(pod({ labels, spec: near('web', ZONE) }), { nodes })).to.be.oneOf(['a', 'b', 'c']);
  });

  it('keeps a pod away from those it must not be near to, and the other way round', () => {
    expect(placed(pod({ spec: away('web', ZONE) }), { nodes, pods: { a: [pod({ labels })] } })).to.equal('c');
    expect(placed(pod({ labels }), { nodes, pods: { a: [pod({ spec: away('web', ZONE) })] } })).to.equal('c');
    expect(refused(pod({ spec: away('web', ZONE) }), { nodes, pods: { a: [pod({ labels })], c: [pod({ labels })] } })).to.equal(
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    );
    const host = 'kubernetes.io/hostname';
    const everywhere = {
      a: [pod({ spec: away('web', host) })],
      b: [pod({ spec: away('web', host) })],
      c: [pod({ spec: away('web', host) })],
    };
    expect(refused(pod({ labels }), { nodes, pods: everywhere })).to.equal(
      "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
  });

  it("means the pod's own namespace unless the term selects others", () => {
    const other = pod({ labels, namespace: 'other' });
    expect(placed(pod({ labels, spec: away('web', ZONE) }), { nodes: [nodes[0] as never], pods: { a: [other] } })).to.equal('a');
    const anywhere = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { ...term('web', ZONE)[0], topologyKey: ZONE, namespaceSelector: { matchLabels: { team: 'x' } } },
          ],
        },
      },
    };
    expect(() =>
      placed(pod({ spec: anywhere }), { nodes: [nodes[0] as never], pods: { a: [other] }, namespaces: { other: { team: 'x' } } }),
    ).to.throw('anti-affinity');
  });

  it('keeps the skew of a spread constraint', () => {
    const spec = {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' as const, labelSelector: { matchLabels: labels } },
      ],
    };
    expect(placed(pod({ labels, spec }), { nodes, pods: { a: [pod({ labels })] } })).to.equal('c');
    const oneZone = [node('a', { labels: { [ZONE]: 'z1' } }), node('d')];
    expect(
      refused(
        pod({ labels, spec: { ...spec, topologySpreadConstraints: [{ ...spec.topologySpreadConstraints[0], minDomains: 2 } as never] } }),
        { nodes: oneZone, pods: { a: [pod({ labels })] } },
      ),
    ).to.equal(
      "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });
});

describe('scheduling rules: the best node', () => {
  it('prefers the emptier node', () => {
    const nodes = [node('a'), node('b')];
    expect(placed(pod({ requests: { cpu: '1' } }), { nodes, pods: { a: [pod({ requests: { cpu: '2', memory: '1Gi' } })] } })).to.equal('b');
  });

  it('prefers what the pod prefers', () => {
    const nodes = [node('a'), node('b', { labels: { disk: 'ssd' } })];
    const preferred = [{ weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'In' as const, values: ['ssd'] }] } }];
    const spec = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } };
    expect(placed(pod({ spec }), { nodes, pods: { b: [pod({ requests: { cpu: '500m' } })] } })).to.equal('b');
  });

  it('avoids nodes with PreferNoSchedule taints', () => {
    const nodes = [node('a', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), node('b')];
    expect(placed(pod(), { nodes, pods: { b: [pod({ requests: { cpu: '1', memory: '1Gi' } })] } })).to.equal('b');
  });

  it('spreads what belongs together over hosts and zones without being told', () => {
    const zone = (z: string) => ({ labels: { 'topology.kubernetes.io/zone': z } });
    const nodes = [node('a', zone('z1')), node('b', zone('z1')), node('c', zone('z2'))];
    const selector = { key: 'app=web', matches: (l: Record<string, string> | undefined) => l?.app === 'web' } as never;
    const labels = { app: 'web' };
    expect(placed(pod({ labels }), { nodes, selector, pods: { a: [pod({ labels })] } })).to.equal('c');
    expect(placed(pod({ labels }), { nodes, selector, pods: { a: [pod({ labels })], c: [pod({ labels })] } })).to.equal('b');
  });

  it('brings pods near to those they prefer', () => {
    const labels = { app: 'cache' };
    const weighted = [{ weight: 100, podAffinityTerm: { labelSelector: { matchLabels: labels }, topologyKey: 'kubernetes.io/hostname' } }];
    const spec = { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: weighted } } };
    expect(placed(pod({ spec }), { nodes: [node('a'), node('b')], pods: { b: [pod({ labels })] } })).to.equal('b');
  });

  it('draws among equally good nodes', () => {
    const nodes = [node('a'), node('b'), node('c')];
    const drawn = [0, 0.4, 0.99].map((r) => schedule(pod(), { nodes }, { random: () => r }));
    expect(new Set(drawn.map((d) => 'node' in d && d.node)).size).to.be.greaterThan(1);
  });

  it('looks at a share of many nodes only, and goes on from there with the next pod', () => {
    const nodes = Array.from({ length: 300 }, (_, i) => node(`n${i}`));
    expect(placed(pod(), { nodes })).to.match(/^n\d{1,3}$/);
  });
});
