import { UNSCHEDULABLE_TAINT } from '../../api/meta/well-known.js';
import { type Plugin, unresolvable } from '../framework.js';
import { tolerates } from '../../api/shared/tolerations.js';

const TAINT = { key: UNSCHEDULABLE_TAINT, effect: 'NoSchedule' } as const;

/** Cordoned nodes take no pods but those that tolerate the taint of cordoned nodes. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  events: ['node-added', 'node-taints-changed', 'pod-tolerations-changed'],
  filter(pod) {
    if ((pod.spec.tolerations ?? []).some((t) => tolerates(t, TAINT))) return undefined;
    return { judge: ({ node }) => (node.spec?.unschedulable ? unresolvable('node(s) were unschedulable') : undefined) };
  },
};
