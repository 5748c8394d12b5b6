// The subsets of an Endpoints object: every combination of ports, with all addresses that have it.
import { isPodReady } from '../../api/shared/pod/conditions.js';
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '../../api/types/core-v1.gen.js';
import { familyOf } from '../../api/shared/ip.js';
import { addressesOf, hostnameOf, isHeadless, targetPort } from './selection.js';

/** More addresses than an Endpoints object should have (KEP-752). */
const MAX_ADDRESSES = 1000;

interface Entry {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/** The subsets for the pods of a Service. */
export function serviceSubsets(service: Service, selected: readonly Pod[]): EndpointSubset[] {
  const subsets: EndpointSubset[] = [];
  for (const pod of selected) {
    const address = addressFor(service, pod);
    if (!address) continue;
    const list = service.spec.publishNotReadyAddresses || isPodReady(pod) ? { addresses: [address] } : { notReadyAddresses: [address] };
    const ports = service.spec.ports ?? [];
    if (ports.length === 0 && isHeadless(service)) subsets.push(list);
    for (const port of ports) {
      const number = targetPort(pod, port);
      if (number === undefined) continue;
      const { name, protocol, appProtocol } = port;
      subsets.push({
        ...list,
        ports: [{ ...(name && { name }), port: number, protocol: protocol ?? 'TCP', ...(appProtocol && { appProtocol }) }],
      });
    }
  }
  return packed(subsets);
}

function addressFor(service: Service, pod: Pod): EndpointAddress | undefined {
  const family = service.spec.ipFamilies?.[0] ?? familyOf(isHeadless(service) ? (pod.status.podIP ?? '') : (service.spec.clusterIP ?? ''));
  const [ip] = addressesOf(pod, family === 'IPv6' ? 'IPv6' : 'IPv4');
  if (ip === undefined) return undefined;
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameOf(pod, service);
  return { ip, ...(hostname && { hostname }), nodeName: pod.spec.nodeName, targetRef: { kind: 'Pod', namespace, name, uid } };
}

/**
 * Brings subsets into the one form there is for them: an address that has several ports is in one subset with all of
 * them, addresses and ports are in order, and not ready wins where an address is said to be both.
 */
export function packed(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; entries: Map<string, Entry> }>();
  for (const { ports, addresses = [], notReadyAddresses = [] } of subsets) {
    for (const port of ports?.length ? ports : [undefined]) {
      const key = JSON.stringify(port && [port.name ?? '', port.port, port.protocol, port.appProtocol]) ?? '';
      let group = byPort.get(key);
      if (!group) byPort.set(key, (group = { port, entries: new Map() }));
      for (const address of addresses)
        if (!group.entries.has(addressKey(address))) group.entries.set(addressKey(address), { address, ready: true });
      for (const address of notReadyAddresses) group.entries.set(addressKey(address), { address, ready: false });
    }
  }
  const byAddresses = new Map<string, { ports: EndpointPort[]; entries: Entry[] }>();
  for (const { port, entries } of byPort.values()) {
    const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(sorted.map(([k, e]) => [k, e.ready, port === undefined]));
    const group = byAddresses.get(key) ?? { ports: [], entries: sorted.map(([, e]) => e) };
    if (port) group.ports.push(port);
    byAddresses.set(key, group);
  }
  return [...byAddresses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { ports, entries }]) => subset(ports, entries));
}

function subset(ports: readonly EndpointPort[], entries: readonly Entry[]): EndpointSubset {
  const list = (ready: boolean) => entries.filter((e) => e.ready === ready).map((e) => e.address);
  const [addresses, notReadyAddresses] = [list(true), list(false)];
  const order = (p: EndpointPort) => `${p.name ?? ''} ${String(p.port).padStart(5, '0')} ${p.protocol ?? ''}`;
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports: [...ports].sort((a, b) => (order(a) < order(b) ? -1 : 1)) }),
  };
}

function addressKey({ ip, targetRef }: EndpointAddress): string {
  return `${ip} ${targetRef?.uid ?? ''}`;
}

/** Leaves out what is too much, ready addresses last and from every subset by its share. @returns whether anything was left out */
export function truncated(subsets: readonly EndpointSubset[]): { subsets: EndpointSubset[]; over: boolean } {
  const count = (list: 'addresses' | 'notReadyAddresses') => subsets.reduce((n, s) => n + (s[list]?.length ?? 0), 0);
  const [ready, notReady] = [count('addresses'), count('notReadyAddresses')];
  if (ready + notReady <= MAX_ADDRESSES) return { subsets: [...subsets], over: false };
  const cutReady = ready > MAX_ADDRESSES;
  const list = cutReady ? 'addresses' : 'notReadyAddresses';
  const max = cutReady ? MAX_ADDRESSES : MAX_ADDRESSES - ready;
  let left = max;
  const cut = subsets.map((s) => {
    const there = s[list] ?? [];
    const kept = there.slice(0, Math.min(Math.ceil((there.length / (cutReady ? ready : notReady)) * max), left));
    left -= kept.length;
    return { ...s, ...(cutReady && { notReadyAddresses: undefined }), [list]: kept.length > 0 ? kept : undefined };
  });
  return { subsets: cut, over: true };
}
