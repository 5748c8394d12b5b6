// Starts the controllers of a cluster. A controller is one file and one line in the list below.
//
// The folder: runtime/ is what all of them are made of (queue, runner, expectations, owner references, pods); a file says
// what a controller watches and does, a folder of the same name holds what it works with. Controllers know the cluster
// through a Client and shared informers only, so they could run in another process. Where to start: runtime/controller.ts.
import { UserError } from '../util/user-error.js';
import { bootstrapSigner } from './bootstrap-signer.js';
import { clusterroleAggregation } from './clusterrole-aggregation.js';
import { deployment } from './deployment.js';
import { disruption } from './disruption.js';
import { endpointsController } from './endpoints.js';
import { endpointslice } from './endpointslice.js';
import { endpointsliceMirroring } from './endpointslice-mirroring.js';
import { garbageCollector } from './garbage-collector.js';
import { legacyTokenCleaner } from './legacy-token-cleaner.js';
import { namespace } from './namespace.js';
import { nodeLifecycle } from './node-lifecycle.js';
import { podGC } from './pod-gc.js';
import { replicaset } from './replicaset.js';
import { replicationcontroller } from './replicationcontroller.js';
import { resourcequota } from './resourcequota.js';
import { rootCAPublisher } from './root-ca-publisher.js';
import { serviceCIDR } from './service-cidr.js';
import { serviceaccount } from './serviceaccount.js';
import { serviceaccountToken } from './serviceaccount-token.js';
import { attributesClassProtection, claimProtection, volumeProtection } from './storage-protection.js';
import { taintEviction } from './taint-eviction.js';
import type { ControllerDefinition } from './runtime/controller.js';
import { tokenCleaner } from './token-cleaner.js';
import { startAll, type StartOptions } from './runtime/start.js';

export type { ControllerSettings, ServedResource } from './runtime/controller.js';

/** In the order of starting. */
const CONTROLLERS: readonly ControllerDefinition[] = [
  serviceaccountToken,
  namespace,
  serviceaccount,
  rootCAPublisher,
  garbageCollector,
  replicationcontroller,
  replicaset,
  deployment,
  nodeLifecycle,
  taintEviction,
  podGC,
  endpointsController,
  endpointslice,
  endpointsliceMirroring,
  disruption,
  bootstrapSigner,
  tokenCleaner,
  claimProtection,
  volumeProtection,
  attributesClassProtection,
  resourcequota,
  clusterroleAggregation,
  legacyTokenCleaner,
  serviceCIDR,
];

/** Who the controllers are in managedFields and user agents, as upstream's single process of all of them. */
const MANAGER = 'kube-controller-manager';

/** What controllers work with, and which of them run. */
export interface ControllersOptions extends StartOptions {
  /** As `--controllers`: names or aliases, `*` for all that are on by default, `-name` for all but one. The first that says something about a controller counts. */
  readonly enabled: readonly string[];
}

/** The names `--controllers` knows. */
export const controllerNames: readonly string[] = CONTROLLERS.map((c) => c.name);

/**
 * Which controllers a value of `--controllers` means.
 * @throws UserError naming what is not a controller
 */
export function enabledControllers(enabled: readonly string[]): string[] {
  const known = new Set(CONTROLLERS.flatMap((c) => [c.name, c.alias]));
  const unknown = enabled.filter((word) => word !== '*' && !known.has(word.replace(/^-/, '')));
  if (unknown.length > 0)
    throw new UserError(`--controllers: there is no ${unknown.join(', ')}; there are ${controllerNames.join(', ')}`, 'usage');
  return CONTROLLERS.filter((c) => isEnabled(c, enabled)).map((c) => c.name);
}

function isEnabled({ name, alias, offByDefault }: ControllerDefinition, enabled: readonly string[]): boolean {
  const names = [name, ...(alias === undefined ? [] : [alias])];
  for (const word of enabled) {
    if (names.includes(word)) return true;
    if (word.startsWith('-') && names.includes(word.slice(1))) return false;
  }
  return enabled.includes('*') && !offByDefault;
}

/**
 * Starts the enabled controllers. They write as kube-controller-manager. The informers stay their owner's.
 * @throws UserError for an unknown name in `enabled`
 */
export function startControllers(options: ControllersOptions): { stop(): Promise<void> } {
  const names = new Set(enabledControllers(options.enabled));
  return startAll(
    CONTROLLERS.filter(({ name }) => names.has(name)),
    { ...options, client: options.client.as(MANAGER) },
  );
}
