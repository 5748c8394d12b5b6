import { replicationcontrollers } from '../api/meta/resources.gen.js';
import type { ReplicationController } from '../api/types/core-v1.gen.js';
import { replicaController } from './replicas/controller.js';
import type { ControllerDefinition } from './runtime/controller.js';
import type { LabelMatcher } from './runtime/selector.js';

/** Keeps as many pods of a ReplicationController as its spec says: a ReplicaSet with a plainer selector. */
export const replicationcontroller: ControllerDefinition = {
  name: 'replicationcontroller-controller',
  alias: 'replicationcontroller',
  source: 'replication-controller',
  create: (environment) => [
    replicaController<ReplicationController>(environment, {
      resource: replicationcontrollers,
      matcher: ({ spec }) => subsetMatcher(spec.selector),
      countsTerminating: false,
    }),
  ],
};

/** Labels that have all of the selector's; without a selector none do. */
function subsetMatcher(selector: Record<string, string> | undefined): LabelMatcher {
  const wanted = Object.entries(selector ?? {});
  return (labels) => wanted.length > 0 && wanted.every(([key, value]) => labels?.[key] === value);
}
