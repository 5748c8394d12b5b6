// Admission: an ordered list of steps that may change or refuse a write. A step is one file here and one line in STEPS; the
// order of the list is the order of running, and is upstream's (pkg/kubeapiserver/options/plugins.go).
import type { Admission, AdmissionAttributes } from '../api/admission.js';
import { UserError } from '../util/user-error.js';
import { alwaysAdmit } from './always-admit.js';
import { alwaysPullImages } from './always-pull-images.js';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.js';
import { defaultIngressClass } from './default-ingress-class.js';
import { defaultStorageClass } from './default-storage-class.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { denyServiceExternalIPs } from './deny-service-external-ips.js';
import { extendedResourceToleration } from './extended-resource-toleration.js';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.js';
import { limitRanger } from './limit-ranger.js';
import { namespaceAutoProvision } from './namespace-auto-provision.js';
import { namespaceExists } from './namespace-exists.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator.js';
import { nodeRestriction } from './node-restriction/index.js';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.js';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.js';
import { podNodeSelector } from './pod-node-selector.js';
import { podResizeValidator } from './pod-resize-validator.js';
import { podSecurity } from './pod-security/index.js';
import { podTopologyLabels } from './pod-topology-labels.js';
import { podTolerationRestriction } from './pod-toleration-restriction.js';
import { priority } from './priority.js';
import { resourceQuota } from './resource-quota.js';
import { runtimeClass } from './runtime-class.js';
import { serviceAccount } from './service-account.js';
import type { Step } from './step.js';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.js';
import { taintNodesByCondition } from './taint-nodes-by-condition.js';

const STEPS: readonly Step[] = [
  alwaysAdmit,
  namespaceAutoProvision,
  namespaceLifecycle,
  namespaceExists,
  limitPodHardAntiAffinityTopology,
  limitRanger,
  serviceAccount,
  nodeRestriction,
  taintNodesByCondition,
  alwaysPullImages,
  podSecurity,
  podNodeSelector,
  priority,
  defaultTolerationSeconds,
  podTolerationRestriction,
  extendedResourceToleration,
  defaultStorageClass,
  storageObjectInUseProtection,
  ownerReferencesPermissionEnforcement,
  persistentVolumeClaimResize,
  runtimeClass,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  defaultIngressClass,
  denyServiceExternalIPs,
  podTopologyLabels,
  nodeDeclaredFeatureValidator,
  podResizeValidator,
  resourceQuota,
];

/** The names --enable-admission-plugins and --disable-admission-plugins know. */
const ADMISSION_STEPS: readonly string[] = STEPS.map((s) => s.name);

/**
 * @param enable names of steps to add to those that are on by default
 * @param disable names of steps to leave out
 * @throws UserError for a name that is no step
 */
export function createAdmission({ enable, disable }: { enable: readonly string[]; disable: readonly string[] }): Admission {
  for (const name of [...enable, ...disable])
    if (!ADMISSION_STEPS.includes(name))
      throw new UserError(`unknown admission plugin "${name}"; there are ${ADMISSION_STEPS.join(', ')}`, 'usage');
  const active = STEPS.filter((s) => (s.onByDefault || enable.includes(s.name)) && !disable.includes(s.name));
  const mutating = active.filter((s) => s.mutate !== undefined);
  const validating = active.filter((s) => s.validate !== undefined);
  return {
    async mutate(attributes) {
      for (const step of mutating) if (step.handles(attributes)) await step.mutate?.(attributes);
    },
    async validate(attributes) {
      for (const step of validating) if (step.handles(attributes)) await step.validate?.(attributes);
    },
  };
}

export type { Admission, AdmissionAttributes };
