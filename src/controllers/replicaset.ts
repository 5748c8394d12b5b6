import { replicasets } from '../api/meta/resources.gen.js';
import type { ReplicaSet } from '../api/types/apps-v1.gen.js';
import { replicaController } from './replicas/controller.js';
import type { ControllerDefinition } from './runtime/controller.js';
import { matcherOf } from './runtime/selector.js';

/** Keeps as many pods of a ReplicaSet as its spec says. */
export const replicaset: ControllerDefinition = {
  name: 'replicaset-controller',
  alias: 'replicaset',
  create: (environment) => [
    replicaController<ReplicaSet>(environment, {
      resource: replicasets,
      matcher: (set) => matcherOf(set.spec.selector),
      countsTerminating: true,
    }),
  ],
};
