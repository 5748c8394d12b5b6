import { define } from '../definition.js';
import { wasGivenEmpty } from '../meta/given-empty.js';
import { autoscalerRow } from '../shared/autoscaler-row.js';
import { validateAutoscaler, validateAutoscalerStatus } from '../shared/autoscalers.js';
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../types/autoscaling-v2.gen.js';

const SCALE_UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
/** How long to wait before scaling down is the controller's own setting. */
const SCALE_DOWN: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

export default define<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
  ownMetadataChecks: { whole: false },
  defaults: ({ spec }) => {
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length)
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }];
    if (!spec.behavior) return;
    spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, SCALE_UP);
    spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, SCALE_DOWN);
  },
  validate: (autoscaler) => validateAutoscaler(autoscaler),
  validateUpdate: (autoscaler, old) => validateAutoscaler(autoscaler, old),
  subresources: { status: { validate: validateAutoscalerStatus } },
  row: autoscalerRow,
});

function withDefaults(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  return {
    ...rules,
    stabilizationWindowSeconds: rules?.stabilizationWindowSeconds ?? defaults.stabilizationWindowSeconds,
    selectPolicy: rules?.selectPolicy ?? defaults.selectPolicy,
    // no policies at all are refused, and not filled in
    policies: rules?.policies ?? (rules && wasGivenEmpty(rules, 'policies') ? [] : defaults.policies?.map((policy) => ({ ...policy }))),
  };
}
