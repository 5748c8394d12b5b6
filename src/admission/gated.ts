// Plug-ins of kinds that v1.36 serves only when feature gates are opened: on, known by name, and without anything to do.
import type { Step } from './step.js';

function gated(name: string): Step {
  return { name, onByDefault: true, handles: () => false };
}

export const podGroupProtection = gated('PodGroupProtection');
export const clusterTrustBundleAttest = gated('ClusterTrustBundleAttest');
export const podGroupWorkloadExists = gated('PodGroupWorkloadExists');
export const jobValidation = gated('JobValidation');
