// The values that fieldRef and resourceFieldRef stand for (pkg/fieldpath, pkg/api/v1/resource).
import { uidOf } from '../api/meta/object.js';
import { milliValue, value } from '../api/meta/quantity.js';
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from '../api/types/core-v1.gen.js';

/** What a pod can learn about where it runs. */
export interface Place {
  readonly hostIP: string;
  readonly podIP: string;
  /** What the node has to give: the limit of a container that has none. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** @throws Error as the kubelet words it */
export function fieldValue({ fieldPath }: ObjectFieldSelector, pod: Pod, place: Place): string {
  const subscript = /^(.+)\['(.*)'\]$/s.exec(fieldPath);
  if (subscript) {
    const [, path, key = ''] = subscript;
    if (path === 'metadata.annotations') return pod.metadata.annotations?.[key] ?? '';
    if (path === 'metadata.labels') return pod.metadata.labels?.[key] ?? '';
    throw new Error(`fieldPath ${JSON.stringify(fieldPath)} does not support subscript`);
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return uidOf(pod);
    case 'metadata.labels':
      return mapText(pod.metadata.labels);
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return place.hostIP;
    case 'status.podIP':
    case 'status.podIPs':
      return place.podIP;
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** Sorted `key="value"` lines. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => `${key}=${JSON.stringify(text)}`)
    .join('\n');
}

/** @param own the container that asks, where the selector names none @throws Error as the kubelet words it */
export function resourceValue(selector: ResourceFieldSelector, pod: Pod, own: Container | undefined, place: Place): string {
  const container = selector.containerName
    ? [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((c) => c.name === selector.containerName)
    : own;
  if (!container) throw new Error(`container ${selector.containerName} not found`);
  const [side, ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  if ((side !== 'limits' && side !== 'requests') || name === '') throw new Error(`unsupported container resource : ${selector.resource}`);
  const { limits, requests } = container.resources ?? {};
  const quantity = side === 'limits' ? (limits?.[name] ?? place.allocatable[name]) : requests?.[name];
  if (quantity === undefined) return '0';
  const divisor = !selector.divisor || selector.divisor === '0' ? '1' : selector.divisor;
  // cpu is counted in thousandths, so that "1m" divides it; always rounded up
  const [amount, unit] = name === 'cpu' ? [milliValue(quantity), milliValue(divisor)] : [value(quantity), value(divisor)];
  return String(Math.ceil(amount / unit));
}
