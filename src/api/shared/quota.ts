// What objects use of the resources a ResourceQuota counts, and which quotas they count for.
// https://kubernetes.io/docs/concepts/policy/resource-quotas/
import { add, compare, sign, sub } from '../meta/quantity.js';
import type { KubeObject } from '../meta/object.js';
import type { PersistentVolumeClaim, Pod, PodAffinityTerm, ResourceQuota, Service } from '../types/core-v1.gen.js';
import { COMPUTE, isStandardContainerResource } from './resource-names.js';
import { isPodFinished } from './pod/conditions.js';
import { aggregate, qosClass, type Quantities } from './pod/resources.js';
import { storageClassOf } from './storage.js';

/** A resource as quotas name it. */
export interface Counted {
  readonly group: string;
  readonly resource: string;
}

/** Kinds of the core group that are counted under their own name, too. */
const PLAIN = new Set(['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers']);
const STORAGE_CLASS = '.storageclass.storage.k8s.io/';

/** What one object uses, by the names of quotas. @param now of the clock; a pod past its grace period uses nothing but its place */
export function usageOf({ group, resource }: Counted, object: KubeObject, now: number): Quantities {
  const count = { [countName({ group, resource })]: '1' };
  if (group !== '') return count;
  switch (resource) {
    case 'pods':
      return { ...count, ...podUsage(object as Pod, now) };
    case 'services':
      return { ...count, ...serviceUsage(object as Service) };
    case 'persistentvolumeclaims':
      return { ...count, ...claimUsage(object as PersistentVolumeClaim) };
    default:
      return PLAIN.has(resource) ? { ...count, [resource]: '1' } : count;
  }
}

function countName({ group, resource }: Counted): string {
  return `count/${resource}${group && `.${group}`}`;
}

/** Whether a quota's name for a resource is about objects of this kind. */
export function isAbout(name: string, counted: Counted): boolean {
  if (name === countName(counted)) return true;
  if (counted.group !== '') return false;
  switch (counted.resource) {
    case 'pods':
      return name === 'pods' || /^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.test(name) || isRequestOfDevice(name);
    case 'services':
      return name === 'services' || name === 'services.nodeports' || name === 'services.loadbalancers';
    case 'persistentvolumeclaims':
      return name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes(STORAGE_CLASS);
    default:
      return PLAIN.has(counted.resource) && name === counted.resource;
  }
}

/** requests.example.com/gpu, hugepages-2Mi, requests.hugepages-2Mi */
function isRequestOfDevice(name: string): boolean {
  return /^(requests\.)?hugepages-/.test(name) || (name.startsWith('requests.') && isExtended(name.slice('requests.'.length)));
}

function isExtended(name: string): boolean {
  return name.includes('/') && !/(^|\.)kubernetes\.io\//.test(name) && !name.startsWith('requests.');
}

function podUsage(pod: Pod, now: number): Quantities {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const overdue = deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined && Date.parse(deletionTimestamp) < now;
  if (isPodFinished(pod) || overdue) return {};
  return { pods: '1', ...computeUsage(aggregate(pod.spec, 'requests'), aggregate(pod.spec, 'limits')) };
}

function computeUsage(requests: Quantities, limits: Quantities): Quantities {
  const usage: Quantities = {};
  for (const [name, amount] of Object.entries(requests)) {
    if (isStandardContainerResource(name)) usage[name] = amount;
    if (usage[name] !== undefined || isExtended(name)) usage[`requests.${name}`] = amount;
  }
  for (const name of COMPUTE) if (limits[name] !== undefined) usage[`limits.${name}`] = limits[name];
  return usage;
}

function serviceUsage({ spec }: Service): Quantities {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec;
  const balanced = type === 'LoadBalancer';
  // ports are counted before they are given out: what the service asks for matters
  const counted = balanced && allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort) : ports;
  return {
    services: '1',
    'services.loadbalancers': balanced ? '1' : '0',
    'services.nodeports': balanced || type === 'NodePort' ? String(counted.length) : '0',
  };
}

function claimUsage(claim: PersistentVolumeClaim): Quantities {
  const name = storageClassOf(claim);
  const storage = claim.spec?.resources?.requests?.['storage'];
  const usage: Quantities = { persistentvolumeclaims: '1', ...(storage && { 'requests.storage': storage }) };
  if (name === '') return usage;
  return { ...usage, ...Object.fromEntries(Object.entries(usage).map(([key, amount]) => [name + STORAGE_CLASS + key, amount])) };
}

/** A scope of objects: of quotas, and of what has to be in one. */
export interface ScopeSelector {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** Whether a quota with these limits counts the object: by what it limits, and by its scopes. */
export function isCountedBy({ spec }: ResourceQuota, hard: Quantities, counted: Counted, object: KubeObject): boolean {
  if (!Object.keys(hard).some((name) => isAbout(name, counted))) return false;
  return scopesOf({ spec }).every((selector) => isInScope(selector, counted, object));
}

/** What the objects that a quota counts have to be. */
export function scopesOf({ spec }: Pick<ResourceQuota, 'spec'>): readonly ScopeSelector[] {
  return [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
}

/** Whether a scope has the object in it; of most kinds no scope has any. */
export function isInScope(selector: ScopeSelector, { group, resource }: Counted, object: KubeObject): boolean {
  if (group !== '') return false;
  if (resource === 'persistentvolumeclaims')
    return (
      selector.scopeName === 'VolumeAttributesClass' && selects(selector, (object as PersistentVolumeClaim).spec?.volumeAttributesClassName)
    );
  if (resource !== 'pods') return false;
  const pod = object as Pod;
  switch (selector.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClass(pod.spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod.spec) !== 'BestEffort';
    case 'PriorityClass':
      return selects(selector, pod.spec.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return termsOf(pod).some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
    default:
      return false;
  }
}

/** A pod that ends by itself after some time. */
export function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

function selects({ operator, values = [] }: ScopeSelector, name = ''): boolean {
  switch (operator) {
    case 'Exists':
      return name !== '';
    case 'DoesNotExist':
      return name === '';
    case 'In':
      return values.includes(name);
    default:
      return !values.includes(name);
  }
}

function termsOf({ spec }: Pod): readonly PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
  ]);
}

/** Which compute resources a quota limits that a pod's containers do not state; "": none. */
export function missingIn({ spec }: Pod, hard: Quantities): string {
  if (spec.resources?.requests || spec.resources?.limits) return '';
  const needed = Object.keys(hard)
    .filter((name) => /^((requests|limits)\.)?(cpu|memory)$/.test(name))
    .sort();
  const lacking = needed.flatMap((name) => {
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].filter(
      ({ resources }) => computeUsage(resources?.requests ?? {}, resources?.limits ?? {})[name] === undefined,
    );
    return containers.length > 0 ? [`${name} for: ${[...new Set(containers.map((c) => c.name))].sort().join(',')}`] : [];
  });
  return lacking.length > 0 ? `must specify ${lacking.join('; ')}` : '';
}

/** a + b */
export function sum(a: Quantities, b: Quantities): Quantities {
  const total = { ...a };
  for (const [name, amount] of Object.entries(b)) total[name] = Object.hasOwn(total, name) ? add(total[name] as string, amount) : amount;
  return total;
}

/** What `next` uses more than `old`; what is no more is left out. */
export function increase(next: Quantities, old: Quantities): Quantities {
  const names = new Set([...Object.keys(next), ...Object.keys(old)]);
  const entries = [...names].map((name): [string, string] => [name, sub(next[name] ?? '0', old[name] ?? '0')]);
  return Object.fromEntries(entries.filter(([, amount]) => sign(amount) > 0));
}

/** The names in `used` that are above `hard`. */
export function exceeding(used: Quantities, hard: Quantities): string[] {
  return Object.keys(used).filter((name) => hard[name] !== undefined && compare(used[name] ?? '0', hard[name]) > 0);
}
