// POST pods/<name>/eviction: a deletion that disruption budgets may hold back
// (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/).
import { validateDeleteOptions } from '../delete-options.js';
import { timestamp } from '../../../util/clock.js';
import { copy } from '../../../util/equal.js';
import type { Context, DeleteOptions, ObjectKey } from '../../context.js';
import {
  ApiError,
  badRequest,
  conflict,
  forbidden,
  invalid as invalidObject,
  isApiError,
  notFound,
  tooManyRequests,
} from '../../meta/errors.js';
import { at, invalid } from '../../meta/field-errors.js';
import { labelMatcher } from '../../meta/label-selector.js';
import type { KubeObject } from '../../meta/object.js';
import { poddisruptionbudgets, pods } from '../../meta/resources.gen.js';
import type { Pod } from '../../types/core-v1.gen.js';
import type { Eviction, PodDisruptionBudget } from '../../types/policy-v1.gen.js';
import { CREATED } from './binding.js';
import { isPodReady, isPodFinished, setPodCondition } from './conditions.js';

/** As many attempts as upstream makes when other writes come between. */
const ATTEMPTS = 20;
/** A budget with more evictions under way than this waits for its controller. */
const MAX_DISRUPTED_PODS = 2000;
const VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget.";

/**
 * Deletes the pod unless its disruption budget forbids it.
 * @throws ApiError TooManyRequests with a DisruptionBudget cause; NotFound, Conflict, BadRequest
 */
export async function evict(context: Context, key: ObjectKey, eviction: Eviction): Promise<KubeObject> {
  if (eviction.metadata.name !== key.name) throw badRequest('name in URL does not match name in Eviction object');
  const { options, dryRun } = deleteOptions(context, key, eviction);
  for (let attempt = 1; ; attempt++) {
    const pod = context.services.reader.get(pods, key.namespace, key.name);
    if (!pod) throw notFound(pods, key.name);
    if (!needsNoBudget(pod)) break;
    // a pending pod may have started meanwhile, and then its budget counts
    const certain =
      isPodFinished(pod) || pod.metadata.deletionTimestamp !== undefined || options.preconditions?.resourceVersion !== undefined;
    try {
      await markAndDelete(context, key, certain ? options : atRevision(options, pod), dryRun);
      return CREATED;
    } catch (e) {
      if (certain || attempt === ATTEMPTS || !isApiError(e, 'Conflict')) throw e;
    }
  }
  return evictWithBudget(context, key, options, dryRun);
}

async function evictWithBudget(context: Context, key: ObjectKey, options: DeleteOptions, dryRun: boolean): Promise<KubeObject> {
  const pod = context.services.reader.get(pods, key.namespace, key.name);
  if (!pod) throw notFound(pods, key.name);
  const budgets = context.services.reader.list(poddisruptionbudgets, key.namespace).filter((b) => covers(b, pod));
  if (budgets.length > 1)
    throw new ApiError({
      code: 500,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    });
  const [budget] = budgets;
  const free = budget !== undefined && isUnhealthyAndFree(pod, budget);
  if (budget && !free) await spend(context, budget, key.name, dryRun);
  try {
    // a pod that got ready meanwhile must not slip past its budget
    await markAndDelete(context, key, free ? atRevision(options, pod) : options, dryRun);
  } catch (e) {
    if (free && isApiError(e, 'Conflict') && options.preconditions?.resourceVersion === undefined) throw stillProcessing(budget);
    throw e;
  }
  return CREATED;
}

function deleteOptions(context: Context, key: ObjectKey, eviction: Eviction): { options: DeleteOptions; dryRun: boolean } {
  const asked = eviction.deleteOptions ?? {};
  if (asked.ignoreStoreReadErrorWithClusterBreakingPotential) {
    const path = at('deleteOptions', 'ignoreStoreReadErrorWithClusterBreakingPotential');
    const wrong = invalid(path, true, 'can not be set for pod eviction, try after removing the option');
    throw invalidObject({ group: 'policy', kind: 'Eviction' }, key.name, [wrong]);
  }
  const given = asked.dryRun ?? [];
  if (context.dryRun && given.length > 0 && given.join() !== 'All')
    throw new ApiError({
      code: 500,
      message: `Non-matching dry-run options in request and content: [All] and [${given.join(' ')}]`,
    });
  const wrong = validateDeleteOptions(asked as DeleteOptions);
  if (wrong.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', wrong);
  const dryRun = context.dryRun || given.length > 0;
  return { options: { ...(asked as DeleteOptions), dryRun: dryRun ? ['All'] : undefined }, dryRun };
}

/** Finished pods are no loss; pending ones serve nobody yet; the others go anyway. */
function needsNoBudget(pod: Pod): boolean {
  return isPodFinished(pod) || pod.status.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;
}

function atRevision(options: DeleteOptions, pod: Pod): DeleteOptions {
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: pod.metadata.resourceVersion } };
}

function covers(budget: PodDisruptionBudget, pod: Pod): boolean {
  try {
    return labelMatcher(budget.spec.selector)(pod.metadata.labels);
  } catch {
    // a selector that was stored under older rules selects nothing
    return false;
  }
}

/** KEP-3017: what is not ready may go when enough others are, or when the budget says so. */
function isUnhealthyAndFree(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isPodReady(pod)) return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  return spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy);
}

/** Takes one disruption from the budget, or refuses. */
async function spend(context: Context, budget: PodDisruptionBudget, podName: string, dryRun: boolean): Promise<void> {
  if (dryRun) return checkBudget(budget);
  const key = { namespace: budget.metadata.namespace ?? '', name: budget.metadata.name };
  const now = timestamp(context.services.clock.now());
  await context.services.writer.update(context, poddisruptionbudgets, key, 'status', (current) => {
    checkBudget(current);
    const next = copy(current);
    next.status.disruptionsAllowed = (next.status.disruptionsAllowed ?? 0) - 1;
    next.status.disruptedPods = { ...next.status.disruptedPods, [podName]: now };
    if (next.status.disruptionsAllowed === 0) markSpent(next, now);
    return next;
  });
}

function markSpent({ status }: PodDisruptionBudget, now: string): void {
  const conditions = status.conditions ?? [];
  const old = conditions.find((c) => c.type === 'DisruptionAllowed');
  const lastTransitionTime = old?.status === 'False' ? old.lastTransitionTime : now;
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration: status.observedGeneration,
    lastTransitionTime,
  } as const;
  status.conditions = old ? conditions.map((c) => (c === old ? condition : c)) : [...conditions, condition];
}

/** @throws ApiError unless the budget allows one more disruption */
function checkBudget(budget: PodDisruptionBudget): void {
  const { metadata, status } = budget;
  const allowed = status.disruptionsAllowed ?? 0;
  const refuse = (cause: string) => forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, metadata.name, cause);
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw stillProcessing(budget);
  if (allowed < 0) throw refuse('pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS)
    throw refuse('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (allowed === 0) throw tooManyRequests(VIOLATES, 0, [{ reason: 'DisruptionBudget', message: spentMessage(budget) }]);
}

function spentMessage({ metadata, status }: PodDisruptionBudget): string {
  const subject = `The disruption budget ${metadata.name}`;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  const condition = status.conditions?.find((c) => c.type === 'DisruptionAllowed' && c.status === 'False' && c.message !== '');
  if (condition?.reason === 'SyncFailed')
    return `${subject} does not allow evicting pods currently because it failed sync: ${condition.message}`;
  if (currentHealthy <= desiredHealthy) return `${subject} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  if (condition) return `${subject} does not allow evicting pods currently (${condition.reason}): ${condition.message}`;
  return `${subject} does not allow evicting pods currently`;
}

function stillProcessing({ metadata }: PodDisruptionBudget): ApiError {
  const message = `The disruption budget ${metadata.name} is still being processed by the server.`;
  return tooManyRequests(VIOLATES, 10, [{ reason: 'DisruptionBudget', message }]);
}

/** Says in the pod's status why it goes (KEP-3329), then deletes it. */
async function markAndDelete(context: Context, key: ObjectKey, options: DeleteOptions, dryRun: boolean): Promise<void> {
  let final = options;
  if (!dryRun) {
    const now = timestamp(context.services.clock.now());
    const marked = await context.services.writer.update(context, pods, key, 'status', (current) => {
      checkPreconditions(current, options);
      const pod = copy(current);
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };
      setPodCondition(pod.status, condition, now);
      return pod;
    });
    if (options.preconditions?.resourceVersion !== undefined) final = atRevision(options, marked);
  }
  await context.services.writer.delete(context, pods, key, final);
}

function checkPreconditions({ metadata }: Pod, { preconditions }: DeleteOptions): void {
  // upstream names the kind here, where a resource is meant
  const refuse = (cause: string) => conflict({ group: '', resource: 'Pod' }, metadata.name, cause);
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid && uid !== metadata.uid)
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}
