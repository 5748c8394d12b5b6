// A new node takes no pods until the node controller has seen that it is ready.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#taintnodesbycondition
import { NOT_READY_TAINT } from '../api/meta/well-known.js';
import type { Node } from '../api/types/core-v1.gen.js';
import { isCore, type Step } from './step.js';

export const taintNodesByCondition: Step = {
  name: 'TaintNodesByCondition',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'nodes'),
  mutate(attributes) {
    const { spec } = attributes.object as Node;
    if (!spec.taints?.some((t) => t.key === NOT_READY_TAINT && t.effect === 'NoSchedule'))
      (spec.taints ??= []).push({ key: NOT_READY_TAINT, effect: 'NoSchedule' });
  },
};
