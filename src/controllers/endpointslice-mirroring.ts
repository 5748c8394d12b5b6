// Mirrors Endpoints that people write themselves, for Services without selector, into EndpointSlices (upstream's
// pkg/controller/endpointslicemirroring).
import { endpointslices, endpoints as endpointsResource, services } from '../api/meta/resources.gen.js';
import { LAST_APPLIED_ANNOTATION, SLICE_MANAGED_BY_LABEL } from '../api/meta/well-known.js';
import { parseAddress } from '../api/shared/ip.js';
import type { EndpointAddress, Endpoints } from '../api/types/core-v1.gen.js';
import type { Endpoint, EndpointSlice } from '../api/types/discovery-v1.gen.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';
import { controllerReference } from './runtime/owners.js';
import { MAX_RETRIES } from './services/pace.js';
import { SERVICE_NAME, SliceWriter } from './services/slice-writer.js';
import { type AddressType, emptySlice, type Group, planSlices } from './services/slices.js';
import { packed } from './services/subsets.js';
import { LAST_CHANGE_TRIGGER_TIME } from './services/trigger-time.js';

const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** --mirroring-max-endpoints-per-subset */
const MAX_ADDRESSES = 1000;

/** Mirrors Endpoints into EndpointSlices. */
export const endpointsliceMirroring: ControllerDefinition = {
  name: 'endpointslice-mirroring-controller',
  alias: 'endpointslicemirroring',
  source: 'endpoint-slice-mirroring-controller',
  create: (environment) => {
    const writer = new SliceWriter(environment, MANAGER);
    return [
      {
        name: 'endpointslice-mirroring-controller',
        maxRetries: MAX_RETRIES,
        for: endpointsResource,
        watches: [
          watchMapped(services, ({ metadata: { namespace, name } }) => [`${namespace}/${name}`]),
          watchMapped(endpointslices, (slice) => writer.keysOf(slice)),
        ],
        reconcile: (key) => reconcile(environment, writer, key),
      },
    ];
  },
};

async function reconcile(environment: Environment, writer: SliceWriter, key: string): Promise<undefined> {
  const { informers } = environment;
  const endpoints = informers.of(endpointsResource).store.get(key);
  const existing = writer.slices(key);
  if (!existing) return;
  const service = informers.of(services).store.get(key);
  if (!endpoints || !isMirrored(endpoints) || !service || service.spec.selector) {
    await writer.write(key, { create: [], update: [], delete: [...existing] });
    if (!endpoints) writer.forget(key);
    return;
  }
  if (endpoints.metadata.deletionTimestamp !== undefined) return;
  const plan = planSlices({
    existing,
    groups: groupsOf(environment, endpoints),
    maxEndpoints: MAX_ADDRESSES,
    fresh: (group) =>
      emptySlice(endpoints.metadata, group, {
        ...marks(endpoints),
        ownerReferences: [controllerReference(endpointsResource, endpoints)],
      }),
    relabeled: (slice) => relabeled(endpoints, slice),
  });
  await writer.write(key, plan);
}

function isMirrored({ metadata: { labels, annotations } }: Endpoints): boolean {
  return labels?.[SKIP] !== 'true' && annotations?.[LEADER] === undefined;
}

function groupsOf({ recorder }: Environment, endpoints: Endpoints): Group[] {
  let invalid = 0;
  let skipped = 0;
  const groups = packed(endpoints.subsets ?? []).flatMap((subset) => {
    const ports = (subset.ports ?? []).map((p) => ({ name: p.name ?? '', port: p.port, protocol: p.protocol, appProtocol: p.appProtocol }));
    const found = new Map<AddressType, Endpoint[]>([
      ['IPv4', []],
      ['IPv6', []],
    ]);
    let count = 0;
    const take = (address: EndpointAddress, ready: boolean) => {
      const family = parseAddress(address.ip)?.family;
      if (!family) invalid++;
      else if (count >= MAX_ADDRESSES) skipped++;
      else found.get(family)?.push(mirrored(address, ready));
      if (family) count++;
    };
    for (const address of subset.addresses ?? []) take(address, true);
    for (const address of subset.notReadyAddresses ?? []) take(address, false);
    return [...found].filter(([, list]) => list.length > 0).map(([addressType, list]) => ({ ports, addressType, endpoints: list }));
  });
  if (invalid > 0)
    recorder.warning(endpoints, 'InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`);
  if (skipped > 0)
    recorder.warning(
      endpoints,
      'TooManyAddressesToMirror',
      `A max of ${MAX_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped + invalid} addresses were skipped`,
    );
  return groups;
}

function mirrored({ ip, targetRef, nodeName, hostname }: EndpointAddress, ready: boolean): Endpoint {
  return { addresses: [ip], conditions: { ready }, targetRef, nodeName, hostname: hostname || undefined };
}

function relabeled(endpoints: Endpoints, slice: EndpointSlice): EndpointSlice | undefined {
  const wanted = marks(endpoints);
  const owned = slice.metadata.ownerReferences?.some((r) => r.uid === endpoints.metadata.uid);
  if (owned && equal(slice.metadata.labels, wanted.labels) && equal(slice.metadata.annotations ?? {}, wanted.annotations)) return undefined;
  return { ...slice, metadata: { ...slice.metadata, ...wanted, ownerReferences: [controllerReference(endpointsResource, endpoints)] } };
}

/** Labels and annotations are mirrored too. */
function marks({ metadata }: Endpoints): { labels: Record<string, string>; annotations: Record<string, string> } {
  const annotations = { ...metadata.annotations };
  delete annotations[LAST_CHANGE_TRIGGER_TIME];
  delete annotations[LAST_APPLIED_ANNOTATION];
  return { labels: { ...metadata.labels, [SERVICE_NAME]: metadata.name, [SLICE_MANAGED_BY_LABEL]: MANAGER }, annotations };
}
