import type { AdmissionAttributes } from '../api/admission.js';
import { goQuote } from '../api/meta/quote.js';
import { nodes } from '../api/meta/resources.gen.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import { forbidden, podOf } from './step.js';

/** Whether an update changes the spec of a pod that has a node. */
export function changesBoundPod({ definition, operation, object, old }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE' || definition.group !== '' || definition.resource !== 'pods') return false;
  return !!(object as Pod).spec.nodeName && object?.metadata.generation !== old?.metadata.generation;
}

/** The node of the pod that is written. @throws ApiError Forbidden when it is not there */
export function nodeOf(attributes: AdmissionAttributes): Node {
  const { nodeName = '' } = podOf(attributes).spec;
  const node = attributes.context.services.reader.get(nodes, '', nodeName);
  if (!node) throw forbidden(attributes, `node ${goQuote(nodeName)} not found`);
  return node;
}
