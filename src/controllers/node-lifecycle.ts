// The life of nodes as seen from outside (upstream's pkg/controller/nodelifecycle): a node that shows no sign of life is
// given up, and what is wrong with a node becomes taints. Driving the pods off is taint-eviction's part.
import { leases, nodes, pods } from '../api/meta/resources.gen.js';
import { ARCH_LABEL, BETA_ARCH_LABEL, BETA_OS_LABEL, OS_LABEL } from '../api/meta/well-known.js';
import type { Node } from '../api/types/core-v1.gen.js';
import { BY_NODE, podNode } from '../client/indexes.js';
import { keyOf } from '../client/store.js';
import { readyCondition } from './node-lifecycle/health.js';
import { markNotReady, NodeMonitor } from './node-lifecycle/monitor.js';
import { changeTaints, noScheduleChange } from './node-lifecycle/taints.js';
import { type Controller, type ControllerDefinition, type Environment, watch } from './runtime/controller.js';

/** --node-monitor-period */
const PERIOD = 5_000;

/** Labels that had other names once; old selectors still use those. */
const OLD_LABELS = { [OS_LABEL]: BETA_OS_LABEL, [ARCH_LABEL]: BETA_ARCH_LABEL } as const;

/** Finds silent nodes and taints nodes by their conditions. */
export const nodeLifecycle: ControllerDefinition = {
  name: 'node-lifecycle-controller',
  alias: 'nodelifecycle',
  source: 'node-controller',
  create: (environment) => [monitorController(environment), nodeController(environment), podController(environment)],
};

function monitorController(environment: Environment): Controller {
  const monitor = new NodeMonitor(environment);
  environment.informers.of(pods).addIndex(BY_NODE, podNode);
  return {
    workers: 1,
    // nothing is done at a change: the round comes soon enough
    watches: [watch(nodes, () => ({})), watch(leases, () => ({})), watch(pods, () => ({}))],
    initial: [''],
    reconcile: async () => {
      await monitor.round();
      return { after: PERIOD };
    },
  };
}

function nodeController(environment: Environment): Controller {
  const { client, clock, informers } = environment;
  return {
    workers: 8,
    for: nodes,
    reconcile: async (name) => {
      const node = informers.of(nodes).store.get(name);
      if (!node) return undefined;
      const change = noScheduleChange(node);
      if (change.add.length + change.remove.length > 0) await changeTaints(client, node, change, clock.now());
      const labels = missingLabels(node);
      if (labels) await client.patch(nodes, { namespace: '', name }, { type: 'merge', body: { metadata: { labels } } });
      return undefined;
    },
  };
}

function missingLabels({ metadata: { labels = {} } }: Node): Record<string, string> | undefined {
  const missing = Object.entries(OLD_LABELS).flatMap(([label, old]) => {
    const value = labels[label];
    return value !== undefined && labels[old] !== value ? [[old, value]] : [];
  });
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}

/** A pod that comes to a node already given up must be marked as the others were. */
function podController(environment: Environment): Controller {
  const { informers } = environment;
  return {
    workers: 4,
    watches: [
      watch(pods, (queue) => ({
        add: (pod) => pod.spec.nodeName && queue.add(keyOf(pod)),
        update: (old, pod) => pod.spec.nodeName && pod.spec.nodeName !== old.spec.nodeName && queue.add(keyOf(pod)),
      })),
      watch(nodes, () => ({})),
    ],
    reconcile: async (key) => {
      const pod = informers.of(pods).store.get(key);
      const node = pod?.spec.nodeName ? informers.of(nodes).store.get(pod.spec.nodeName) : undefined;
      const ready = node && readyCondition(node);
      if (pod && ready && ready.status !== 'True') await markNotReady(environment, pod);
      return undefined;
    },
  };
}
