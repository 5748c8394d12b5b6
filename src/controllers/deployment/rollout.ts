// One look at one Deployment: finds its ReplicaSets, and takes the next step towards what it asks for.
import { isApiError } from '../../api/meta/errors.js';
import { deployments, replicasets } from '../../api/meta/resources.gen.js';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types/apps-v1.gen.js';
import { equal } from '../../util/equal.js';
import { messageOf } from '../../util/errors.js';
import type { Environment, Result } from '../runtime/controller.js';
import { isNamespaceTerminating } from '../runtime/pod-writer.js';
import {
  byCreation,
  cleanupUnhealthy,
  fenceposts,
  isRolling,
  maxUnavailable,
  newReplicas,
  proportional,
  replicasOf,
  type Resize,
  shrinkOld,
  total,
  totalAvailable,
} from './arithmetic.js';
import { sameTemplate } from './hash.js';
import { newSet as makeNewSet } from './new-set.js';
import { DESIRED_REPLICAS, newSetAnnotations, nextRevision, numberAnnotation, REVISION, revisionOf, sizeAnnotations } from './revisions.js';
import {
  condition,
  countedStatus,
  hasDeadline,
  historyLimit,
  isComplete,
  nextProgressCheck,
  rolloutStatus,
  withCondition,
} from './status.js';

/** Whether pods of sets other than the given one are still there. */
export type OldPodsLeft = (newSet: ReplicaSet | undefined) => boolean;

/** One round of one Deployment: brings its sets, and then its status, closer to what it asks for. */
export class Rollout {
  readonly #environment: Environment;
  /** As last written. */
  #deployment: Deployment;
  #newSet: ReplicaSet | undefined;
  /** All others, oldest first. */
  #oldSets: ReplicaSet[];

  constructor(environment: Environment, deployment: Deployment, sets: readonly ReplicaSet[]) {
    this.#environment = environment;
    this.#deployment = deployment;
    const sorted = [...sets].sort(byCreation);
    this.#newSet = sorted.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
    this.#oldSets = sorted.filter((set) => set !== this.#newSet);
  }

  get #all(): ReplicaSet[] {
    return this.#newSet ? [...this.#oldSets, this.#newSet] : this.#oldSets;
  }

  get #now(): number {
    return this.#environment.clock.now();
  }

  /** For a Deployment that is being deleted. */
  async statusOnly(): Promise<void> {
    await this.#syncRevision();
    await this.#writeCounted();
  }

  /** Tells in the conditions that a Deployment was paused or resumed; a paused one has no deadline. */
  async notePause(): Promise<void> {
    if (!hasDeadline(this.#deployment)) return;
    const reason = condition(this.#deployment.status, 'Progressing')?.reason;
    if (reason === 'ProgressDeadlineExceeded') return;
    const paused = this.#deployment.spec.paused === true;
    if (paused === (reason === 'DeploymentPaused')) return;
    const next = paused
      ? { reason: 'DeploymentPaused', message: 'Deployment is paused' }
      : { reason: 'DeploymentResumed', message: 'Deployment is resumed' };
    await this.#writeStatus(this.#withProgress('Unknown', next.reason, next.message));
  }

  /** Whether the Deployment's size has changed since its sets were last scaled. */
  async isScaling(): Promise<boolean> {
    await this.#syncRevision();
    return this.#all.some(
      (set) =>
        replicasOf(set) > 0 && (numberAnnotation(set, DESIRED_REPLICAS) ?? replicasOf(this.#deployment)) !== replicasOf(this.#deployment),
    );
  }

  /** Scales without rolling: for a paused Deployment, and for a change of size in the middle of a roll. */
  async scaleOnly(): Promise<void> {
    await this.#syncRevision();
    await this.#scale();
    if (this.#deployment.spec.paused) await this.#cleanup();
    await this.#writeCounted();
  }

  /** Replaces old pods by new ones within maxSurge and maxUnavailable. */
  async roll(): Promise<Result> {
    await this.#syncRevision();
    const newSet = await this.#ensureNewSet();
    if ((await this.#growNew(newSet)) || (await this.#shrinkOldSets())) return this.#writeRollout();
    if (isComplete(this.#deployment, this.#deployment.status)) await this.#cleanup();
    return this.#writeRollout();
  }

  /** Waits for all old pods to be gone before it makes new ones. */
  async recreate(oldPodsLeft: OldPodsLeft): Promise<Result> {
    await this.#syncRevision();
    if (await this.#resizeAll(this.#oldSets.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }))))
      return this.#writeRollout();
    if (oldPodsLeft(this.#newSet)) return this.#writeRollout();
    const newSet = await this.#ensureNewSet();
    await this.#resize({ set: newSet, replicas: replicasOf(this.#deployment) });
    if (isComplete(this.#deployment, this.#deployment.status)) await this.#cleanup();
    return this.#writeRollout();
  }

  /** Gives the newest set its revision and the Deployment's annotations, and the Deployment the revision of its newest set. */
  async #syncRevision(): Promise<void> {
    const { client } = this.#environment;
    const set = this.#newSet;
    if (!set) return;
    const annotations = newSetAnnotations(this.#deployment, set, nextRevision(this.#oldSets));
    const minReadySeconds = this.#deployment.spec.minReadySeconds;
    if (!equal(annotations, set.metadata.annotations ?? {}) || (minReadySeconds ?? 0) !== (set.spec.minReadySeconds ?? 0)) {
      this.#newSet = await client.update(replicasets, {
        ...set,
        metadata: { ...set.metadata, annotations },
        spec: { ...set.spec, minReadySeconds },
      });
      return;
    }
    const found = hasDeadline(this.#deployment) && !condition(this.#deployment.status, 'Progressing');
    const status = found
      ? this.#withProgress('True', 'FoundNewReplicaSet', `Found new replica set "${set.metadata.name}"`)
      : this.#deployment.status;
    await this.#writeRevision(set.metadata.annotations?.[REVISION] ?? '', status);
  }

  async #writeRevision(revision: string, status: DeploymentStatus): Promise<void> {
    const { metadata } = this.#deployment;
    if (metadata.annotations?.[REVISION] !== revision)
      this.#deployment = { ...this.#deployment, metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION]: revision } } };
    else if (status === this.#deployment.status) return;
    await this.#writeStatus(status);
  }

  async #ensureNewSet(): Promise<ReplicaSet> {
    if (this.#newSet) return this.#newSet;
    const { client, recorder } = this.#environment;
    const revision = String(nextRevision(this.#oldSets));
    const wanted = makeNewSet(this.#deployment, this.#oldSets, Number(revision));
    const name = wanted.metadata.name;
    try {
      this.#newSet = await client.create<ReplicaSet>(replicasets, wanted);
    } catch (error) {
      this.#newSet = await this.#creationFailed(error, wanted);
      await this.#writeRevision(revision, this.#deployment.status);
      return this.#newSet;
    }
    if (replicasOf(this.#newSet) > 0)
      recorder.normal(this.#deployment, 'ScalingReplicaSet', `Scaled up replica set ${name} from 0 to ${replicasOf(this.#newSet)}`);
    const status = hasDeadline(this.#deployment)
      ? this.#withProgress('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
      : this.#deployment.status;
    await this.#writeRevision(revision, status);
    return this.#newSet;
  }

  /** @returns the set when it is there after all, made by an earlier look whose answer was lost; throws otherwise */
  async #creationFailed(error: unknown, wanted: ReplicaSet): Promise<ReplicaSet> {
    const { client, recorder } = this.#environment;
    const { name, namespace = '' } = wanted.metadata;
    if (isApiError(error, 'AlreadyExists')) {
      const there = await client.get(replicasets, { namespace, name });
      const ours = there.metadata.ownerReferences?.some((r) => r.controller && r.uid === this.#deployment.metadata.uid);
      if (ours && sameTemplate(there.spec.template, this.#deployment.spec.template)) return there;
      // another template has the same hash: the next try takes another name
      await this.#writeStatus({ ...this.#deployment.status, collisionCount: (this.#deployment.status.collisionCount ?? 0) + 1 });
      throw error;
    }
    if (isNamespaceTerminating(error)) throw error;
    const message = `Failed to create new replica set "${name}": ${messageOf(error)}`;
    if (hasDeadline(this.#deployment)) await this.#writeStatus(this.#withProgress('False', 'ReplicaSetCreateError', message));
    recorder.warning(this.#deployment, 'ReplicaSetCreateError', message);
    throw error;
  }

  async #growNew(newSet: ReplicaSet): Promise<boolean> {
    const desired = replicasOf(this.#deployment);
    if (replicasOf(newSet) === desired) return false;
    return this.#resize({
      set: newSet,
      replicas: replicasOf(newSet) > desired ? desired : newReplicas(this.#deployment, this.#all, newSet),
    });
  }

  async #shrinkOldSets(): Promise<boolean> {
    const active = () => this.#oldSets.filter((set) => replicasOf(set) > 0);
    if (total(active()) === 0) return false;
    const minAvailable = replicasOf(this.#deployment) - maxUnavailable(this.#deployment);
    const newUnavailable = this.#newSet ? replicasOf(this.#newSet) - (this.#newSet.status.availableReplicas ?? 0) : 0;
    const limit = () => total(this.#all) - minAvailable - newUnavailable;
    if (limit() <= 0) return false;
    const cleaned = await this.#resizeAll(cleanupUnhealthy(active(), limit()));
    const available = totalAvailable([...active(), ...(this.#newSet ? [this.#newSet] : [])]);
    // the status of an old set may still count pods it was told to give up: what it is told bounds what may go
    const shrunk = await this.#resizeAll(shrinkOld(active(), Math.min(available - minAvailable, limit())));
    return cleaned || shrunk;
  }

  async #scale(): Promise<void> {
    const active = this.#all.filter((set) => replicasOf(set) > 0);
    const only = active.length > 1 ? undefined : (active[0] ?? this.#newSet ?? this.#oldSets.at(-1));
    if (only) {
      await this.#resize({ set: only, replicas: replicasOf(this.#deployment) });
      return;
    }
    if (active.length === 0) return;
    if (this.#isSaturated()) await this.#resizeAll(this.#oldSets.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 })));
    else if (isRolling(this.#deployment)) for (const resize of proportional(this.#deployment, active)) await this.#resize(resize, true);
  }

  /** The newest set has all pods the Deployment wants, and all are available. */
  #isSaturated(): boolean {
    const desired = replicasOf(this.#deployment);
    const set = this.#newSet;
    return (
      set !== undefined &&
      replicasOf(set) === desired &&
      numberAnnotation(set, DESIRED_REPLICAS) === desired &&
      (set.status.availableReplicas ?? 0) === desired
    );
  }

  async #resizeAll(resizes: readonly Resize[]): Promise<boolean> {
    let changed = false;
    for (const resize of resizes) if (await this.#resize(resize)) changed = true;
    return changed;
  }

  /** @param annotate writes the size annotations even where the size stays. @returns whether the size has changed */
  async #resize({ set, replicas }: Resize, annotate = false): Promise<boolean> {
    const { client, recorder } = this.#environment;
    const before = replicasOf(set);
    if (before === replicas && !annotate) return false;
    const desired = replicasOf(this.#deployment);
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(desired, desired + fenceposts(this.#deployment).surge) };
    if (before === replicas && equal(annotations, set.metadata.annotations)) return false;
    const written = await client.update(replicasets, {
      ...set,
      metadata: { ...set.metadata, annotations },
      spec: { ...set.spec, replicas },
    });
    this.#replace(set, written);
    if (before === replicas) return false;
    recorder.normal(
      this.#deployment,
      'ScalingReplicaSet',
      `Scaled ${before < replicas ? 'up' : 'down'} replica set ${written.metadata.name} from ${before} to ${replicas}`,
    );
    return true;
  }

  #replace(set: ReplicaSet, written: ReplicaSet): void {
    if (this.#newSet?.metadata.uid === set.metadata.uid) this.#newSet = written;
    else this.#oldSets = this.#oldSets.map((old) => (old.metadata.uid === set.metadata.uid ? written : old));
  }

  /** Deletes the oldest sets beyond the history limit that have no pods left. */
  async #cleanup(): Promise<void> {
    const limit = historyLimit(this.#deployment);
    if (limit === undefined) return;
    const sets = this.#oldSets
      .filter((set) => set.metadata.deletionTimestamp === undefined)
      .sort((a, b) => revisionOf(a) - revisionOf(b) || byCreation(a, b));
    for (const { metadata, spec, status } of sets.slice(0, Math.max(sets.length - limit, 0))) {
      const inUse = status.replicas !== 0 || (spec.replicas ?? 0) !== 0 || (metadata.generation ?? 0) > (status.observedGeneration ?? 0);
      if (inUse) continue;
      await this.#environment.client
        .delete(replicasets, { namespace: metadata.namespace ?? '', name: metadata.name })
        .catch((error: unknown) => {
          if (!isApiError(error, 'NotFound')) throw error;
        });
    }
  }

  #withProgress(status: string, reason: string, message: string): DeploymentStatus {
    const { status: present } = this.#deployment;
    return { ...present, conditions: [...withCondition(present.conditions, { type: 'Progressing', status, reason, message }, this.#now)] };
  }

  async #writeCounted(): Promise<void> {
    const status = countedStatus(this.#deployment, this.#all, this.#newSet, this.#now);
    if (!equal(status, this.#deployment.status)) await this.#writeStatus(status);
  }

  async #writeRollout(): Promise<Result> {
    const now = this.#now;
    const status = rolloutStatus(this.#deployment, this.#all, this.#newSet, now);
    if (!equal(status, this.#deployment.status)) {
      await this.#writeStatus(status);
      return undefined;
    }
    const after = nextProgressCheck(this.#deployment, status, now);
    return after === undefined ? undefined : { after };
  }

  /** Writes the status, and the annotations that belong to it. */
  async #writeStatus(status: DeploymentStatus): Promise<void> {
    this.#deployment = await this.#environment.client.update(deployments, { ...this.#deployment, status }, { subresource: 'status' });
  }
}
