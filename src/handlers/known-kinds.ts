// Which kinds upstream's scheme knows, beyond those that are served: messages tell a kind that is unknown from one that does
// not fit.
import type { GroupVersionKind } from '../api/definition.js';
import { fact } from '../api/facts.js';
import { apiVersionOf } from '../api/meta/object.js';

/** The scheme upstream names when it does not know a kind. */
export const SCHEME = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

/** Old versions that upstream still reads, though it serves them no more, and their kinds, which have lists too. */
const READ_ONLY: ReadonlyMap<string, readonly string[]> = new Map([
  ['extensions/v1beta1', ['DaemonSet', 'Deployment', 'Ingress', 'NetworkPolicy', 'ReplicaSet', 'DeploymentRollback', 'Scale']],
  ['apps/v1beta1', ['ControllerRevision', 'Deployment', 'StatefulSet', 'DeploymentRollback', 'Scale']],
  ['apps/v1beta2', ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet', 'Scale']],
  ['networking.k8s.io/v1beta1', ['IPAddress', 'Ingress', 'IngressClass', 'ServiceCIDR']],
  ['batch/v1beta1', ['CronJob']],
  ['policy/v1beta1', ['PodDisruptionBudget', 'Eviction']],
]);
const WITHOUT_LIST = ['DeploymentRollback', 'Scale', 'Eviction'];
/** What every version of every group has: the options of requests, and events of watches. */
const OF_EVERY_VERSION = ['CreateOptions', 'DeleteOptions', 'GetOptions', 'ListOptions', 'PatchOptions', 'UpdateOptions', 'WatchEvent'];
/** What has no version at all. */
const UNVERSIONED = ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status'];

type Published = Record<string, { readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[] }>;

/** Whether upstream's scheme has a kind. */
export function isRegistered(gvk: GroupVersionKind): boolean {
  const { kind } = gvk;
  if (UNVERSIONED.includes(kind)) return true;
  const old = READ_ONLY.get(apiVersionOf(gvk));
  if (old?.some((k) => k === kind || (`${k}List` === kind && !WITHOUT_LIST.includes(k)))) return true;
  const general = OF_EVERY_VERSION.includes(kind);
  if (old && general) return true;
  return Object.values(fact<Published>('schemas')).some((s) =>
    s['x-kubernetes-group-version-kind']?.some(
      (g) => g.group === gvk.group && g.version === gvk.version && (g.kind === kind || (general && g.kind === 'DeleteOptions')),
    ),
  );
}

/** A kind by the name of its Go type. */
export function goName({ version, kind }: GroupVersionKind): string {
  return `${OF_EVERY_VERSION.includes(kind) || UNVERSIONED.includes(kind) ? 'v1' : version}.${kind}`;
}

/** A kind by the name of upstream's own type, which all its versions are read into. */
export function internalName({ group, kind }: GroupVersionKind): string {
  return `${group === '' ? 'core' : group.split('.')[0]}.${kind}`;
}
