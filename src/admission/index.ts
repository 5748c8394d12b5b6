// Admission: an ordered list of steps that may change or refuse a write. A step is one file here and one line in STEPS; the
// order of the list is the order of running, and is upstream's (pkg/kubeapiserver/options/plugins.go).
import type { Admission, AdmissionAttributes } from '../api/admission.js';
import { UserError } from '../util/user-error.js';
import { alwaysAdmit } from './always-admit.js';
import { alwaysPullImages } from './always-pull-images.js';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.js';
import { readPluginConfigurations } from './configuration/file.js';
import { defaultIngressClass } from './default-ingress-class.js';
import { defaultStorageClass } from './default-storage-class.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { denyServiceExternalIPs } from './deny-service-external-ips.js';
import { eventRateLimit } from './event-rate-limit.js';
import { extendedResourceToleration } from './extended-resource-toleration.js';
import { clusterTrustBundleAttest, jobValidation, podGroupProtection, podGroupWorkloadExists } from './gated.js';
import { imagePolicyWebhook } from './image-policy/index.js';
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
import type { ConfiguredStep, StepOptions, Rules, Step } from './step.js';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.js';
import { taintNodesByCondition } from './taint-nodes-by-condition.js';

const STEPS: readonly (Step | ConfiguredStep)[] = [
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
  imagePolicyWebhook,
  podSecurity,
  podNodeSelector,
  priority,
  defaultTolerationSeconds,
  podTolerationRestriction,
  eventRateLimit,
  extendedResourceToleration,
  defaultStorageClass,
  storageObjectInUseProtection,
  podGroupProtection,
  ownerReferencesPermissionEnforcement,
  persistentVolumeClaimResize,
  runtimeClass,
  certificateApproval,
  certificateSigning,
  clusterTrustBundleAttest,
  certificateSubjectRestriction,
  defaultIngressClass,
  denyServiceExternalIPs,
  podTopologyLabels,
  podGroupWorkloadExists,
  nodeDeclaredFeatureValidator,
  jobValidation,
  podResizeValidator,
  resourceQuota,
];

/** Upstream's other plug-ins, which are not there yet. */
const MISSING: readonly string[] = [
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'AlwaysDeny',
];

/** The plug-ins that there are, in the order of running. */
export const admissionPlugins: readonly { readonly name: string; readonly onByDefault: boolean }[] = STEPS;

/** Which plug-ins a server has, and what they are told. */
export interface AdmissionOptions extends StepOptions {
  /** --enable-admission-plugins: beside those that are on by default. */
  readonly enable: readonly string[];
  /** --disable-admission-plugins */
  readonly disable: readonly string[];
  /** --admission-control-config-file */
  readonly configFile?: string | undefined;
}

/** @throws UserError for names that are no plug-in or in both lists, and for what is wrong in the file or missing in it */
export async function createAdmission({ enable, disable, configFile, ...options }: AdmissionOptions): Promise<Admission> {
  checkNames('--enable-admission-plugins', enable);
  // what is not there is off
  checkNames(
    '--disable-admission-plugins',
    disable.filter((name) => !MISSING.includes(name)),
  );
  const both = enable.filter((name) => disable.includes(name));
  if (both.length > 0)
    throw new UserError(`--enable-admission-plugins and --disable-admission-plugins: ${both.join(', ')} must not be in both`, 'usage');
  const active = STEPS.filter((s) => (s.onByDefault || enable.includes(s.name)) && !disable.includes(s.name));
  const configurations = await readPluginConfigurations(configFile, problemOf);
  const rules: Rules[] = [];
  for (const step of active) rules.push('configure' in step ? await step.configure(await configurations(step.name), options) : step);
  const mutating = rules.filter((r) => r.mutate !== undefined);
  const validating = rules.filter((r) => r.validate !== undefined);
  return {
    async mutate(attributes) {
      for (const step of mutating) if (step.handles(attributes)) await step.mutate?.(attributes);
    },
    async validate(attributes) {
      for (const step of validating) if (step.handles(attributes)) await step.validate?.(attributes);
    },
  };
}

/** @throws UserError */
function checkNames(flag: string, names: readonly string[]): void {
  for (const name of names) {
    const problem = problemOf(name);
    if (problem !== undefined) throw new UserError(`${flag}: ${problem}`, 'usage');
  }
}

/** Why there is no plug-in of a name; undefined: there is. */
function problemOf(name: string): string | undefined {
  if (STEPS.some((s) => s.name === name)) return undefined;
  if (MISSING.includes(name)) return `the admission plug-in ${name} is not supported yet`;
  return `unknown admission plug-in ${JSON.stringify(name)}; there are ${STEPS.map((s) => s.name).join(', ')}`;
}

export type { Admission, AdmissionAttributes };
