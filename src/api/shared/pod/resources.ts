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

/** How amounts are reckoned with: as the exact quantities that objects hold, or as numbers where speed counts. */
export interface Counting<A> {
  /** Amounts by the name of the resource, of what an object says. */
  read(quantities: Readonly<Quantities> | undefined): Map<string, A>;
  plus(a: A, b: A): A;
  exceeds(a: A, b: A): boolean;
}

/** Amounts as they are written, without loss. */
export const EXACT: Counting<string> = {
  read: (quantities) => new Map(Object.entries(quantities ?? {})),
  plus: add,
  exceeds: (a, b) => compare(a, b) > 0,
};

/**
 * What the containers need together at their most demanding moment: all main containers and sidecars, or an init
 * container with the sidecars started before it, whichever is more (KEP-753).
 * @param of what one container needs; called once for each, and the answer may be changed
 */
function atPeak<A>(spec: PodSpec, counting: Counting<A>, of: (container: Container) => Map<string, A>): Map<string, A> {
  const total = new Map<string, A>();
  for (const container of spec.containers ?? []) sum(counting, total, of(container));
  const sidecars = new Map<string, A>();
  const peak = new Map<string, A>();
  for (const container of spec.initContainers ?? []) {
    const own = of(container);
    if (isSidecar(container)) {
      sum(counting, total, own);
      sum(counting, sidecars, own);
      raise(counting, peak, sidecars);
    } else {
      sum(counting, own, sidecars);
      raise(counting, peak, own);
    }
  }
  raise(counting, total, peak);
  return total;
}

/** What the containers of a pod ask for or are limited to at their most demanding moment. */
export function aggregate(spec: PodSpec, side: 'requests' | 'limits'): Quantities {
  return Object.fromEntries(atPeak(spec, EXACT, ({ resources }) => EXACT.read(resources?.[side])));
}

/**
 * What a pod takes of its node: what is requested for it as a whole (KEP-2837), else for its containers, and its overhead. As
 * component-helpers' resource.PodRequests.
 * @param of what one container requests; default: what it says
 */
export function podRequests<A>(
  spec: PodSpec,
  counting: Counting<A>,
  of: (container: Container) => Map<string, A> = ({ resources }) => counting.read(resources?.requests),
): Map<string, A> {
  const total = atPeak(spec, counting, of);
  for (const [name, amount] of counting.read(spec.resources?.requests)) if (isPodLevelResource(name)) total.set(name, amount);
  sum(counting, total, counting.read(spec.overhead));
  return total;
}

function sum<A>(counting: Counting<A>, to: Map<string, A>, what: ReadonlyMap<string, A>): void {
  for (const [name, amount] of what) {
    const present = to.get(name);
    to.set(name, present === undefined ? amount : counting.plus(present, amount));
  }
}

function raise<A>(counting: Counting<A>, to: Map<string, A>, what: ReadonlyMap<string, A>): void {
  for (const [name, amount] of what) {
    const present = to.get(name);
    if (present === undefined || counting.exceeds(amount, present)) to.set(name, amount);
  }
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
  const requests = new Map<string, string>();
  const limits = new Map<string, string>();
  let guaranteed = true;
  for (const source of sources) {
    const limited = computeOnly(source?.limits);
    sum(EXACT, requests, computeOnly(source?.requests));
    sum(EXACT, limits, limited);
    const asksAnything = !spec.resources || Object.keys(source?.limits ?? {}).length > 0;
    if (asksAnything && limited.size < 2) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal =
    requests.size === limits.size &&
    [...requests].every(([name, amount]) => limits.has(name) && compare(limits.get(name) as string, amount) === 0);
  return guaranteed && equal ? 'Guaranteed' : 'Burstable';
}

function computeOnly(list: Readonly<Quantities> | undefined): Map<string, string> {
  return new Map(Object.entries(list ?? {}).filter(([name, amount]) => (name === 'cpu' || name === 'memory') && sign(amount) > 0));
}
