// How endpoints are spread over EndpointSlices (KEP-752). A change should touch few slices, since every node reads them
// all: endpoints that stay keep their place; new ones first fill slices that change anyway, then one slice that has room
// for all the rest, then new slices.
import { apiVersionOf, type ObjectMeta } from '../../api/meta/object.js';
import { endpointslices } from '../../api/meta/resources.gen.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../api/types/discovery-v1.gen.js';
import { equal } from '../../util/equal.js';

/** What the addresses of one slice are. */
export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints with the same ports; a group without endpoints has one slice without endpoints. */
export interface Group {
  readonly ports: readonly EndpointPort[];
  readonly addressType: AddressType;
  readonly endpoints: readonly Endpoint[];
}

/** What the slices of a Service are planned from. */
export interface PlanOptions {
  /** The slices there are, all of one owner. */
  readonly existing: readonly EndpointSlice[];
  readonly groups: readonly Group[];
  readonly maxEndpoints: number;
  /** A slice without name and endpoints. */
  fresh(group: Pick<Group, 'ports' | 'addressType'>): EndpointSlice;
  /** A slice as it should be but for its endpoints, where its labels or annotations are no longer right; undefined: they are. */
  relabeled(slice: EndpointSlice): EndpointSlice | undefined;
}

/** What must be written for the slices to say what is wanted. */
export interface Plan {
  create: EndpointSlice[];
  update: EndpointSlice[];
  delete: EndpointSlice[];
}

/** What to write so that the slices hold exactly the groups' endpoints. */
export function planSlices(options: PlanOptions): Plan {
  const plan: Plan = { create: [], update: [], delete: [] };
  const existing = new Map<string, EndpointSlice[]>();
  for (const slice of options.existing) append(existing, groupKey(slice.ports ?? [], slice.addressType), slice);
  for (const group of options.groups) {
    const key = groupKey(group.ports, group.addressType);
    planGroup(options, group, existing.get(key) ?? [], plan);
    existing.delete(key);
  }
  plan.delete.push(...[...existing.values()].flat());
  return reuse(plan);
}

function planGroup(options: PlanOptions, group: Group, existing: readonly EndpointSlice[], plan: Plan): void {
  const wanted = new Map(group.endpoints.map((e) => [endpointKey(e), e]));
  const changed: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];
  for (const slice of existing) {
    const kept = take(wanted, slice);
    const labeled = options.relabeled(slice);
    if (kept.length === 0 && (slice.endpoints ?? []).length > 0) plan.delete.push(slice);
    else if (labeled || !equal(kept, slice.endpoints ?? [])) changed.push({ ...(labeled ?? slice), endpoints: kept });
    else unchanged.push(slice);
  }
  const rest = [...wanted.values()];
  const fill = (slice: EndpointSlice): EndpointSlice => {
    const room = options.maxEndpoints - (slice.endpoints ?? []).length;
    return { ...slice, endpoints: [...(slice.endpoints ?? []), ...rest.splice(0, Math.max(room, 0))] };
  };
  changed.sort((a, b) => (b.endpoints ?? []).length - (a.endpoints ?? []).length);
  plan.update.push(...changed.map(fill));
  const target = roomiest(unchanged, rest.length, options.maxEndpoints);
  if (target && rest.length > 0) plan.update.push(fill(target));
  while (rest.length > 0) plan.create.push(fill(options.fresh(group)));
  if (group.endpoints.length === 0 && changed.length + unchanged.length === 0) plan.create.push(options.fresh(group));
}

/** The endpoints of a slice that stay, as they should be now; takes them out of `wanted`. */
function take(wanted: Map<string, Endpoint>, slice: EndpointSlice): Endpoint[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const found = wanted.get(key);
    wanted.delete(key);
    return found ?? [];
  });
}

/** The slice that is fullest after taking in `count` more; undefined when none has the room. */
function roomiest(slices: readonly EndpointSlice[], count: number, max: number): EndpointSlice | undefined {
  const size = (slice: EndpointSlice) => slice.endpoints?.length ?? 0;
  return slices.filter((s) => size(s) + count <= max).sort((a, b) => size(b) - size(a))[0];
}

/** Renames a slice that goes into one that comes: one write instead of two, and no moment without endpoints. */
function reuse({ create, update, delete: gone }: Plan): Plan {
  const doomed = [...gone];
  const created = create.filter((slice) => {
    const i = doomed.findIndex((d) => d.addressType === slice.addressType);
    const [old] = i < 0 ? [] : doomed.splice(i, 1);
    if (!old) return true;
    update.push({
      ...slice,
      metadata: {
        ...slice.metadata,
        generateName: undefined,
        name: old.metadata.name,
        uid: old.metadata.uid,
        resourceVersion: old.metadata.resourceVersion,
      },
    });
    return false;
  });
  return { create: created, update, delete: doomed };
}

/** Endpoints are the same one while their address, host name and target are. */
function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return JSON.stringify([
    [...addresses].sort(),
    hostname ?? '',
    targetRef?.kind ?? '',
    targetRef?.namespace ?? '',
    targetRef?.name ?? '',
    targetRef?.uid ?? '',
  ]);
}

function groupKey(ports: readonly EndpointPort[], addressType: string): string {
  const texts = ports.map((p) => JSON.stringify([p.name ?? '', p.port, p.protocol ?? 'TCP', p.appProtocol ?? '']));
  return `${addressType} ${texts.sort().join()}`;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** A slice for a group, without endpoints yet, in the name of a Service or Endpoints object. The server names it. */
export function emptySlice(
  { name, namespace }: ObjectMeta,
  { ports, addressType }: Pick<Group, 'ports' | 'addressType'>,
  metadata: Partial<ObjectMeta>,
): EndpointSlice {
  return {
    apiVersion: apiVersionOf(endpointslices),
    kind: endpointslices.kind,
    metadata: { name: '', generateName: `${name}-`, namespace, ...metadata },
    addressType,
    ports: [...ports],
    endpoints: [],
  };
}
