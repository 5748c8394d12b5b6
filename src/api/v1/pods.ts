import { timestamp } from '../../util/clock.js';
import { copy } from '../../util/equal.js';
import type { Context } from '../context.js';
import { define } from '../definition.js';
import { at, type FieldError } from '../meta/field-errors.js';
import { restoreMetadata, semanticEqual, validateObjectMeta } from '../meta/metadata.js';
import { isDNS1123Label } from '../meta/names.js';
import { warningsForIP } from '../shared/ip.js';
import { applyAppArmorAnnotations } from '../shared/pod/annotations.js';
import { bind, markScheduled } from '../shared/pod/binding.js';
import { setPodCondition } from '../shared/pod/conditions.js';
import { checkContainer, checkHost } from '../shared/pod/connect.js';
import { defaultPod } from '../shared/pod/defaults.js';
import { dropDisabledFields } from '../shared/pod/disabled-fields.js';
import { evict } from '../shared/pod/eviction.js';
import { validateResize } from '../shared/pod/resize.js';
import { qosClass } from '../shared/pod/resources.js';
import { podRow } from '../shared/pod/row.js';
import { validateEphemeralUpdate, validatePod, validatePodUpdate } from '../shared/pod/rules.js';
import { mergeLabelKeys } from '../shared/pod/scheduling.js';
import { validatePodStatusUpdate } from '../shared/pod/status-rules.js';
import { podWarnings } from '../shared/pod/warnings.js';
import type { Binding, Container, Pod } from '../types/core-v1.gen.js';
import type { Eviction } from '../types/policy-v1.gen.js';

export default define<Pod>({
  group: '',
  version: 'v1',
  resource: 'pods',
  generation: true,
  returnDeletedObject: true,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  defaults: defaultPod,
  prepare: ({ spec }) => dropDisabledFields(spec),
  prepareCreate,
  validate: (pod, { services }) => validatePod(pod, services.settings),
  validateUpdate: (pod, old, { services }) => validatePodUpdate(pod, old, services.settings),
  warnings: (pod, old) => (old ? [] : [...nameWarning(pod), ...podWarnings(pod)]),
  // a node is assigned through the binding, which leaves the generation as it is
  specChanged: (pod, old) => !semanticEqual({ ...pod.spec, nodeName: undefined }, { ...old.spec, nodeName: undefined }),
  fields: ({ spec, status }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status.phase ?? '',
    'status.podIP': status.podIPs?.[0]?.ip ?? '',
    'status.podIPs': '',
    'status.nominatedNodeName': status.nominatedNodeName ?? '',
  }),
  row: (pod, { now }) => podRow(pod, now),
  rowConditions({ status }) {
    if (status.phase === 'Succeeded')
      return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
    return status.phase === 'Failed' ? [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }] : undefined;
  },
  gracePeriod(pod, options) {
    const asked = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    const gone = !pod.spec.nodeName || pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded';
    const seconds = gone ? 0 : asked < 0 ? 1 : asked;
    options.gracePeriodSeconds = seconds;
    return seconds;
  },
  subresources: {
    status: {
      keeps: ['metadata.deletionTimestamp', 'metadata.ownerReferences'],
      prepare: prepareStatus,
      validate: validatePodStatusUpdate,
      warnings: statusWarnings,
    },
    ephemeralcontainers: {
      prepare: prepareEphemeral,
      validate: (pod, old, { services }) => [...validateMetadata(pod), ...validateEphemeralUpdate(pod, old, services.settings)],
    },
    resize: {
      changesStatus: true,
      prepare: prepareResize,
      validate: (pod, old, { services }) => [...validateMetadata(pod), ...validateResize(pod, old, services.settings)],
    },
    binding: {
      keepsUid: true,
      create: (context, key, body) => bind(context, key, body as Binding),
      prepare: (pod, _old, context) => markScheduled(pod, context),
    },
    eviction: { otherVersions: ['v1beta1'], create: (context, key, body) => evict(context, key, body as Eviction) },
    log: { connect: 'log' },
    exec: { connect: 'tunnel', checkConnect: checkContainer },
    attach: { connect: 'tunnel', checkConnect: checkContainer },
    portforward: { connect: 'tunnel', checkConnect: checkHost },
    proxy: { connect: 'tunnel', checkConnect: checkHost },
  },
});

function prepareCreate(pod: Pod, context: Context): void {
  const { spec, metadata } = pod;
  pod.status = { phase: 'Pending', qosClass: qosClass(spec) };
  mergeLabelKeys(spec, metadata.labels);
  for (const text of applyAppArmorAnnotations(pod)) context.warn(text);
  if (!spec.schedulingGates?.length) return;
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message };
  setPodCondition(pod.status, gated, timestamp(context.services.clock.now()));
}

function statusWarnings({ status: { podIPs = [], hostIPs = [] } }: Pod): string[] {
  return [
    ...podIPs.flatMap(({ ip }, i) => warningsForIP(at('status', 'podIPs').index(i).child('ip'), ip)),
    ...hostIPs.flatMap(({ ip }, i) => warningsForIP(at('status', 'hostIPs').index(i).child('ip'), ip)),
  ];
}

function nameWarning({ metadata }: Pod): string[] {
  const wrong = isDNS1123Label(metadata.name);
  if (wrong.length === 0) return [];
  return [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(' ')}]`,
  ];
}

function prepareEphemeral(pod: Pod, old: Pod): void {
  const { ephemeralContainers } = pod.spec;
  restore(pod, old);
  pod.spec = { ...copy(old.spec), ephemeralContainers };
}

/** Subresources of the spec leave what a client may set of metadata alone, and the status. */
function restore(pod: Pod, old: Pod): void {
  restoreMetadata(pod, old);
  pod.status = copy(old.status);
}

function validateMetadata({ metadata }: Pod): FieldError[] {
  return validateObjectMeta(metadata, { namespaced: true });
}

function prepareStatus(pod: Pod, old: Pod): void {
  const { status } = pod;
  if (!status.qosClass) status.qosClass = old.status.qosClass;
  if (!old.status.nodeAllocatableResourceClaimStatuses?.length) status.nodeAllocatableResourceClaimStatuses = undefined;
  if (!status.observedGeneration) status.observedGeneration = old.status.observedGeneration;
  // writers that know nothing of generations keep those that others wrote
  const remembered = [...(old.status.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const index = remembered.findIndex((c) => c.type === condition.type);
    const [before] = index < 0 ? [] : remembered.splice(index, 1);
    if (!condition.observedGeneration && before?.observedGeneration) condition.observedGeneration = before.observedGeneration;
  }
}

/** Only resources and resize policies change; containers that were added or renamed are left for validation to refuse, which shows the status that came with them. */
function prepareResize(pod: Pod, old: Pod): void {
  const { resources } = pod.spec;
  // a list that must not be left out can be null
  const [containers, initContainers] = [pod.spec.containers ?? [], pod.spec.initContainers ?? []];
  const [oldContainers, oldInit] = [old.spec.containers, old.spec.initContainers ?? []];
  if (containers.length !== oldContainers.length || initContainers.length !== oldInit.length) return;
  pod.status = copy(old.status);
  restore(pod, old);
  pod.spec = {
    ...copy(old.spec),
    resources,
    containers: withResources(containers, oldContainers),
    ...(oldInit.length > 0 && { initContainers: withResources(initContainers, oldInit) }),
  };
}

function withResources(containers: readonly Container[], old: readonly Container[]): Container[] {
  if (containers.some((c, i) => c.name !== old[i]?.name)) return [...containers];
  return containers.map(({ resources, resizePolicy }, i) => ({ ...copy(old[i] as Container), resources, resizePolicy }));
}
