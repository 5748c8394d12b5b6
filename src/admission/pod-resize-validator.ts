// A pod is not resized beyond its node, nor on a node that cannot resize.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podresizevalidator
import type { AdmissionAttributes } from '../api/admission.js';
import { compare, milliValue, value } from '../api/meta/quantity.js';
import { goQuote } from '../api/meta/quote.js';
import { OS_LABEL } from '../api/meta/well-known.js';
import { EXACT, podRequests } from '../api/shared/pod/resources.js';
import type { Node, Pod } from '../api/types/core-v1.gen.js';
import { changesBoundPod, nodeOf } from './bound-pod.js';
import { forbidden, podOf, type Step } from './step.js';

/** What a resize may change, and the unit in which messages show it. */
const RESIZED = [
  ['cpu', milliValue],
  ['memory', value],
] as const;

export const podResizeValidator: Step = {
  name: 'PodResizeValidator',
  onByDefault: true,
  handles: (attributes) => attributes.subresource === 'resize' && changesBoundPod(attributes),
  validate(attributes) {
    const node = nodeOf(attributes);
    const os = node.metadata.labels?.[OS_LABEL] ?? 'linux';
    const { name } = node.metadata;
    if (os !== 'linux')
      throw caused(
        attributes,
        'UnsupportedPlatform',
        `pod resize is only supported on linux nodes, node ${goQuote(name)} is ${goQuote(os)}`,
      );
    const exceeded = excess(podOf(attributes), node);
    if (exceeded.length > 0)
      throw caused(attributes, 'NodeCapacity', `node didn't have enough allocatable resources: ${exceeded.join('; ')}`);
  },
};

function excess({ spec }: Pod, { status }: Node): string[] {
  const requested = podRequests(spec, EXACT);
  return RESIZED.flatMap(([name, shown]) => {
    const wanted = requested.get(name) ?? '0';
    const allocatable = status?.allocatable?.[name] ?? '0';
    return compare(wanted, allocatable) > 0 ? [`${name}, requested: ${shown(wanted)}, allocatable: ${shown(allocatable)}`] : [];
  });
}

function caused(attributes: AdmissionAttributes, reason: string, message: string) {
  const error = forbidden(attributes, message);
  if (error.status.details) error.status.details.causes = [{ reason }];
  return error;
}
