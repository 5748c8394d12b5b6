import { define } from '../definition.js';
import { autoscalerRow } from '../shared/autoscaler-row.js';
import { validateAutoscaler, validateAutoscalerStatus } from '../shared/autoscalers.js';
import type { HorizontalPodAutoscaler } from '../types/autoscaling-v1.gen.js';
import type { HorizontalPodAutoscaler as V2 } from '../types/autoscaling-v2.gen.js';
import { CARRIED, DEFAULT_CPU, hasCarriedMetrics, restoreCarried, toV1, toV2 } from './v2-form.js';

export default define<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  resource: 'horizontalpodautoscalers',
  ownMetadataChecks: { whole: false },
  storedAs: { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' },
  fromStored: (stored) => toV1(stored as V2),
  toStored: toV2,
  carriedAnnotations: CARRIED,
  defaults: ({ metadata, spec }) => {
    spec.minReplicas ??= 1;
    if (!hasCarriedMetrics(metadata.annotations)) spec.targetCPUUtilizationPercentage ??= DEFAULT_CPU;
  },
  prepare: (autoscaler, old) => restoreCarried(autoscaler, old, 'status'),
  // errors speak of the fields as they are stored
  validate: (autoscaler) => validateAutoscaler(toV2(autoscaler)),
  validateUpdate: (autoscaler, old) => validateAutoscaler(toV2(autoscaler), toV2(old)),
  subresources: {
    status: {
      prepare: (autoscaler, old) => restoreCarried(autoscaler, old, 'spec'),
      validate: (autoscaler) => validateAutoscalerStatus(toV2(autoscaler)),
    },
  },
  row: (autoscaler, context) => autoscalerRow(toV2(autoscaler), context),
});
