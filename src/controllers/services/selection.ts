// Which pods a Service is about, at which addresses and ports.
import { familyOf } from '../../api/shared/ip.js';
import { isPodFinished, isPodReady } from '../../api/shared/pod/conditions.js';
import type { Pod, Service, ServicePort } from '../../api/types/core-v1.gen.js';
import { keyOf, type Store } from '../../client/store.js';
import { equal } from '../../util/equal.js';
import { type Environment, type Watch, watch } from '../runtime/controller.js';
import { pods, services } from '../../api/meta/resources.gen.js';

type Labels = Readonly<Record<string, string>> | undefined;

/** Marks what belongs to a headless Service, so that proxies leave it alone. */
export const HEADLESS = 'service.kubernetes.io/headless';

/** Has no address of its own: clients are given those of the pods. */
export function isHeadless(service: Service): boolean {
  return !service.spec.clusterIP || service.spec.clusterIP === 'None';
}

/** The selector has all of its labels on the pod. */
function selects(service: Service, labels: Labels): boolean {
  const wanted = Object.entries(service.spec.selector ?? {});
  return service.spec.selector !== undefined && wanted.every(([key, value]) => labels?.[key] === value);
}

/** The pods a Service selects that have an address and have not finished. */
export function selectedPods(store: Store<Pod>, service: Service, includeTerminating: boolean): Pod[] {
  return store.list(service.metadata.namespace).filter((pod) => selects(service, pod.metadata.labels) && mayServe(pod, includeTerminating));
}

function mayServe(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodFinished(pod) || (!pod.status.podIP && !pod.status.podIPs?.length)) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

/** The pod's addresses of a family. */
export function addressesOf(pod: Pod, family: 'IPv4' | 'IPv6'): string[] {
  return (pod.status.podIPs ?? []).map((a) => a.ip).filter((ip) => familyOf(ip) === family);
}

/** The number behind a Service's port in a pod; undefined when the pod has no port of that name. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars])
    for (const p of container.ports ?? [])
      if (p.name === target && (p.protocol ?? 'TCP') === (port.protocol ?? 'TCP')) return p.containerPort;
  return undefined;
}

/** The name a pod has under its Service, if it asks for one. */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  return pod.spec.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined;
}

/** Adds the Services whose endpoints a change of a pod may alter. */
export function servingPodWatch({ informers }: Environment): Watch {
  const { store } = informers.of(services);
  const keys = ({ metadata }: Pod) =>
    store
      .list(metadata.namespace)
      .filter((s) => selects(s, metadata.labels))
      .map(keyOf);
  return watch(pods, (queue) => {
    const add = (pod: Pod) => {
      for (const key of keys(pod)) queue.add(key);
    };
    return {
      add,
      delete: add,
      update: (old, pod) => {
        const moved = !equal(old.metadata.labels, pod.metadata.labels);
        if (moved) add(old);
        if (moved || servesDifferently(old, pod)) add(pod);
      },
    };
  });
}

function servesDifferently(old: Pod, pod: Pod): boolean {
  return (
    old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
    isPodReady(old) !== isPodReady(pod) ||
    isPodFinished(old) !== isPodFinished(pod) ||
    old.spec.nodeName !== pod.spec.nodeName ||
    old.spec.hostname !== pod.spec.hostname ||
    old.spec.subdomain !== pod.spec.subdomain ||
    old.status.podIP !== pod.status.podIP ||
    !equal(old.status.podIPs, pod.status.podIPs)
  );
}
