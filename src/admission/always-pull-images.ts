// Images are always pulled, so that nobody uses what another pulled with his own credentials.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#alwayspullimages
import { isCore, podOf, type Step } from './step.js';

export const alwaysPullImages: Step = {
  name: 'AlwaysPullImages',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'pods'),
  mutate(attributes) {
    const { initContainers = [], containers, ephemeralContainers = [] } = podOf(attributes).spec;
    for (const container of [...initContainers, ...containers, ...ephemeralContainers]) container.imagePullPolicy = 'Always';
  },
};
