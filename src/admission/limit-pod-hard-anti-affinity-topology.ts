// Nobody may keep the pods of others off more than a node.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#limitpodhardantiaffinitytopology
import * as errors from '../api/meta/errors.js';
import { isCore, podOf, type Step } from './step.js';

const HOST = 'kubernetes.io/hostname';

export const limitPodHardAntiAffinityTopology: Step = {
  name: 'LimitPodHardAntiAffinityTopology',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
  validate(attributes) {
    const { metadata, spec } = podOf(attributes);
    const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== HOST);
    if (!other) return;
    const cause = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${HOST} is allowed`;
    throw errors.forbidden(attributes.definition, metadata.name, cause);
  },
};
