// Names of labels, taints and annotations that more than one part of a cluster goes by: k8s.io/api's well_known_labels.go,
// well_known_taints.go and annotation_key_constants.go. What one kind alone knows stands in its file.

// labels of nodes
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';
export const OS_LABEL = 'kubernetes.io/os';
export const ARCH_LABEL = 'kubernetes.io/arch';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const BETA_OS_LABEL = 'beta.kubernetes.io/os';
export const BETA_ARCH_LABEL = 'beta.kubernetes.io/arch';

/** Labels of nodes that were renamed when they left beta: the old name, and that of today. */
export const RENAMED_LABELS: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', ZONE_LABEL],
  ['failure-domain.beta.kubernetes.io/region', REGION_LABEL],
  [BETA_OS_LABEL, OS_LABEL],
  [BETA_ARCH_LABEL, ARCH_LABEL],
  ['beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type'],
]);

// taints of nodes
export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';
export const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';
export const MEMORY_PRESSURE_TAINT = 'node.kubernetes.io/memory-pressure';

// labels of what controllers make
/** On an APIService: `true` or `onstart` when the server cares for it. */
export const AUTO_MANAGED_LABEL = 'kube-aggregator.kubernetes.io/automanaged';
export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
export const SLICE_MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';

// annotations
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
export const INITIAL_EVENTS_END_ANNOTATION = 'k8s.io/initial-events-end';
export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
export const POD_DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
export const MOUNTABLE_SECRETS_ANNOTATION = 'kubernetes.io/enforce-mountable-secrets';
/** It named the class of an ingress before there was a field. */
export const INGRESS_CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
export const DEFAULT_INGRESS_CLASS_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';
/** The second is older, and counts too. */
export const DEFAULT_STORAGE_CLASS_ANNOTATIONS: readonly string[] = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
/** It named the class of a volume or claim before there was a field, and comes first. */
export const STORAGE_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
/** Profiles of pods before there were fields; the names of containers follow the last two. */
export const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';
export const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/** In a user's extra: the node of the pod that a token is bound to. */
export const NODE_NAME_EXTRA = 'authentication.kubernetes.io/node-name';
