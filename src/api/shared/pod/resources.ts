// Sums of container resources, and what follows from them: the quality-of-service class of a pod.
import { add, compare, sign } from '../../meta/quantity.js';
import { isHugePages } from '../resource-names.js';
import type { Container, PodSpec, ResourceRequirements } from '../../types/core-v1.gen.js';

/** Amounts by the name of the resource. */
export type Quantities = Record<string, string>;

/** cpu, memory and hugepages-*: what may be given for a pod as a whole. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}

/** Sidecars: init containers that go on running. */
export function isSidecar(container: { restartPolicy?: string | undefined }): boolean {
  return container.restartPolicy === 'Always';
}

/**
 * What the containers need together at their most demanding moment: all main containers and sidecars, or an init
 * container with the sidecars started before it, whichever is more.
 */
export function aggregate(spec: PodSpec, side: 'requests' | 'limits'): Quantities {
  const total: Quantities = {};
  for (const container of spec.containers ?? []) sum(total, of(container, side));
  const sidecars: Quantities = {};
  const peak: Quantities = {};
  for (const container of spec.initContainers ?? []) {
    const own = of(container, side);
    if (isSidecar(container)) {
      sum(total, own);
      sum(sidecars, own);
      raise(peak, sidecars);
    } else {
      const moment = { ...own };
      sum(moment, sidecars);
      raise(peak, moment);
    }
  }
  raise(total, peak);
  return total;
}

/** What a pod takes of its node: what is requested for it as a whole, else for its containers, and its overhead. */
export function podRequests(spec: PodSpec): Quantities {
  const total = aggregate(spec, 'requests');
  for (const [name, amount] of Object.entries(spec.resources?.requests ?? {})) if (isPodLevelResource(name)) total[name] = amount;
  sum(total, spec.overhead ?? {});
  return total;
}

function of(container: Container, side: 'requests' | 'limits'): Readonly<Quantities> {
  return container.resources?.[side] ?? {};
}

function sum(to: Quantities, what: Readonly<Quantities>): void {
  for (const [name, amount] of Object.entries(what)) to[name] = Object.hasOwn(to, name) ? add(to[name] as string, amount) : amount;
}

function raise(to: Quantities, what: Readonly<Quantities>): void {
  for (const [name, amount] of Object.entries(what))
    if (!Object.hasOwn(to, name) || compare(amount, to[name] as string) > 0) to[name] = amount;
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/**
 * BestEffort: no cpu or memory is asked for; Guaranteed: both are limited in every container and all requests equal the
 * limits; else Burstable. Resources of the pod as a whole decide alone.
 */
export function qosClass(spec: PodSpec): QOSClass {
  const sources: (ResourceRequirements | undefined)[] = spec.resources
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.resources);
  const requests: Quantities = {};
  const limits: Quantities = {};
  let guaranteed = true;
  for (const source of sources) {
    const limited = computeOnly(source?.limits);
    sum(requests, computeOnly(source?.requests));
    sum(limits, limited);
    const asksAnything = !spec.resources || Object.keys(source?.limits ?? {}).length > 0;
    if (asksAnything && Object.keys(limited).length < 2) guaranteed = false;
  }
  const [asked, bounded] = [Object.entries(requests), Object.entries(limits)];
  if (asked.length === 0 && bounded.length === 0) return 'BestEffort';
  const equal =
    asked.length === bounded.length && asked.every(([name, amount]) => limits[name] !== undefined && compare(limits[name], amount) === 0);
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}

function computeOnly(list: Readonly<Quantities> | undefined): Quantities {
  return Object.fromEntries(
    Object.entries(list ?? {}).filter(([name, amount]) => (name === 'cpu' || name === 'memory') && sign(amount) > 0),
  );
}
