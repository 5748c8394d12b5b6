// Nobody may keep the pods of others off more than a node.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#limitpodhardantiaffinitytopology
import * as errors from '../api/meta/errors.js';
import { HOSTNAME_LABEL } from '../api/meta/well-known.js';
import { isCore, podOf, type Step } from './step.js';

export const limitPodHardAntiAffinityTopology: Step = {
  name: 'LimitPodHardAntiAffinityTopology',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
  validate(attributes) {
    const { metadata, spec } = podOf(attributes);
    const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== HOSTNAME_LABEL);
    if (!other) return;
    const cause = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${HOSTNAME_LABEL} is allowed`;
    throw errors.forbidden(attributes.definition, metadata.name, cause);
  },
};
