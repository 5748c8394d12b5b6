// Requests and capacities as plain numbers: cpu in thousandths, everything else in units.
import { milliValue, value } from '../api/meta/quantity.js';
import type { Container, Pod } from '../api/types/core-v1.gen.js';

/** Amounts by resource name; an absent name means zero. */
export type Amounts = Map<string, number>;

type Quantities = Readonly<Record<string, string>>;

/** What a container without a request counts for in scores, so that nodes with many such pods look busy (non_zero.go). */
const ASSUMED_REQUEST: ReadonlyMap<string, number> = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

/** A quantity as a number: thousandths of CPUs, whole units of all else. */
export function amount(resource: string, quantity: string): number {
  return resource === 'cpu' ? milliValue(quantity) : value(quantity);
}

/** Quantities as numbers, by resource. */
export function amounts(quantities: Quantities | undefined): Amounts {
  return new Map(Object.entries(quantities ?? {}).map(([name, q]) => [name, amount(name, q)]));
}

/** Adds, or takes away, in place. */
export function add(to: Amounts, what: ReadonlyMap<string, number>, sign: 1 | -1 = 1): void {
  for (const [name, n] of what) to.set(name, (to.get(name) ?? 0) + sign * n);
}

function raise(to: Amounts, what: ReadonlyMap<string, number>): void {
  for (const [name, n] of what) if (n > (to.get(name) ?? 0)) to.set(name, n);
}

function containerRequests(container: Container, assume: boolean): Amounts {
  const requests = amounts(container.resources?.requests);
  if (assume) for (const [name, n] of ASSUMED_REQUEST) if (!requests.has(name)) requests.set(name, n);
  return requests;
}

/**
 * What a pod needs at its most demanding moment: the sum of its main containers and sidecars, or an init container
 * together with the sidecars started before it; plus the overhead. Requests of the pod as a whole take precedence.
 * (component-helpers resource.PodRequests; KEP 753 for sidecars, KEP 2837 for the pod's own.)
 * @param assume counts containers without a cpu or memory request with a small one, for scores
 */
export function podRequests(pod: Pod, assume = false): Amounts {
  const total: Amounts = new Map();
  for (const container of pod.spec.containers) add(total, containerRequests(container, assume));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const requests = containerRequests(container, assume);
    if (container.restartPolicy === 'Always') {
      add(total, requests);
      add(sidecars, requests);
      raise(peak, sidecars);
    } else {
      add(requests, sidecars);
      raise(peak, requests);
    }
  }
  raise(total, peak);
  for (const [name, quantity] of Object.entries(pod.spec.resources?.requests ?? {})) {
    if (name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')) total.set(name, amount(name, quantity));
  }
  add(total, amounts(pod.spec.overhead));
  return total;
}
