// EndpointSlices: the endpoints of Services that select pods, in pieces (upstream's pkg/controller/endpointslice).
import { endpointslices, nodes, pods, services } from '../api/meta/resources.gen.js';
import { SLICE_MANAGED_BY_LABEL, ZONE_LABEL } from '../api/meta/well-known.js';
import { familyOf } from '../api/shared/ip.js';
import { isPodReady } from '../api/shared/pod/conditions.js';
import type { Node, Pod, Service } from '../api/types/core-v1.gen.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../api/types/discovery-v1.gen.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';
import { controllerReference } from './runtime/owners.js';
import { MAX_RETRIES, REST } from './services/pace.js';
import { addressesOf, HEADLESS, hostnameOf, isHeadless, selectedPods, servingPodWatch, targetPort } from './services/selection.js';
import { SERVICE_NAME, SliceWriter } from './services/slice-writer.js';
import { type AddressType, emptySlice, type Group, planSlices } from './services/slices.js';
import { LAST_CHANGE_TRIGGER_TIME, TriggerTimes } from './services/trigger-time.js';

const MANAGER = 'endpointslice-controller.k8s.io';
const RESERVED = [SERVICE_NAME, SLICE_MANAGED_BY_LABEL, HEADLESS];
/** --max-endpoints-per-slice */
const MAX_ENDPOINTS = 100;

/** Keeps the EndpointSlices of Services that select pods. */
export const endpointslice: ControllerDefinition = {
  name: 'endpointslice-controller',
  alias: 'endpointslice',
  source: 'endpoint-slice-controller',
  create: (environment) => {
    const slices = new ServiceSlices(environment);
    return [
      {
        name: 'endpointslice-controller',
        maxRetries: MAX_RETRIES,
        rest: REST,
        for: services,
        watches: [
          servingPodWatch(environment),
          watchMapped(endpointslices, (slice) => slices.writer.keysOf(slice)),
          watchMapped(nodes, () => []),
        ],
        reconcile: (key) => slices.reconcile(key),
      },
    ];
  },
};

class ServiceSlices {
  readonly writer: SliceWriter;
  readonly #environment: Environment;
  readonly #times = new TriggerTimes();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.writer = new SliceWriter(environment, MANAGER);
  }

  async reconcile(key: string): Promise<undefined> {
    const { informers, recorder } = this.#environment;
    const service = informers.of(services).store.get(key);
    if (!service) {
      // the slices go with their owner
      this.#times.forget(key);
      this.writer.forget(key);
      return;
    }
    if (service.spec.type === 'ExternalName' || !service.spec.selector || service.metadata.deletionTimestamp !== undefined) return;
    const existing = this.writer.slices(key);
    if (!existing) return;
    const selected = selectedPods(informers.of(pods).store, service, true);
    const trigger = this.#times.next(key, service, selected);
    try {
      await this.#write(key, service, existing, selected, trigger);
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      recorder.warning(service, 'FailedToUpdateEndpointSlices', `Error updating Endpoint Slices for Service ${key}: ${message}`);
      throw error;
    }
  }

  async #write(
    key: string,
    service: Service,
    existing: readonly EndpointSlice[],
    selected: readonly Pod[],
    trigger: string | undefined,
  ): Promise<void> {
    const owned = existing.filter((s) => s.metadata.ownerReferences?.some((r) => r.uid === service.metadata.uid));
    const { groups, homeless } = this.#groups(service, selected);
    const plan = planSlices({
      existing: owned,
      groups,
      maxEndpoints: MAX_ENDPOINTS,
      fresh: (group) =>
        emptySlice(service.metadata, group, { labels: sliceLabels(service), ownerReferences: [controllerReference(services, service)] }),
      relabeled: (slice) =>
        equal(slice.metadata.labels, sliceLabels(service))
          ? undefined
          : { ...slice, metadata: { ...slice.metadata, labels: sliceLabels(service) } },
    });
    plan.delete.push(...existing.filter((s) => !owned.includes(s)));
    const stamped = (slice: EndpointSlice) => withTrigger(slice, trigger);
    await this.writer.write(key, { create: plan.create.map(stamped), update: plan.update.map(stamped), delete: plan.delete });
    if (homeless) throw new Error(`skipping Pod ${homeless.metadata.name} for Service ${key}: Node ${homeless.spec.nodeName} Not Found`);
  }

  /** The endpoints by address type and ports; where there are none, a group without endpoints stands for the Service. */
  #groups(service: Service, selected: readonly Pod[]): { groups: Group[]; homeless: Pod | undefined } {
    const store = this.#environment.informers.of(nodes).store;
    const groups: Group[] = [];
    let homeless: Pod | undefined;
    for (const addressType of addressTypes(service)) {
      const byPorts = new Map<string, { ports: EndpointPort[]; addressType: AddressType; endpoints: Endpoint[] }>();
      for (const pod of selected) {
        const node = pod.spec.nodeName ? store.get(pod.spec.nodeName) : undefined;
        if (!node && !service.spec.publishNotReadyAddresses) {
          homeless = pod;
          continue;
        }
        const endpoint = podEndpoint(service, pod, node, addressType);
        if (!endpoint) continue;
        const ports = podPorts(service, pod);
        const key = JSON.stringify(ports);
        const group = byPorts.get(key) ?? { ports, addressType, endpoints: [] };
        group.endpoints.push(endpoint);
        byPorts.set(key, group);
      }
      if (byPorts.size === 0) groups.push({ ports: [], addressType, endpoints: [] });
      groups.push(...byPorts.values());
    }
    return { groups, homeless };
  }
}

function addressTypes({ spec }: Service): AddressType[] {
  const families = (spec.ipFamilies ?? []).map((f) => (f === 'IPv6' ? 'IPv6' : 'IPv4'));
  if (families.length > 0) return [...new Set<AddressType>(families)];
  return spec.clusterIP && spec.clusterIP !== 'None' ? [familyOf(spec.clusterIP)] : ['IPv4', 'IPv6'];
}

function podEndpoint(service: Service, pod: Pod, node: Node | undefined, addressType: AddressType): Endpoint | undefined {
  const addresses = addressesOf(pod, addressType);
  if (addresses.length === 0) return undefined;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const zone = node?.metadata.labels?.[ZONE_LABEL] || undefined;
  const { nodeName } = pod.spec;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    hostname: hostnameOf(pod, service),
    targetRef: { kind: 'Pod', namespace, name, uid },
    nodeName,
    zone,
    hints: ready ? hints(service.spec.trafficDistribution, zone, nodeName) : undefined,
  };
}

/** Where traffic should come from, for Services that prefer what is near (KEP-4444, KEP-3015). */
function hints(distribution: string | undefined, zone: string | undefined, nodeName: string | undefined): Endpoint['hints'] {
  if (distribution !== 'PreferClose' && distribution !== 'PreferSameZone' && distribution !== 'PreferSameNode') return undefined;
  const forNodes = distribution === 'PreferSameNode' && nodeName ? [{ name: nodeName }] : undefined;
  return zone || forNodes ? { forZones: zone ? [{ name: zone }] : undefined, forNodes } : undefined;
}

function podPorts(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPort(pod, port);
    if (number === undefined) return [];
    return [{ name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP', appProtocol: port.appProtocol }];
  });
}

function sliceLabels(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([key]) => !RESERVED.includes(key));
  return {
    ...Object.fromEntries(own),
    ...(isHeadless(service) && { [HEADLESS]: '' }),
    [SERVICE_NAME]: service.metadata.name,
    [SLICE_MANAGED_BY_LABEL]: MANAGER,
  };
}

function withTrigger(slice: EndpointSlice, trigger: string | undefined): EndpointSlice {
  const { [LAST_CHANGE_TRIGGER_TIME]: _, ...annotations } = slice.metadata.annotations ?? {};
  return {
    ...slice,
    metadata: {
      ...slice.metadata,
      annotations: trigger === undefined ? annotations : { ...annotations, [LAST_CHANGE_TRIGGER_TIME]: trigger },
    },
  };
}
