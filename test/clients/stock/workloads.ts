import { expect } from 'chai';
import {
  cronjobs,
  daemonsets,
  deployments,
  endpoints,
  endpointslices,
  horizontalpodautoscalers,
  jobs,
  persistentvolumeclaims,
  pods,
  replicasets,
  replicationcontrollers,
  services,
  statefulsets,
} from '../../../src/api/meta/resources.gen.js';
import type { Deployment } from '../../../src/api/types/apps-v1.gen.js';
import type { Pod, PodSpec, PodTemplateSpec } from '../../../src/api/types/core-v1.gen.js';
import type { Draft } from '../../../src/api/meta/object.js';
import type { StockCluster } from './cluster.js';

export function template(app: string, spec: Partial<PodSpec> = {}): PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image: 'main:1' }], ...spec } };
}

export function deployment(namespace: string, name: string, replicas: number, spec: Partial<PodSpec> = {}): Draft<Deployment> {
  return { metadata: { namespace, name }, spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, spec) } };
}

const isReady = (pod: Pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;

/** What the controllers make of the objects that hold pods. */
export function workloadConversations(use: () => StockCluster): void {
  let namespace: string;
  before(async () => {
    namespace = await use().namespace('workloads');
  });

  const podsOf = (app: string) => use().objects.list(pods, { namespace }, `app=${app}`);
  const readyPods = (app: string, count: number) =>
    use().until(`${count} ready pods of ${app}`, async () => {
      const list = await podsOf(app);
      return list.length === count && list.every((pod) => pod.spec?.nodeName && isReady(pod)) && list;
    });

  it('carries a Deployment to scheduled pods, scales it and rolls it', async () => {
    const { objects, until } = use();
    const name = 'web';
    await objects.create(deployments, deployment(namespace, name, 3));
    const first = await readyPods(name, 3);
    expect(first.map((pod) => pod.spec?.nodeName).filter(Boolean)).to.have.length(3);
    expect(new Set(first.map((pod) => pod.spec?.nodeName)).size, 'spread over the nodes').to.be.greaterThan(1);
    await objects.merge(deployments, { namespace, name, subresource: 'scale' }, { spec: { replicas: 5 } });
    await readyPods(name, 5);
    await objects.merge(deployments, { namespace, name, subresource: 'scale' }, { spec: { replicas: 2 } });
    await readyPods(name, 2);
    await objects.merge(
      deployments,
      { namespace, name },
      {
        spec: { template: { spec: { containers: [{ name: 'main', image: 'main:2' }] } } },
      },
    );
    const done = await until('the new revision is everywhere', async () => {
      const { status, metadata } = await objects.get(deployments, { namespace, name });
      return (
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === 2 &&
        status.replicas === 2 &&
        status.availableReplicas === 2 &&
        status
      );
    });
    expect(done.conditions?.find((c) => c.type === 'Progressing')?.reason).to.equal('NewReplicaSetAvailable');
    const sets = await objects.list(replicasets, { namespace }, `app=${name}`);
    expect(sets.map((set) => [set.spec?.template?.spec?.containers[0]?.image, set.spec?.replicas])).to.have.deep.members([
      ['main:1', 0],
      ['main:2', 2],
    ]);
  });

  it('keeps the replicas of a ReplicationController', async () => {
    const { objects } = use();
    const spec = { replicas: 2, selector: { app: 'old' }, template: template('old') };
    await objects.create(replicationcontrollers, { metadata: { namespace, name: 'old' }, spec });
    const [lost] = await readyPods('old', 2);
    await objects.delete(pods, { namespace, name: lost?.metadata.name ?? '' }, { gracePeriodSeconds: 0 });
    const names = (await readyPods('old', 2)).map((pod) => pod.metadata.name);
    expect(names).not.to.include(lost?.metadata.name);
  });

  it('lists the pods of a Service in EndpointSlices and Endpoints', async () => {
    const { objects, until } = use();
    await objects.create(deployments, deployment(namespace, 'served', 2));
    const spec = { selector: { app: 'served' }, ports: [{ port: 80, targetPort: 8080 }] };
    await objects.create(services, { metadata: { namespace, name: 'served' }, spec });
    const addresses = (await readyPods('served', 2)).map((pod) => pod.status?.podIP ?? '').sort();
    await until('the slice', async () => {
      const slices = await objects.list(endpointslices, { namespace }, 'kubernetes.io/service-name=served');
      const listed = slices.flatMap((slice) => (slice.endpoints ?? []).filter((e) => e.conditions?.ready).flatMap((e) => e.addresses));
      return listed.sort().join() === addresses.join();
    });
    await until('the endpoints', async () => {
      const found = await objects.find(endpoints, { namespace, name: 'served' });
      return (
        (found?.subsets ?? [])
          .flatMap((s) => (s.addresses ?? []).map((a) => a.ip))
          .sort()
          .join() === addresses.join()
      );
    });
  });

  it('runs a Job to its end and removes it after its time', async () => {
    const { objects, until } = use();
    const spec = { completions: 3, parallelism: 2, template: template('work', { restartPolicy: 'Never' }) };
    await objects.create(jobs, { metadata: { namespace, name: 'work' }, spec });
    const { status } = await until('the job is complete', async () => {
      const job = await objects.get(jobs, { namespace, name: 'work' });
      return job.status?.conditions?.some((c) => c.type === 'Complete' && c.status === 'True') === true && job;
    });
    expect(status).to.include({ succeeded: 3, ready: 0 });
    expect(
      (await podsOf('work')).flatMap((pod) => pod.metadata.finalizers ?? []),
      'tracked to the end',
    ).to.deep.equal([]);
    await objects.merge(jobs, { namespace, name: 'work' }, { spec: { ttlSecondsAfterFinished: 0 } });
    await until('the job is gone', async () => (await objects.find(jobs, { namespace, name: 'work' })) === undefined);
    await until('and its pods', async () => (await podsOf('work')).length === 0);
  });

  it('indexes a Job, suspends it and lets it go on', async () => {
    const { objects, until } = use();
    const name = 'indexed';
    const spec = {
      completions: 2,
      parallelism: 2,
      completionMode: 'Indexed' as const,
      suspend: true,
      template: template(name, { restartPolicy: 'Never' }),
    };
    await objects.create(jobs, { metadata: { namespace, name }, spec });
    await until('it is suspended', async () => {
      const { status } = await objects.get(jobs, { namespace, name });
      return status?.conditions?.some((c) => c.type === 'Suspended' && c.status === 'True');
    });
    expect(await podsOf(name)).to.deep.equal([]);
    await objects.merge(jobs, { namespace, name }, { spec: { suspend: false } });
    const { status } = await until('it is complete', async () => {
      const job = await objects.get(jobs, { namespace, name });
      return job.status?.conditions?.some((c) => c.type === 'Complete') === true && job;
    });
    expect(status?.completedIndexes).to.equal('0,1');
  });

  it('starts the job that a CronJob has missed', async () => {
    const { objects, until } = use();
    const jobTemplate = { spec: { template: template('nightly', { restartPolicy: 'Never' }) } };
    await objects.create(cronjobs, {
      metadata: { namespace, name: 'nightly' },
      spec: { schedule: '* * * * *', suspend: true, jobTemplate },
    });
    const lastScheduleTime = new Date(Date.now() - 90_000).toISOString().replace(/\.\d+Z$/, 'Z');
    await objects.merge(cronjobs, { namespace, name: 'nightly', subresource: 'status' }, { status: { lastScheduleTime } });
    await objects.merge(cronjobs, { namespace, name: 'nightly' }, { spec: { suspend: false } });
    const job = await until('its job is complete', async () => {
      const list = await objects.list(jobs, { namespace });
      return list.find((j) => j.metadata.ownerReferences?.[0]?.kind === 'CronJob' && j.status?.succeeded === 1);
    });
    expect(job.metadata.name).to.match(/^nightly-\d+$/);
    await until('it is remembered', async () => {
      const { status } = await objects.get(cronjobs, { namespace, name: 'nightly' });
      return status?.lastSuccessfulTime !== undefined && status.lastScheduleTime !== lastScheduleTime;
    });
    await objects.delete(cronjobs, { namespace, name: 'nightly' });
  });

  it('brings up a StatefulSet in order, with its claims', async () => {
    const { objects, until } = use();
    const name = 'db';
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce' as const], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
      status: {},
    };
    const selector = { matchLabels: { app: name } };
    const spec = { serviceName: name, replicas: 2, selector, template: template(name) };
    await objects.create(statefulsets, { metadata: { namespace, name }, spec });
    const both = await readyPods(name, 2);
    expect(both.map((pod) => pod.metadata.name)).to.deep.equal(['db-0', 'db-1']);
    await objects.merge(statefulsets, { namespace, name, subresource: 'scale' }, { spec: { replicas: 1 } });
    expect((await readyPods(name, 1)).map((pod) => pod.metadata.name)).to.deep.equal(['db-0']);
    const claiming = {
      serviceName: 'claiming',
      replicas: 1,
      selector: { matchLabels: { app: 'claiming' } },
      template: template('claiming'),
    };
    await objects.create(statefulsets, {
      metadata: { namespace, name: 'claiming' },
      spec: { ...claiming, volumeClaimTemplates: [claim] },
    });
    await until('the claim of its pod', async () => objects.find(persistentvolumeclaims, { namespace, name: 'data-claiming-0' }));
    await until('the pod waits for its volume', async () => {
      const pod = await objects.find(pods, { namespace, name: 'claiming-0' });
      return pod?.status?.conditions?.find((c) => c.type === 'PodScheduled')?.reason === 'Unschedulable';
    });
    await objects.delete(statefulsets, { namespace, name: 'claiming' });
    // it would take a volume that another test makes
    await objects.delete(persistentvolumeclaims, { namespace, name: 'data-claiming-0' });
  });

  it('puts a pod of a DaemonSet on every node, new ones too', async () => {
    const { objects, kubelets } = use();
    const spec = { selector: { matchLabels: { app: 'everywhere' } }, template: template('everywhere') };
    await objects.create(daemonsets, { metadata: { namespace, name: 'everywhere' }, spec });
    await readyPods('everywhere', 3);
    await kubelets.join('late');
    const all = await readyPods('everywhere', 4);
    expect(all.map((pod) => pod.spec?.nodeName)).to.include('late');
    await objects.delete(daemonsets, { namespace, name: 'everywhere' });
    await readyPods('everywhere', 0);
  });

  it('scales by a HorizontalPodAutoscaler to its minimum, and says what it cannot know', async () => {
    const { objects, until } = use();
    await objects.create(deployments, deployment(namespace, 'elastic', 1));
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'elastic' };
    const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }];
    const key = { namespace, name: 'elastic' };
    await objects.create(horizontalpodautoscalers, { metadata: key, spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 4, metrics } });
    await readyPods('elastic', 2);
    await until('its conditions', async () => {
      const { status } = await objects.get(horizontalpodautoscalers, key);
      const reasons = status?.conditions?.map((c) => `${c.type} ${c.reason}`);
      return reasons?.includes('AbleToScale SucceededGetScale') && reasons.includes('ScalingActive FailedGetResourceMetric');
    });
    await objects.delete(horizontalpodautoscalers, key);
  });
}
