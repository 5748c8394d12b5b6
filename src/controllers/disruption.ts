// PodDisruptionBudgets: keeps their status up to date, by which evictions are granted or refused (upstream's
// pkg/controller/disruption).
import { isApiError } from '../api/meta/errors.js';
import { deployments, poddisruptionbudgets, pods, replicasets, replicationcontrollers } from '../api/meta/resources.gen.js';
import { isPodFinished, podCondition } from '../api/shared/pod/conditions.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../api/types/policy-v1.gen.js';
import { formatLabelSelector } from '../api/shared/format.js';
import { keyOf } from '../client/store.js';
import { timestamp } from '../util/clock.js';
import { equal } from '../util/equal.js';
import { scaled } from './deployment/arithmetic.js';
import { expectedScale } from './disruption/scale.js';
import { budgetStatus, disruptedPods, failedStatus, healthyPods } from './disruption/status.js';
import { type Controller, type ControllerDefinition, type Environment, type Result, watch, watchMapped } from './runtime/controller.js';
import { matcherOf } from './runtime/selector.js';

/** A pod that says it is about to be disrupted, and is still there after so long, is not. */
const STALE_CONDITION = 120_000;
const TARGET = 'DisruptionTarget';

/** Keeps the status of PodDisruptionBudgets. */
export const disruption: ControllerDefinition = {
  name: 'disruption-controller',
  alias: 'disruption',
  source: 'controllermanager',
  create: (environment) => [budgetController(environment), staleConditionController(environment)],
};

function budgetController(environment: Environment): Controller {
  const { store } = environment.informers.of(poddisruptionbudgets);
  const budgetsOf = (pod: Pod) => {
    const found = store.list(pod.metadata.namespace).filter((b) => matcherOf(b.spec.selector)(pod.metadata.labels));
    if (found.length > 1) reportMany(environment, pod, found);
    return found.map(keyOf);
  };
  const inNamespace = ({ metadata }: { metadata: { namespace?: string | undefined } }) => store.list(metadata.namespace).map(keyOf);
  const sizes = (old: { spec: { replicas?: number | undefined } }, next: { spec: { replicas?: number | undefined } }) =>
    old.spec.replicas !== next.spec.replicas;
  return {
    for: poddisruptionbudgets,
    watches: [
      watchMapped(pods, budgetsOf),
      // a change of size changes what is expected of the pods
      ...[deployments, replicasets, replicationcontrollers].map((resource) =>
        watch<{ apiVersion: string; kind: string; metadata: PodDisruptionBudget['metadata']; spec: { replicas?: number | undefined } }>(
          resource,
          (queue) => ({
            update: (old, next) => sizes(old, next) && inNamespace(next).forEach((key) => queue.add(key)),
          }),
        ),
      ),
    ],
    reconcile: (key) => reconcile(environment, key),
  };
}

function reportMany({ recorder }: Environment, pod: Pod, budgets: readonly PodDisruptionBudget[]): void {
  const { namespace, name } = pod.metadata;
  const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${budgets[0]?.metadata.name}" arbitrarily.`;
  recorder.warning(pod, 'MultiplePodDisruptionBudgets', message);
}

async function reconcile(environment: Environment, key: string): Promise<Result> {
  const budget = environment.informers.of(poddisruptionbudgets).store.get(key);
  if (!budget) return undefined;
  try {
    return await judge(environment, budget);
  } catch (error) {
    if (isApiError(error, 'Conflict')) throw error;
    const message = error instanceof Error ? error.message : '';
    await writeStatus(environment, budget, failedStatus(budget, message, environment.clock.now()));
    return undefined;
  }
}

async function judge(environment: Environment, budget: PodDisruptionBudget): Promise<Result> {
  const { clock, informers, recorder } = environment;
  const matches = matcherOf(budget.spec.selector);
  const selected = informers
    .of(pods)
    .store.list(budget.metadata.namespace)
    .filter((pod) => matches(pod.metadata.labels));
  if (selected.length === 0) recorder.normal(budget, 'NoPods', 'No matching pods found');
  const { expectedPods, desiredHealthy } = await expectation(environment, budget, selected);
  const now = clock.now();
  const disrupted = disruptedPods(budget, selected, now);
  const { namespace, name } = budget.metadata;
  for (const pod of disrupted.overdue)
    recorder.warning(pod, 'NotDeleted', `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`);
  const currentHealthy = healthyPods(selected, disrupted);
  await writeStatus(
    environment,
    budget,
    budgetStatus(budget, { currentHealthy, desiredHealthy, expectedPods, disruptedPods: disrupted.pods }, now),
  );
  return disrupted.recheck === undefined ? undefined : { after: disrupted.recheck + 1 };
}

interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

async function expectation(environment: Environment, budget: PodDisruptionBudget, selected: readonly Pod[]): Promise<Expectation> {
  const { minAvailable, maxUnavailable } = budget.spec;
  if (maxUnavailable === undefined && typeof minAvailable !== 'string')
    return { expectedPods: minAvailable === undefined ? 0 : selected.length, desiredHealthy: minAvailable ?? 0 };
  const { count, unmanaged } = await scaleOrEvent(environment, budget, selected);
  if (unmanaged.length > 0) reportUnmanaged(environment, budget);
  if (maxUnavailable !== undefined)
    return { expectedPods: count, desiredHealthy: Math.max(count - scaled(maxUnavailable, count, 'up'), 0) };
  return { expectedPods: count, desiredHealthy: scaled(minAvailable ?? 0, count, 'up') };
}

async function scaleOrEvent(
  environment: Environment,
  budget: PodDisruptionBudget,
  selected: readonly Pod[],
): ReturnType<typeof expectedScale> {
  try {
    return await expectedScale(environment, selected);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    environment.recorder.warning(budget, 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${message}`);
    throw error;
  }
}

function reportUnmanaged({ recorder }: Environment, budget: PodDisruptionBudget): void {
  recorder.warning(
    budget,
    'UnmanagedPods',
    `Pods selected by this PodDisruptionBudget (selector: ${formatLabelSelector(budget.spec.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`,
  );
}

async function writeStatus({ client }: Environment, budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
  if (equal(status, budget.status)) return;
  try {
    await client.update(poddisruptionbudgets, { ...budget, status }, { subresource: 'status' });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

/** Takes back the announcement that a pod is about to be disrupted, when nothing came of it. */
function staleConditionController({ client, clock, informers }: Environment): Controller {
  return {
    workers: 1,
    watches: [
      watch(pods, (queue) => ({
        add: (pod) => podCondition(pod, TARGET) && queue.add(keyOf(pod)),
        update: (_, pod) => podCondition(pod, TARGET) && queue.add(keyOf(pod)),
      })),
    ],
    reconcile: async (key) => {
      const pod = informers.of(pods).store.get(key);
      const condition = pod && podCondition(pod, TARGET);
      if (!pod || pod.metadata.deletionTimestamp !== undefined || isPodFinished(pod)) return undefined;
      if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
      const left = Date.parse(condition.lastTransitionTime ?? '') + STALE_CONDITION - clock.now();
      if (left > 0) return { after: left };
      const cleared = {
        type: TARGET,
        status: 'False',
        observedGeneration: pod.metadata.generation,
        lastTransitionTime: timestamp(clock.now()),
      };
      const conditions = (pod.status.conditions ?? []).map((c) => (c === condition ? cleared : c));
      await client.update(pods, { ...pod, status: { ...pod.status, conditions } }, { subresource: 'status' });
      return undefined;
    },
  };
}
