// The controller behind ReplicaSets and ReplicationControllers (upstream's pkg/controller/replicaset): counts the pods an
// object controls, makes the missing ones, deletes those too many, and writes what it saw into the status.
import { type Resource, uidOf } from '../../api/meta/object.js';
import { pods, replicasets } from '../../api/meta/resources.gen.js';
import type { ReplicaSet } from '../../api/types/apps-v1.gen.js';
import type { Pod } from '../../api/types/core-v1.gen.js';
import { keyOf, splitKey } from '../../client/store.js';
import { type Controller, type Environment, type Result, watch } from '../runtime/controller.js';
import { byDeletionOrder } from '../runtime/deletion-order.js';
import { Expectations } from '../runtime/expectations.js';
import { claim, controllerOf, isControlledBy } from '../runtime/owners.js';
import { PodWriter } from '../runtime/pod-writer.js';
import { BY_CONTROLLER, isPodActive, isPodTerminating, nextAvailability, orphansOf, podController } from '../runtime/pods.js';
import { type LabelMatcher, matcherOf } from '../runtime/selector.js';
import { slowStart } from '../runtime/slow-start.js';
import { podWatch } from './pod-watch.js';
import { type Replicated, replicasStatus, statusDiffers } from './status.js';

/** Pods made or deleted in one go; the rest follows when these have been seen. */
const BURST = 500;
/** A thousand pods that start make thousands of changes; the status need not follow each. */
const REST = 20;

/** In what the kinds differ. */
export interface ReplicatedKind<T extends Replicated> {
  readonly resource: Resource<T>;
  matcher(owner: T): LabelMatcher;
  /** The status tells the number of terminating pods. */
  readonly countsTerminating: boolean;
}

/** Keeps the number of pods that objects of a kind ask for. */
export function replicaController<T extends Replicated>(environment: Environment, kind: ReplicatedKind<T>): Controller {
  const expectations = new Expectations(environment.clock);
  const replicas = new Replicas(environment, kind, expectations);
  return {
    rest: REST,
    for: kind.resource,
    watches: [
      podWatch(environment, kind, expectations),
      // an object made again under the name must not wait for what the old one expected
      watch(kind.resource, () => ({ delete: (owner) => expectations.forget(keyOf(owner)) })),
    ],
    reconcile: (key) => replicas.reconcile(key),
  };
}

class Replicas<T extends Replicated> {
  readonly #environment: Environment;
  readonly #kind: ReplicatedKind<T>;
  readonly #expectations: Expectations;
  readonly #writer: PodWriter;

  constructor(environment: Environment, kind: ReplicatedKind<T>, expectations: Expectations) {
    this.#environment = environment;
    this.#kind = kind;
    this.#expectations = expectations;
    this.#writer = new PodWriter(environment);
    environment.informers.of(pods).addIndex(BY_CONTROLLER, podController);
  }

  async reconcile(key: string): Promise<Result> {
    const { clock, informers } = this.#environment;
    const owner = informers.of(this.#kind.resource).store.get(key);
    if (!owner) {
      this.#expectations.forget(key);
      return undefined;
    }
    // asked before the pods are looked at: what is seen later must not make an old picture count as new
    const mayManage = this.#expectations.satisfied(key) && owner.metadata.deletionTimestamp === undefined;
    const { active, terminating } = await this.#pods(owner);
    const error = mayManage ? await this.#manage(key, owner, active) : undefined;
    const now = clock.now();
    const status = replicasStatus(owner, { active, terminating, error, now });
    if (statusDiffers(owner, status)) await this.#writeStatus(owner, status);
    if (error !== undefined) throw error;
    const minReady = owner.spec.minReadySeconds ?? 0;
    if (minReady === 0 || (status.readyReplicas ?? 0) === (status.availableReplicas ?? 0)) return undefined;
    return { after: nextAvailability(active, minReady, now) ?? minReady * 1000 };
  }

  async #pods(owner: T): Promise<{ active: Pod[]; terminating: Pod[] | undefined }> {
    const { client, informers } = this.#environment;
    const store = informers.of(pods).store;
    const matches = this.#kind.matcher(owner);
    const known = [
      ...store.byIndex(BY_CONTROLLER, uidOf(owner)),
      ...store.byIndex(BY_CONTROLLER, orphansOf(owner.metadata.namespace ?? '')),
    ];
    const active = await claim(known.filter(isPodActive), {
      client,
      ownerResource: this.#kind.resource,
      owner,
      resource: pods,
      matches: (pod) => matches(pod.metadata.labels),
    });
    if (!this.#kind.countsTerminating) return { active, terminating: undefined };
    return { active, terminating: known.filter((p) => isPodTerminating(p) && isControlledBy(p, owner) && matches(p.metadata.labels)) };
  }

  /** Makes or deletes pods. @returns what went wrong */
  async #manage(key: string, owner: T, active: readonly Pod[]): Promise<Error | undefined> {
    const missing = (owner.spec.replicas ?? 0) - active.length;
    if (missing > 0) return this.#create(key, owner, Math.min(missing, BURST));
    if (missing < 0) return this.#delete(key, owner, active, Math.min(-missing, BURST));
    return undefined;
  }

  async #create(key: string, owner: T, count: number): Promise<Error | undefined> {
    this.#expectations.expectCreations(key, count);
    const { succeeded, error } = await slowStart(count, () => this.#writer.create(owner, this.#kind.resource, owner.spec.template));
    if (succeeded < count) this.#expectations.created(key, count - succeeded);
    return asError(error);
  }

  async #delete(key: string, owner: T, active: readonly Pod[], count: number): Promise<Error | undefined> {
    const doomed = (count < active.length ? byDeletionOrder(active, this.#related(owner), this.#environment.clock.now()) : active).slice(
      0,
      count,
    );
    this.#expectations.expectDeletions(key, doomed.map(uidOf));
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        try {
          // its going may have been seen before it was expected
          if (!(await this.#writer.delete(owner, pod))) this.#expectations.deleted(key, uidOf(pod));
        } catch (error) {
          this.#expectations.deleted(key, uidOf(pod));
          throw error;
        }
      }),
    );
    return asError(results.find((r) => r.status === 'rejected')?.reason);
  }

  /** The pods of all ReplicaSets of the same Deployment: their crowding of nodes counts. */
  #related(owner: T): Pod[] {
    const { informers } = this.#environment;
    const controller = controllerOf(owner);
    if (!controller) return [];
    const namespace = owner.metadata.namespace ?? '';
    const siblings: readonly ReplicaSet[] = informers
      .of(replicasets)
      .store.list(namespace)
      .filter((s) => controllerOf(s)?.uid === controller.uid);
    const matchers = siblings.map((s) => matcherOf(s.spec.selector));
    return informers
      .of(pods)
      .store.list(namespace)
      .filter((pod) => matchers.some((matches) => matches(pod.metadata.labels)));
  }

  async #writeStatus(owner: T, status: T['status']): Promise<void> {
    const { client } = this.#environment;
    const options = { subresource: 'status' };
    try {
      await client.update(this.#kind.resource, { ...owner, status }, options);
    } catch {
      // most likely the object has just changed: what was counted is still what there is, and it says which generation it is for
      const fresh = await client.get(this.#kind.resource, splitKey(keyOf(owner)));
      await client.update(this.#kind.resource, { ...fresh, status }, options);
    }
  }
}

function asError(reason: unknown): Error | undefined {
  return reason === undefined || reason instanceof Error ? reason : new Error('not an error', { cause: reason });
}
