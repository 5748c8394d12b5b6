import { tolerates } from '../../api/shared/tolerations.js';
import { normalizeToMax, type Plugin, unresolvable } from '../framework.js';
import { untolerated } from '../selectors.js';

/** Taints keep off pods that do not tolerate them; nodes with fewer untolerated PreferNoSchedule taints score higher. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  events: ['node-added', 'node-taints-changed', 'pod-tolerations-changed'],
  weight: 3,
  filter(pod) {
    const tolerations = pod.spec.tolerations ?? [];
    return {
      judge: ({ node }) => {
        const taints = node.spec?.taints;
        if (!taints || !untolerated(taints, tolerations, ['NoSchedule', 'NoExecute'])) return undefined;
        return unresolvable('node(s) had untolerated taint(s)');
      },
    };
  },
  score(pod) {
    // tolerations of the harder effects say nothing about PreferNoSchedule
    const tolerations = (pod.spec.tolerations ?? []).filter((t) => !t.effect || t.effect === 'PreferNoSchedule');
    return {
      score: ({ node }) =>
        (node.spec?.taints ?? []).filter((t) => t.effect === 'PreferNoSchedule' && !tolerations.some((tol) => tolerates(tol, t))).length,
      normalize: (scores) => normalizeToMax(scores, true),
    };
  },
};
