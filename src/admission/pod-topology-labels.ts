// Pods carry the zone and the region of their node, from the moment they are bound (KEP-4742).
import type { AdmissionAttributes } from '../api/admission.js';
import { nodes } from '../api/meta/resources.gen.js';
import { REGION_LABEL, ZONE_LABEL } from '../api/meta/well-known.js';
import type { Binding, Pod } from '../api/types/core-v1.gen.js';
import type { Step } from './step.js';

const LABELS = [REGION_LABEL, ZONE_LABEL];

export const podTopologyLabels: Step = {
  name: 'PodTopologyLabels',
  onByDefault: true,
  handles: ({ definition, subresource, operation }) =>
    operation === 'CREATE' &&
    definition.group === '' &&
    definition.resource === 'pods' &&
    (subresource === '' || subresource === 'binding'),
  mutate(attributes) {
    const node = attributes.context.services.reader.get(nodes, '', nodeOf(attributes));
    const found = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => LABELS.includes(key));
    if (found.length === 0) return;
    const { metadata } = attributes.object as Pod | Binding;
    metadata.labels = { ...metadata.labels, ...Object.fromEntries(found) };
  },
};

/** The node of a pod that is made bound, or to which a binding binds; "": none. */
function nodeOf({ object, subresource }: AdmissionAttributes): string {
  if (subresource === '') return (object as Pod).spec.nodeName ?? '';
  const { kind, name } = (object as Binding).target;
  return kind === 'Node' ? (name ?? '') : '';
}
