// What kubelets tell the server, without containers: nodes that are alive and pods that run at once.
import type { Draft } from '../../../src/api/meta/object.js';
import { leases, nodes, pods } from '../../../src/api/meta/resources.gen.js';
import type { Lease } from '../../../src/api/types/coordination-v1.gen.js';
import type { ContainerStatus, Node, Pod, PodStatus } from '../../../src/api/types/core-v1.gen.js';
import { type Objects, Refusal } from './objects.js';

const TURN_MS = 100;
const LEASES = 'kube-node-lease';

/** Nodes kept Ready, whose pods run, finish (when they need not run for ever) and go when they are told to. */
export class Kubelets {
  readonly #objects: Objects;
  readonly #alive = new Set<string>();
  readonly #failures: string[] = [];
  #running: Promise<void> | undefined;
  #stopped = false;
  #addresses = 0;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** What the server refused that a kubelet may do. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Registers a node and begins to speak for it. */
  async join(name: string, labels: Record<string, string> = {}): Promise<Node> {
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    const object: Draft<Node> = { metadata: { name, annotations, labels: { 'kubernetes.io/hostname': name, ...labels } } };
    const node = await this.#objects.create(nodes, object);
    const amounts = { cpu: '4', memory: '8Gi', pods: '110' };
    await this.#objects.merge(
      nodes,
      { name, subresource: 'status' },
      {
        status: { capacity: amounts, allocatable: amounts, conditions: [ready()], addresses: [{ type: 'Hostname', address: name }] },
      },
    );
    await this.#renew(node);
    this.#alive.add(name);
    this.#running ??= this.#run();
    return node;
  }

  /** The node says nothing any more; its pods stay as they are. */
  lose(name: string): void {
    this.#alive.delete(name);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#turn().catch((e: unknown) => this.#failures.push(String(e)));
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
  }

  async #turn(): Promise<void> {
    for (const name of this.#alive) await this.#objects.merge(leases, { namespace: LEASES, name }, { spec: { renewTime: microTime() } });
    for (const pod of await this.#objects.list(pods))
      if (this.#alive.has(pod.spec?.nodeName ?? ''))
        await this.#serve(pod).catch((e: unknown) => {
          // gone or changed meanwhile
          if (!(e instanceof Refusal) || (e.code !== 404 && e.code !== 409)) throw e;
        });
  }

  async #serve(pod: Pod): Promise<void> {
    const { namespace, name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      await this.#objects.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
      return;
    }
    const finite = pod.spec?.restartPolicy !== 'Always';
    const status =
      pod.status?.phase === 'Pending' ? this.#started(pod) : pod.status?.phase === 'Running' && finite ? finished(pod) : undefined;
    if (status) await this.#objects.merge(pods, { namespace, name, subresource: 'status' }, { status });
  }

  #started(pod: Pod): PodStatus {
    const podIP = `10.244.9.${(this.#addresses = (this.#addresses % 250) + 1)}`;
    const lastTransitionTime = time();
    const conditions = ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status: 'True', lastTransitionTime }));
    const containerStatuses = containers(pod, { running: { startedAt: time() } }, true);
    const scheduled = pod.status?.conditions?.filter((c) => c.type === 'PodScheduled') ?? [];
    return {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: time(),
      conditions: [...scheduled, ...conditions],
      containerStatuses,
    };
  }

  async #renew(node: Node): Promise<void> {
    const { name, uid = '' } = node.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    const lease: Draft<Lease> = {
      metadata: { namespace: LEASES, name, ownerReferences },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() },
    };
    await this.#objects.create(leases, lease);
  }
}

function containers(pod: Pod, state: ContainerStatus['state'], isReady: boolean): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: image,
    ready: isReady,
    started: isReady,
    restartCount: 0,
    ...(state ? { state } : {}),
  }));
}

function finished(pod: Pod): PodStatus {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: pod.status?.startTime ?? time(), finishedAt: time() };
  const conditions = (pod.status?.conditions ?? []).map((c) =>
    c.type.endsWith('Ready') ? { ...c, status: 'False', reason: 'PodCompleted' } : c,
  );
  return { phase: 'Succeeded', conditions, containerStatuses: containers(pod, { terminated }, false) };
}

function ready(): object {
  return { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time(), lastTransitionTime: time() };
}

function time(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function microTime(): string {
  return new Date().toISOString().replace(/Z$/, '000Z');
}
