// What the server fills into pods and pod templates (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go).
import { format, parse } from '../../meta/quantity.js';
import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
  VolumeProjection,
} from '../../types/core-v1.gen.js';
import { defaultPullPolicy } from './image-name.js';
import { isHugePages } from '../resource-names.js';
import { aggregate, isPodLevelResource, type Quantities } from './resources.js';

/** Defaults of a pod: those of its spec, and those that templates do not get. */
export function defaultPod(pod: Pod): void {
  const { spec } = pod;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) defaultRequestsFromLimits(container);
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork)
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  defaultPodSpec(spec);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  pod.metadata.annotations = dropInitContainerAnnotations(pod.metadata.annotations);
  reconcileAddresses(pod.status);
  for (const status of [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ]) {
    roundQuantities(status.allocatedResources);
    roundResources(status.resources);
  }
  roundQuantities(pod.status?.allocatedResources);
  roundResources(pod.status?.resources);
}

/** Defaults of the pods that a controller will make. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (!template) return;
  template.spec ??= { containers: [] };
  if (template.metadata) template.metadata.annotations = dropInitContainerAnnotations(template.metadata.annotations);
  defaultPodSpec(template.spec);
}

// annotations in which v1.3 … v1.7 carried init containers; the server has long taken them away
const INIT_CONTAINER_ANNOTATIONS = ['init-containers', 'init-container-statuses'].flatMap((name) => [
  `pod.beta.kubernetes.io/${name}`,
  `pod.alpha.kubernetes.io/${name}`,
]);

function dropInitContainerAnnotations(annotations: Record<string, string> | undefined): Record<string, string> | undefined {
  if (!annotations || !INIT_CONTAINER_ANNOTATIONS.some((name) => Object.hasOwn(annotations, name))) return annotations;
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !INIT_CONTAINER_ANNOTATIONS.includes(name)));
}

/** podIP and podIPs[0] are one value; the older field wins where they differ. */
function reconcileAddresses(status: PodStatus | undefined): void {
  if (!status) return;
  if (status.podIP && status.podIP !== status.podIPs?.[0]?.ip) status.podIPs = [{ ip: status.podIP }];
  else if (status.podIPs?.[0]) status.podIP = status.podIPs[0].ip || undefined;
}

/** Defaults of everything under `spec` of a pod or a template. */
function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // the old name of the field goes on being served beside the new one
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.containers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  roundQuantities(spec.overhead);
  roundResources(spec.resources);
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const { valueFrom } of container.env ?? []) {
    defaultFieldRef(valueFrom?.fieldRef);
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false;
  }
  roundResources(container.resources);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) if (probe) defaultProbe(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) defaultHTTPGet(handler?.httpGet);
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHTTPGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHTTPGet(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function defaultFieldRef(ref: ObjectFieldSelector | undefined): void {
  if (ref) ref.apiVersion ||= 'v1';
}

const DEFAULT_MODE = 0o644;

function defaultVolume(volume: Volume): void {
  if (Object.entries(volume).every(([key, value]) => key === 'name' || value === undefined || value === null)) volume.emptyDir = {};
  const { hostPath, secret, configMap, downwardAPI, projected, ephemeral, image } = volume;
  if (image) image.pullPolicy ||= defaultPullPolicy(image.reference);
  if (hostPath) hostPath.type ??= '';
  if (secret) secret.defaultMode ??= DEFAULT_MODE;
  if (configMap) configMap.defaultMode ??= DEFAULT_MODE;
  if (downwardAPI) {
    downwardAPI.defaultMode ??= DEFAULT_MODE;
    for (const item of downwardAPI.items ?? []) defaultFieldRef(item.fieldRef);
  }
  if (projected) {
    projected.defaultMode ??= DEFAULT_MODE;
    for (const source of projected.sources ?? []) defaultProjection(source);
  }
  const claim = ephemeral?.volumeClaimTemplate?.spec;
  if (claim) {
    claim.volumeMode ??= 'Filesystem';
    roundQuantities(claim.resources?.limits);
    roundQuantities(claim.resources?.requests);
  }
  defaultStorageVolume(volume);
}

function defaultProjection(source: VolumeProjection): void {
  for (const item of source.downwardAPI?.items ?? []) defaultFieldRef(item.fieldRef);
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
}

/** Fills in the defaults of storage systems, also for PersistentVolumes. */
export function defaultStorageVolume({ iscsi, rbd, azureDisk, scaleIO }: Pick<Volume, 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>): void {
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
    azureDisk.kind ??= 'Shared';
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}

/** A limit without a request asks for as much. */
function defaultRequestsFromLimits(container: Container): void {
  const { resources } = container;
  if (!resources?.limits) return;
  const requests = { ...resources.requests };
  for (const [name, amount] of Object.entries(resources.limits)) requests[name] ??= amount;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

/** Requests and huge page limits of the pod as a whole, where only some of it is said. */
function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec;
  if (!resources || (isEmpty(resources.limits) && isEmpty(resources.requests))) return;
  const limits: Quantities = { ...resources.limits };
  for (const [name, amount] of Object.entries(aggregate(spec, 'limits')))
    if (isHugePages(name) && resources.requests?.[name] === undefined) limits[name] ??= amount;
  if (!isEmpty(limits)) resources.limits = limits;
  if (isEmpty(limits)) return;
  const requests: Quantities = { ...resources.requests };
  // huge pages cannot be overcommitted, so their requests follow the limits alone
  for (const [name, amount] of Object.entries(aggregate(spec, 'requests')))
    if (isPodLevelResource(name) && !isHugePages(name)) requests[name] ??= amount;
  for (const [name, amount] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= amount;
  if (!isEmpty(requests)) resources.requests = requests;
}

function isEmpty(map: Readonly<Quantities> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}

function roundResources(resources: ResourceRequirements | undefined): void {
  roundQuantities(resources?.limits);
  roundQuantities(resources?.requests);
}

const MILLI_IN_NANOS = 1_000_000n;

/** Rounds amounts up to thousandths, in place: as fine as the scheduler counts (SetDefaults_ResourceList). */
export function roundQuantities(list: Quantities | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parse(text);
    const rest = quantity.nanos % MILLI_IN_NANOS;
    if (rest === 0n || !list) continue;
    const away = quantity.nanos < 0n ? -MILLI_IN_NANOS : MILLI_IN_NANOS;
    list[name] = format({ nanos: quantity.nanos - rest + away, format: quantity.format });
  }
}
