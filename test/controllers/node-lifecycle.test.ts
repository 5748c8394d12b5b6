import { expect } from 'chai';
import { events, leases, namespaces, nodes, pods } from '../../src/api/meta/resources.gen.js';
import type { Lease } from '../../src/api/types/coordination-v1.gen.js';
import type { Node, NodeCondition, Pod, Taint, Toleration } from '../../src/api/types/core-v1.gen.js';
import { zoneState } from '../../src/controllers/node-lifecycle/zones.js';
import { toleratedFor } from '../../src/controllers/taint-eviction.js';
import { microTimestamp, timestamp } from '../../src/util/clock.js';
import { World } from './world.js';

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const tolerateFor = (seconds: number): Toleration[] =>
  [NOT_READY, UNREACHABLE].map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }));

describe('node lifecycle', () => {
  let world: World;
  let alive: Set<string>;

  beforeEach(async () => {
    world = await World.start(['nodelifecycle', 'taint-eviction-controller', 'podgc']);
    alive = new Set();
  });
  afterEach(() => world.stop());

  const condition = (type: string, status: string): NodeCondition => {
    const now = timestamp(world.clock.now());
    return { type, status, reason: 'Test', message: '', lastHeartbeatTime: now, lastTransitionTime: now };
  };
  const setConditions = (name: string, ...conditions: NodeCondition[]) =>
    world.client.patch(nodes, { namespace: '', name }, { type: 'strategic', body: { status: { conditions } } }, { subresource: 'status' });
  const addNode = async (name: string, labels: Record<string, string> = {}) => {
    await world.client.create<Node>(nodes, { metadata: { name, labels } });
    await setConditions(name, condition('Ready', 'True'));
    await world.client.create<Lease>(leases, {
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { renewTime: microTimestamp(world.clock.now()) },
    });
    alive.add(name);
  };
  const beat = async () => {
    for (const name of alive) {
      const lease = await world.get(leases, name, 'kube-node-lease');
      await world.client.update(leases, { ...lease, spec: { ...lease.spec, renewTime: microTimestamp(world.clock.now()) } });
    }
    await world.settle();
  };
  /** Lets time pass while the living nodes renew their leases. */
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 5) {
      await beat();
      await world.clock.advance(5_000);
      await world.settle();
    }
  };
  const ready = async (name: string) => (await world.get(nodes, name)).status.conditions?.find((c) => c.type === 'Ready');
  const taints = async (name: string) => (await world.get(nodes, name)).spec.taints?.map((t) => `${t.key}:${t.effect}`).sort() ?? [];
  const addPod = (name: string, nodeName: string, tolerations?: Toleration[]) =>
    world.client.create<Pod>(pods, {
      metadata: { name, namespace: 'default' },
      spec: { nodeName, tolerations, containers: [{ name: 'main', image: 'x' }] },
    });
  const reasons = async () => (await world.list(events)).map((e) => e.reason);

  beforeEach(async () => {
    await world.client.create(namespaces, { metadata: { name: 'kube-node-lease' } });
    for (const name of ['n1', 'n2', 'n3']) await addNode(name);
    await pass(10);
  });

  it('greets nodes', async () => {
    const told = (await world.list(events)).filter((e) => e.reason === 'RegisteredNode');
    expect(told.map((e) => e.message)).to.have.members(
      ['n1', 'n2', 'n3'].map((n) => `Node ${n} event: Registered Node ${n} in Controller`),
    );
    expect(told[0]?.source).to.deep.equal({ component: 'node-controller' });
    await world.client.delete(nodes, { namespace: '', name: 'n3' });
    alive.delete('n3');
    await pass(10);
    expect(await reasons()).to.include('RemovingNode');
  });

  it('believes in nodes that renew their lease, however long', async () => {
    await pass(600);
    for (const name of ['n1', 'n2', 'n3']) expect((await ready(name))?.status).to.equal('True');
    expect(await taints('n1')).to.deep.equal([]);
  });

  it('gives up a node that is silent for 50 s: its conditions, its taints, the readiness of its pods', async () => {
    const pod = await addPod('p', 'n1', tolerateFor(300));
    await world.client.update<Pod>(
      pods,
      {
        ...pod,
        status: {
          ...pod.status,
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(world.clock.now()) }],
        },
      },
      { subresource: 'status' },
    );
    alive.delete('n1');
    await pass(45);
    expect((await ready('n1'))?.status).to.equal('True');
    await pass(15);
    expect(await ready('n1')).to.deep.include({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    const types = (await world.get(nodes, 'n1')).status.conditions?.filter((c) => c.status === 'Unknown').map((c) => c.type);
    expect(types).to.have.members(['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']);
    expect(await taints('n1')).to.deep.equal([`${UNREACHABLE}:NoExecute`, `${UNREACHABLE}:NoSchedule`]);
    expect(await taints('n2')).to.deep.equal([]);
    expect((await world.get(pods, 'p')).status.conditions?.find((c) => c.type === 'Ready')?.status).to.equal('False');
    const told = await world.list(events);
    expect(told.find((e) => e.reason === 'NodeNotReady' && e.involvedObject.kind === 'Node')?.message).to.equal(
      'Node n1 status is now: NodeNotReady',
    );
    expect(told.find((e) => e.reason === 'NodeNotReady' && e.involvedObject.kind === 'Pod')).to.deep.include({
      type: 'Warning',
      message: 'Node is not ready',
    });
  });

  it('takes the taints away when the node is back', async () => {
    alive.delete('n1');
    await pass(60);
    expect(await taints('n1')).to.have.length(2);
    alive.add('n1');
    await setConditions('n1', condition('Ready', 'True'));
    await pass(10);
    expect(await taints('n1')).to.deep.equal([]);
  });

  it('evicts pods from a lost node when their toleration ends, and only those', async () => {
    await addPod('short', 'n1', tolerateFor(30));
    await addPod('long', 'n1', tolerateFor(300));
    await addPod('always', 'n1', [{ operator: 'Exists' }]);
    await addPod('elsewhere', 'n2', tolerateFor(30));
    alive.delete('n1');
    await pass(60);
    const doomed = async () =>
      (await world.list(pods)).filter((p) => p.metadata.deletionTimestamp !== undefined).map((p) => p.metadata.name);
    expect(await doomed()).to.deep.equal([]);
    await pass(35);
    expect(await doomed()).to.deep.equal(['short']);
    expect((await world.get(pods, 'short')).status.conditions?.find((c) => c.type === 'DisruptionTarget')).to.deep.include({
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    });
    const told = (await world.list(events)).find((e) => e.reason === 'TaintManagerEviction');
    expect(told).to.deep.include({
      type: 'Normal',
      message: 'Marking for deletion Pod default/short',
      source: { component: 'taint-eviction-controller' },
    });
    await pass(280);
    expect(await doomed()).to.have.members(['short', 'long']);
  });

  it('calls an eviction off when the node comes back in time', async () => {
    await addPod('p', 'n1', tolerateFor(60));
    alive.delete('n1');
    await pass(70);
    alive.add('n1');
    await setConditions('n1', condition('Ready', 'True'));
    await pass(120);
    expect((await world.get(pods, 'p')).metadata.deletionTimestamp).to.equal(undefined);
    expect((await world.list(events)).map((e) => e.message)).to.include('Cancelling deletion of Pod default/p');
  });

  it('moves nothing when all nodes are lost', async () => {
    alive.clear();
    await pass(120);
    for (const name of ['n1', 'n2', 'n3']) expect(await taints(name), name).to.deep.equal([`${UNREACHABLE}:NoSchedule`]);
  });

  it('drives off one node in ten seconds', async () => {
    for (const name of ['n4', 'n5', 'n6', 'n7']) await addNode(name);
    await pass(10);
    alive.delete('n1');
    alive.delete('n2');
    await pass(55);
    const driven = async () =>
      (await Promise.all(['n1', 'n2'].map(taints))).filter((list) => list.includes(`${UNREACHABLE}:NoExecute`)).length;
    expect(await driven()).to.equal(1);
    await pass(10);
    expect(await driven()).to.equal(2);
  });

  it('turns what is wrong with a node into taints', async () => {
    await setConditions('n1', condition('Ready', 'False'), condition('MemoryPressure', 'True'), condition('DiskPressure', 'False'));
    await world.client.patch(
      nodes,
      { namespace: '', name: 'n2' },
      { type: 'merge', body: { spec: { unschedulable: true, taints: [{ key: 'mine', effect: 'NoSchedule' }] } } },
    );
    await pass(10);
    expect(await taints('n1')).to.deep.equal([
      'node.kubernetes.io/memory-pressure:NoSchedule',
      `${NOT_READY}:NoExecute`,
      `${NOT_READY}:NoSchedule`,
    ]);
    expect(await taints('n2')).to.deep.equal(['mine:NoSchedule', 'node.kubernetes.io/unschedulable:NoSchedule']);
    await world.client.patch(nodes, { namespace: '', name: 'n2' }, { type: 'merge', body: { spec: { unschedulable: null } } });
    await pass(5);
    expect(await taints('n2')).to.deep.equal(['mine:NoSchedule']);
  });

  it('gives nodes the older names of their labels', async () => {
    await addNode('n4', { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' });
    await pass(5);
    expect((await world.get(nodes, 'n4')).metadata.labels).to.deep.include({
      'beta.kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'arm64',
    });
  });

  it('deletes the pods of a node that has been gone for 40 s', async () => {
    await addPod('orphan', 'n3', [{ operator: 'Exists' }]);
    await addPod('other', 'n2');
    await world.client.delete(nodes, { namespace: '', name: 'n3' });
    alive.delete('n3');
    await pass(35);
    expect(await world.list(pods)).to.have.length(2);
    await pass(40);
    expect((await world.list(pods)).map((p) => p.metadata.name)).to.deep.equal(['other']);
  });
});

describe('taints and tolerations', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoExecute' };

  it('say how long a pod may stay', () => {
    expect(toleratedFor([], [])).to.equal(Number.POSITIVE_INFINITY);
    expect(toleratedFor([taint], [])).to.equal(0);
    expect(toleratedFor([taint], [{ key: 'k', operator: 'Equal', value: 'other' }])).to.equal(0);
    expect(toleratedFor([taint], [{ key: 'k', operator: 'Exists' }])).to.equal(Number.POSITIVE_INFINITY);
    expect(toleratedFor([taint], [{ key: 'k', value: 'v', tolerationSeconds: 20 }])).to.equal(20_000);
    expect(toleratedFor([taint], [{ operator: 'Exists', tolerationSeconds: -5 }])).to.equal(0);
    expect(toleratedFor([taint], [{ operator: 'Exists', effect: 'NoSchedule' }])).to.equal(0);
    const two: Taint[] = [taint, { key: 'l', effect: 'NoExecute' }];
    expect(
      toleratedFor(two, [
        { key: 'k', operator: 'Exists', tolerationSeconds: 50 },
        { key: 'l', operator: 'Exists', tolerationSeconds: 10 },
      ]),
    ).to.equal(10_000);
  });
});

describe('zones', () => {
  it('are in trouble when most of their nodes are', () => {
    expect([zoneState(3, 0), zoneState(2, 1), zoneState(1, 2), zoneState(2, 3), zoneState(3, 3), zoneState(0, 1)]).to.deep.equal([
      'normal',
      'normal',
      'normal',
      'partial',
      'normal',
      'full',
    ]);
  });
});
