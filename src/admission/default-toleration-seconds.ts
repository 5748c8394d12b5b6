// Pods tolerate a lost node for five minutes unless they say otherwise.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
import { NOT_READY_TAINT, UNREACHABLE_TAINT } from '../api/meta/well-known.js';
import { type ConfiguredStep, isCore, podOf } from './step.js';

const SECONDS = 300;

export const defaultTolerationSeconds: ConfiguredStep = {
  name: 'DefaultTolerationSeconds',
  onByDefault: true,
  configure(_, { notReadyTolerationSeconds = SECONDS, unreachableTolerationSeconds = SECONDS }) {
    const taints = [
      [NOT_READY_TAINT, notReadyTolerationSeconds],
      [UNREACHABLE_TAINT, unreachableTolerationSeconds],
    ] as const;
    return {
      handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
      mutate(attributes) {
        const { spec } = podOf(attributes);
        for (const [key, tolerationSeconds] of taints) {
          const tolerated = spec.tolerations?.some((t) => (t.key === key || !t.key) && (t.effect === 'NoExecute' || !t.effect));
          if (!tolerated) (spec.tolerations ??= []).push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });
        }
      },
    };
  },
};
