import type { Pod } from '../../api/types/core-v1.gen.js';
import { type Plugin, unschedulable } from '../framework.js';
import { hostPorts, portsConflict } from '../node-info.js';

/** A host port is free once on each node, address and protocol. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  events: ['assigned-pod-deleted', 'node-added'],
  mayHelp(pod, { event, old }) {
    if (event !== 'assigned-pod-deleted') return true;
    const wanted = hostPorts(pod);
    return hostPorts(old as Pod).some((freed) => wanted.some((w) => portsConflict(w, freed)));
  },
  filter(pod) {
    const wanted = hostPorts(pod);
    if (wanted.length === 0) return undefined;
    return {
      judge: ({ portsInUse }) => {
        for (const used of portsInUse.values())
          if (used.some((u) => wanted.some((w) => portsConflict(w, u))))
            return unschedulable("node(s) didn't have free ports for the requested pod ports");
        return undefined;
      },
    };
  },
};
