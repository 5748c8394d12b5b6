import { expect } from 'chai';
import { nodes, pods } from '../../src/api/meta/resources.gen.js';
import type { Node, Pod } from '../../src/api/types/core-v1.gen.js';
import { World } from '../nodeagent/world.js';
import { node } from './builders.js';

describe('the scheduler', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  const addNode = (name: string, input: Parameters<typeof node>[1] = {}) => {
    const { metadata, spec, status } = node(name, input);
    return world.client.create<Node>(nodes, { metadata, spec, status });
  };
  const on = (name: string, wanted: string) =>
    world.eventually(async () => {
      const found = await world.pod(name);
      expect(found.spec.nodeName, JSON.stringify(found.status)).to.equal(wanted);
      return found;
    });
  const unscheduled = (name: string, message: RegExp) =>
    world.eventually(async () => {
      const condition = (await world.pod(name)).status.conditions?.find((c) => c.type === 'PodScheduled');
      expect(condition).to.include({ status: 'False', reason: 'Unschedulable' });
      expect(condition?.message).to.match(message);
    });

  it('binds a pod, says so, and marks it scheduled', async () => {
    await addNode('n1');
    world.startScheduler();
    await world.createPod('a');
    const bound = await on('a', 'n1');
    expect(bound.status.conditions?.find((c) => c.type === 'PodScheduled')).to.include({ status: 'True' });
    await world.eventually(async () =>
      expect(await world.events('a')).to.deep.equal(['Normal Scheduled: Successfully assigned default/a to n1']),
    );
  });

  it('says why a pod has no node, and binds it when one comes', async () => {
    world.startScheduler();
    await world.createPod('a');
    await unscheduled('a', /^no nodes available to schedule pods$/);
    await world.eventually(async () =>
      expect(await world.events('a')).to.include('Warning FailedScheduling: no nodes available to schedule pods'),
    );
    await addNode('n1');
    await on('a', 'n1');
  });

  it('does not put more on a node than fits, though bindings are under way', async () => {
    await addNode('n1', { allocatable: { cpu: '1' } });
    const resources = { requests: { cpu: '300m' } };
    for (let i = 0; i < 5; i++) await world.createPod(`p${i}`, { container: { resources } });
    world.startScheduler();
    await world.eventually(async () => {
      const { items } = await world.client.list<Pod>(pods, { namespace: 'default' });
      expect(items.filter((p) => p.spec.nodeName)).to.have.length(3);
      expect(items.filter((p) => p.status.conditions?.some((c) => c.reason === 'Unschedulable'))).to.have.length(2);
    });
  });

  it('uses the room of a deleted pod and of a finished one', async () => {
    await addNode('n1', { allocatable: { cpu: '1' } });
    world.startScheduler();
    const container = { resources: { requests: { cpu: '1' } } };
    await world.createPod('first', { container });
    await on('first', 'n1');
    await world.createPod('second', { container });
    await unscheduled('second', /Insufficient cpu/);
    await world.client.delete(pods, { namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
    await on('second', 'n1');
    await world.createPod('third', { container });
    await unscheduled('third', /Insufficient cpu/);
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'second' },
      { type: 'merge', body: { status: { phase: 'Succeeded' } } },
      { subresource: 'status' },
    );
    await on('third', 'n1');
  });

  it('tries again when a node changes in what the pod needs', async () => {
    await addNode('n1');
    world.startScheduler();
    await world.createPod('a', { spec: { nodeSelector: { disk: 'ssd' } } });
    await unscheduled('a', /didn't match Pod's node affinity/);
    await world.client.patch(nodes, { namespace: '', name: 'n1' }, { type: 'merge', body: { metadata: { labels: { disk: 'ssd' } } } });
    await on('a', 'n1');
  });

  it('leaves pods of other schedulers alone', async () => {
    await addNode('n1');
    world.startScheduler();
    await world.createPod('theirs', { spec: { schedulerName: 'another' } });
    await world.createPod('ours');
    await on('ours', 'n1');
    expect((await world.pod('theirs')).spec.nodeName).to.equal(undefined);
  });

  it('waits for scheduling gates', async () => {
    await addNode('n1');
    world.startScheduler();
    await world.createPod('gated', { spec: { schedulingGates: [{ name: 'example.com/wait' }] } });
    await world.createPod('free');
    await on('free', 'n1');
    expect((await world.pod('gated')).spec.nodeName).to.equal(undefined);
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'gated' },
      { type: 'json', body: [{ op: 'remove', path: '/spec/schedulingGates' }] },
    );
    await on('gated', 'n1');
  });
});
