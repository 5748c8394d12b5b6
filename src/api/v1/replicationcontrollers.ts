import { define } from '../definition.js';
import { labelSelectorText } from '../meta/label-selector.js';
import { age, containerCells, formatLabels } from '../shared/format.js';
import { defaultPodTemplate } from '../shared/pod/defaults.js';
import { scaleSubresource } from '../shared/scale.js';
import type { ReplicationController } from '../types/core-v1.gen.js';

export default define<ReplicationController>({
  group: '',
  version: 'v1',
  resource: 'replicationcontrollers',
  generation: true,
  defaultPropagation: 'Orphan',
  selectableFields: ['status.replicas'],
  fields: ({ status }) => ({ 'status.replicas': String(status.replicas) }),
  defaults({ metadata, spec }) {
    const labels = spec.template?.metadata?.labels;
    if (labels) {
      if (isEmpty(spec.selector)) spec.selector = { ...labels };
      if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
    }
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
      formatLabels(spec.selector),
    ];
  },
  subresources: {
    scale: scaleSubresource({ group: '', resource: 'replicationcontrollers' }, (rc) =>
      labelSelectorText({ matchLabels: rc.spec.selector }),
    ),
  },
});

function isEmpty(map: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}
