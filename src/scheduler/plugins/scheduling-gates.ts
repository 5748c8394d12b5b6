import type { Plugin } from '../framework.js';

/** Keeps a pod out of the queue while spec.schedulingGates has entries. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  events: ['pod-gates-eliminated'],
  gate(pod) {
    const gates = (pod.spec.schedulingGates ?? []).map((g) => g.name);
    return gates.length === 0 ? undefined : `waiting for scheduling gates: [${gates.join(' ')}]`;
  },
};
