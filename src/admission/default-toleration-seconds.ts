// Pods tolerate a lost node for five minutes unless they say otherwise.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
import { NOT_READY_TAINT, UNREACHABLE_TAINT } from '../api/meta/well-known.js';
import { isCore, podOf, type Step } from './step.js';

const SECONDS = 300;
const TAINTS = [NOT_READY_TAINT, UNREACHABLE_TAINT];

export const defaultTolerationSeconds: Step = {
  name: 'DefaultTolerationSeconds',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
  mutate(attributes) {
    const { spec } = podOf(attributes);
    for (const key of TAINTS) {
      const tolerated = spec.tolerations?.some((t) => (t.key === key || !t.key) && (t.effect === 'NoExecute' || !t.effect));
      if (!tolerated) (spec.tolerations ??= []).push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS });
    }
  },
};
