import { define } from '../definition.js';
import { semanticEqual } from '../meta/metadata.js';
import { age, containerCells, formatLabelSelector } from '../shared/format.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { scaleSubresource } from '../shared/scale.js';
import type { Deployment } from '../types/apps-v1.gen.js';

export default define<Deployment>({
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  generation: true,
  defaults({ spec }) {
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodTemplate(spec.template);
  },
  prepareUpdate(deployment, old, context) {
    if (context.subresource === 'status') deployment.metadata.labels = old.metadata.labels;
  },
  // the deployment controller learns of rollbacks and pauses by annotations too
  specChanged: (deployment, old) =>
    !semanticEqual(deployment.spec, old.spec) || !semanticEqual(deployment.metadata.annotations, old.metadata.annotations),
  row({ metadata, spec, status }, { now }) {
    const ready = `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`;
    return [
      metadata.name,
      ready,
      status.updatedReplicas ?? 0,
      status.availableReplicas ?? 0,
      age({ metadata }, now),
      ...containerCells(spec.template.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
  subresources: { scale: scaleSubresource({ group: 'apps', resource: 'deployments' }, (d) => labelSelectorText(d.spec.selector)) },
});
