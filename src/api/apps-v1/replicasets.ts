import { define } from '../definition.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { age, containerCells, formatLabelSelector } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { scaleSubresource } from '../shared/scale.js';
import type { ReplicaSet } from '../types/apps-v1.gen.js';

export default define<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
  generation: true,
  defaults({ spec }) {
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  row({ metadata, spec, status }, { now }) {
    return [
      metadata.name,
      spec.replicas ?? 0,
      status.replicas,
      status.readyReplicas ?? 0,
      age({ metadata }, now),
      ...containerCells(spec.template?.spec?.containers),
      formatLabelSelector(spec.selector),
    ];
  },
  subresources: { scale: scaleSubresource({ group: 'apps', resource: 'replicasets' }, (rs) => labelSelectorText(rs.spec.selector)) },
});
