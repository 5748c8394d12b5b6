// Deployments (upstream's pkg/controller/deployment): every version of the pod template is a ReplicaSet; the newest grows
// while the others shrink, and the others are kept, empty, as history.
import { isEmptyLabelSelector } from '../api/meta/label-selector.js';
import { uidOf } from '../api/meta/object.js';
import { deployments, pods, replicasets } from '../api/meta/resources.gen.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Deployment, ReplicaSet } from '../api/types/apps-v1.gen.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import { keyOf } from '../client/store.js';
import { Rollout } from './deployment/rollout.js';
import { type Controller, type ControllerDefinition, type Environment, type Result, watch, watchMapped } from './runtime/controller.js';
import { claim, controllerOf } from './runtime/owners.js';
import { isNamespaceTerminating } from './runtime/pod-writer.js';
import { BY_CONTROLLER, orphansOf, podController } from './runtime/pods.js';
import { matcherOf } from './runtime/selector.js';

/** Upstream gives up on a Deployment after so many failures, until it changes. */
const MAX_RETRIES = 15;

/** Name of the ReplicaSet informer's index by controlling owner; sets without one are under their namespace. */
const SETS_BY_OWNER = 'controller';

/** Rolls Deployments out. */
export const deployment: ControllerDefinition = {
  name: 'deployment-controller',
  alias: 'deployment',
  create: (environment) => [deploymentController(environment)],
};

function deploymentController(environment: Environment): Controller {
  const { informers } = environment;
  informers.of(pods).addIndex(BY_CONTROLLER, podController);
  informers.of(replicasets).addIndex(SETS_BY_OWNER, (set) => controllerOf(set)?.uid ?? orphansOf(set.metadata.namespace ?? ''));
  return {
    maxRetries: MAX_RETRIES,
    for: deployments,
    owns: [replicasets],
    watches: [
      watchMapped(replicasets, (set) => adopters(environment, set)),
      watch(pods, (queue) => ({
        delete: (pod) => {
          const waiting = recreating(environment, pod);
          if (waiting) queue.add(keyOf(waiting));
        },
      })),
    ],
    reconcile: (key) => reconcile(environment, key),
  };
}

/** The Deployments that may want a set no one controls. */
function adopters({ informers }: Environment, set: ReplicaSet): string[] {
  if (controllerOf(set) || Object.keys(set.metadata.labels ?? {}).length === 0) return [];
  return informers
    .of(deployments)
    .store.list(set.metadata.namespace)
    .filter((d) => !isEmptyLabelSelector(d.spec.selector) && matcherOf(d.spec.selector)(set.metadata.labels))
    .map(keyOf);
}

/** The Deployment of a pod, if it waits for its old pods to go. */
function recreating({ informers }: Environment, pod: Pod): Deployment | undefined {
  const owner = controllerOf(pod);
  const set = owner?.kind === replicasets.kind ? informers.of(replicasets).store.get(`${pod.metadata.namespace}/${owner.name}`) : undefined;
  const ref = set && controllerOf(set);
  const found = ref?.kind === deployments.kind ? informers.of(deployments).store.get(`${pod.metadata.namespace}/${ref.name}`) : undefined;
  return found?.spec.strategy?.type === 'Recreate' ? found : undefined;
}

async function reconcile(environment: Environment, key: string): Promise<Result> {
  const found = environment.informers.of(deployments).store.get(key);
  if (!found) return undefined;
  if (isEmptyLabelSelector(found.spec.selector)) return refuse(environment, found);
  try {
    return await step(environment, found);
  } catch (error) {
    // nothing can be made there any more, and soon there will be nothing to do
    if (isNamespaceTerminating(error)) return undefined;
    throw error;
  }
}

async function refuse({ client, recorder }: Environment, found: Deployment): Promise<undefined> {
  recorder.warning(found, 'SelectingAll', 'This deployment is selecting all pods. A non-empty selector is required.');
  const { generation = 0 } = found.metadata;
  if ((found.status.observedGeneration ?? 0) >= generation) return;
  await client.update(deployments, { ...found, status: { ...found.status, observedGeneration: generation } }, { subresource: 'status' });
}

async function step(environment: Environment, found: Deployment): Promise<Result> {
  const sets = await claimSets(environment, found);
  const rollout = new Rollout(environment, found, sets);
  if (found.metadata.deletionTimestamp !== undefined) {
    await rollout.statusOnly();
    return undefined;
  }
  await rollout.notePause();
  if (found.spec.paused || (await rollout.isScaling())) {
    await rollout.scaleOnly();
    return undefined;
  }
  if (found.spec.strategy?.type === 'Recreate') return rollout.recreate((newSet) => oldPodsLeft(environment, sets, newSet));
  return rollout.roll();
}

function claimSets({ client, informers }: Environment, found: Deployment): Promise<ReplicaSet[]> {
  const { store } = informers.of(replicasets);
  const known = [...store.byIndex(SETS_BY_OWNER, uidOf(found)), ...store.byIndex(SETS_BY_OWNER, orphansOf(found.metadata.namespace ?? ''))];
  const matches = matcherOf(found.spec.selector);
  return claim(known, {
    client,
    ownerResource: deployments,
    owner: found,
    resource: replicasets,
    matches: (set) => matches(set.metadata.labels),
  });
}

function oldPodsLeft({ informers }: Environment, sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined): boolean {
  const { store } = informers.of(pods);
  return sets
    .filter((set) => set.metadata.uid !== newSet?.metadata.uid)
    .some((set) => set.status.replicas > 0 || store.byIndex(BY_CONTROLLER, uidOf(set)).some((pod) => !isPodFinished(pod)));
}
