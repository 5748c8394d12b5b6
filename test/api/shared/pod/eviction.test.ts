import { expect } from 'chai';
import type { Context, DeleteOptions, ObjectKey } from '../../../../src/api/context.js';
import type { KubeObject, Resource } from '../../../../src/api/meta/object.js';
import { bind } from '../../../../src/api/shared/pod/binding.js';
import { evict } from '../../../../src/api/shared/pod/eviction.js';
import type { Pod, PodStatus } from '../../../../src/api/types/core-v1.gen.js';
import type { Eviction, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../../../src/api/types/policy-v1.gen.js';
import { makePod, type PodParts } from '../../../helpers/pods.js';
import { refusalOf } from '../../../helpers/refusal.js';

const KEY = { namespace: 'n', name: 'p' };
const NOW = Date.parse('2026-01-02T03:04:05Z');

/** A cluster of a few objects, as far as actions on pods need one. */
class World {
  readonly objects = new Map<string, KubeObject>();
  readonly deleted: { name: string; options: DeleteOptions }[] = [];
  dryRun = false;

  constructor(...objects: KubeObject[]) {
    for (const object of objects) this.objects.set(`${object.kind}/${object.metadata.name}`, object);
  }

  get pod(): Pod {
    return this.objects.get('Pod/p') as Pod;
  }

  get budget(): PodDisruptionBudget {
    return this.objects.get('PodDisruptionBudget/b') as PodDisruptionBudget;
  }

  get context(): Context {
    const kindOf = ({ resource }: Resource) => (resource === 'pods' ? 'Pod' : 'PodDisruptionBudget');
    const reader = {
      get: (resource: Resource, _namespace: string, name: string) => this.objects.get(`${kindOf(resource)}/${name}`),
      list: (resource: Resource) => [...this.objects.values()].filter((o) => o.kind === kindOf(resource)),
    };
    const writer = {
      update: async (_: Context, resource: Resource, { name }: ObjectKey, _subresource: string, change: (o: KubeObject) => KubeObject) => {
        const next = change(this.objects.get(`${kindOf(resource)}/${name}`) as KubeObject);
        this.objects.set(`${next.kind}/${name}`, next);
        return next;
      },
      delete: async (_: Context, _resource: Resource, { name }: ObjectKey, options: DeleteOptions) => {
        this.deleted.push({ name, options });
      },
    };
    const services = { clock: { now: () => NOW }, reader, writer };
    return { services, dryRun: this.dryRun } as unknown as Context;
  }
}

describe('evictions', () => {
  const ready: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const podWith = (status: PodStatus): Pod => makePod({ metadata: { labels: { app: 'a' } }, status });
  const budget = (status: Partial<PodDisruptionBudgetStatus>, name = 'b'): PodDisruptionBudget => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'n', generation: 1 },
    spec: { selector: { matchLabels: { app: 'a' } } },
    status: { observedGeneration: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1, ...status },
  });
  const send = (world: World, deleteOptions: Eviction['deleteOptions'] = {}) =>
    evict(world.context, KEY, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, deleteOptions });

  it('delete the pod and say why', async () => {
    const world = new World(podWith(ready));
    await send(world, { gracePeriodSeconds: 5 });
    expect(world.deleted).to.deep.equal([{ name: 'p', options: { gracePeriodSeconds: 5, dryRun: undefined } }]);
    expect(world.pod.status.conditions?.find((c) => c.type === 'DisruptionTarget')).to.include({
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      lastTransitionTime: '2026-01-02T03:04:05Z',
    });
  });
  it('take one disruption from the budget', async () => {
    const world = new World(podWith(ready), budget({}));
    await send(world);
    expect(world.deleted).to.have.length(1);
    expect(world.budget.status.disruptionsAllowed).to.equal(0);
    expect(world.budget.status.disruptedPods).to.deep.equal({ p: '2026-01-02T03:04:05Z' });
    expect(world.budget.status.conditions?.[0]).to.include({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' });
  });
  it('are refused when the budget is spent', async () => {
    const world = new World(podWith(ready), budget({ disruptionsAllowed: 0, currentHealthy: 2 }));
    const { status } = await refusalOf(send(world));
    expect(status).to.include({ code: 429, reason: 'TooManyRequests' });
    expect(status.message).to.equal("Cannot evict pod as it would violate the pod's disruption budget.");
    expect(status.details?.causes).to.deep.equal([
      { reason: 'DisruptionBudget', message: 'The disruption budget b needs 2 healthy pods and has 2 currently' },
    ]);
    expect(world.deleted).to.deep.equal([]);
  });
  it('wait for a budget whose controller lags behind', async () => {
    const { status } = await refusalOf(send(new World(podWith(ready), budget({ observedGeneration: 0 }))));
    expect(status.details).to.include({ retryAfterSeconds: 10 });
    expect(status.details?.causes?.[0]?.message).to.equal('The disruption budget b is still being processed by the server.');
  });
  it('do not choose between budgets', async () => {
    const { status } = await refusalOf(send(new World(podWith(ready), budget({}), budget({}, 'c'))));
    expect(status.code).to.equal(500);
  });
  for (const phase of ['Pending', 'Succeeded', 'Failed'] as const)
    it(`need no budget for a pod that is ${phase}`, async () => {
      const world = new World(podWith({ phase }), budget({ disruptionsAllowed: 0 }));
      await send(world);
      expect(world.deleted).to.have.length(1);
      expect(world.budget.status.disruptionsAllowed).to.equal(0);
    });
  it('cost nothing where the pod is not ready and enough others are', async () => {
    const world = new World(podWith({ phase: 'Running' }), budget({ disruptionsAllowed: 0 }));
    await send(world);
    expect(world.deleted[0]?.options.preconditions, 'a pod that gets ready meanwhile').to.deep.equal({ resourceVersion: '7' });
    expect(world.budget.status.disruptedPods).to.equal(undefined);
  });
  it('change nothing in a dry run', async () => {
    const world = new World(podWith(ready), budget({}));
    world.dryRun = true;
    await send(world);
    expect(world.budget.status.disruptionsAllowed).to.equal(1);
    expect(world.deleted[0]?.options.dryRun).to.deep.equal(['All']);
  });
  it('are refused for pods that are not there, or not those that were meant', async () => {
    expect((await refusalOf(send(new World()))).status.reason).to.equal('NotFound');
    const conflict = await refusalOf(send(new World(podWith(ready)), { preconditions: { uid: 'other' } }));
    expect(conflict.status.reason).to.equal('Conflict');
  });
});

describe('bindings', () => {
  const send = (world: World, target: object = { kind: 'Node', name: 'node' }, metadata: object = {}) =>
    bind(world.context, KEY, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p', ...metadata }, target });
  const world = (parts?: PodParts) => new World(makePod(parts));

  it('assign a node, and bring labels and annotations', async () => {
    const w = world({ metadata: { labels: { a: '1' } } });
    await send(w, { name: 'node' }, { labels: { b: '2' }, annotations: { c: '3' } });
    expect(w.pod.spec.nodeName).to.equal('node');
    expect(w.pod.metadata.labels).to.deep.equal({ a: '1', b: '2' });
    expect(w.pod.metadata.annotations).to.deep.equal({ c: '3' });
  });
  it('are refused for pods that have a node, or may not have one', async () => {
    const why = async (parts: PodParts) => (await refusalOf(send(world(parts)))).status.message;
    const head = 'Operation cannot be fulfilled on pods/binding "p": pod p';
    expect(await why({ spec: { nodeName: 'm' } })).to.equal(`${head} is already assigned to node "m"`);
    expect(await why({ spec: { schedulingGates: [{ name: 'g' }] } })).to.equal(`${head} has non-empty .spec.schedulingGates`);
    expect(await why({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })).to.equal(
      `${head} is being deleted, cannot be assigned to a host`,
    );
  });
  it('name a node', async () => {
    expect((await refusalOf(send(world(), {}))).status.message).to.equal('target.name: Required value');
    expect((await refusalOf(send(world(), { kind: 'Shelf', name: 'x' }))).status.message).to.contain(
      'target.kind: Unsupported value: "Shelf"',
    );
  });
  it('may name the pod they were made for', async () => {
    const { status } = await refusalOf(send(world(), undefined, { uid: 'other' }));
    expect(status.reason).to.equal('Conflict');
    expect(status.message).to.contain('Precondition failed: UID in precondition: other, UID in object meta: u');
  });
});
