// Cluster IPs: taken by making the IPAddress object, which nobody can make twice, and given back by removing it. The ranges
// are those of the ServiceCIDRs that are ready.
import type { Allocation, Context, Services } from '../context.js';
import { ApiError, internalError, invalid as invalidObject } from '../meta/errors.js';
import { at, invalid } from '../meta/field-errors.js';
import { ipaddresses, servicecidrs } from '../meta/resources.gen.js';
import { pickFree, reservedPart } from '../shared/allocation.js';
import { type Address, addressText, type Family, type Prefix, parseAddress, prefixText } from '../shared/ip.js';
import { addressName, addressObject, canServe, isReady, prefixesOf, usableRange } from '../shared/service-ips.js';
import type { Service, ServiceSpec } from '../types/core-v1.gen.js';
import { keepsDualStackPreference } from './service-families.js';
import { isHeadless, NONE } from './service-shape.js';

const BANDS = { min: 16n, max: 256n, step: 16n };
const CLUSTER_IPS = at('spec', 'clusterIPs');
const NOT_READY = 'allocator not ready';
/** Upstream gives out no addresses of larger networks. */
const SHORTEST_IPV6_PREFIX = 64;

/** The cluster IPs that one write takes and gives back. */
export class ClusterIPs implements Allocation {
  readonly #service: Service;
  readonly #context: Context;
  readonly #taken: string[] = [];
  #left: readonly string[] = [];

  constructor(service: Service, context: Context) {
    this.#service = service;
    this.#context = context;
  }

  /**
   * A new Service, one that was an ExternalName, and one that becomes dual-stack get addresses; one that becomes an
   * ExternalName or single-stack gives back; the others keep theirs.
   * @throws ApiError Invalid when an address cannot be had, InternalError when the ranges are used up
   */
  async allocate(old: ServiceSpec | undefined): Promise<void> {
    const { spec } = this.#service;
    const external = spec.type === 'ExternalName';
    if (!old || old.type === 'ExternalName') {
      if (!external) await this.#allocateAll();
      return;
    }
    if (keepsDualStackPreference(spec, old) || old.clusterIPs?.[0] === NONE) return;
    const before = old.ipFamilies?.length ?? 0;
    const after = spec.ipFamilies?.length ?? 0;
    if (external) this.#left = old.clusterIPs ?? [];
    else if (before === 1 && after === 2) await this.#allocateSecond();
    else if (before === 2 && after === 1) this.#left = old.clusterIPs?.slice(1) ?? [];
  }

  async commit(): Promise<void> {
    if (!this.#context.dryRun) await giveBack(this.#left, this.#context.services);
  }
  async rollback(): Promise<void> {
    await giveBack(this.#taken, this.#context.services);
  }

  async #allocateAll(): Promise<void> {
    const { spec } = this.#service;
    if (isHeadless(spec)) return;
    spec.clusterIPs = (spec.ipFamilies ?? []).map((_, i) => spec.clusterIPs?.[i] ?? '');
    for (const [i, family] of (spec.ipFamilies ?? []).entries()) spec.clusterIPs[i] = await this.#address(family as Family, i);
    spec.clusterIP = spec.clusterIPs[0];
  }

  async #allocateSecond(): Promise<void> {
    const { spec } = this.#service;
    spec.clusterIPs = [spec.clusterIPs?.[0] ?? '', spec.clusterIPs?.[1] ?? ''];
    spec.clusterIPs[1] = await this.#address(spec.ipFamilies?.[1] as Family, 1);
  }

  #address(family: Family, index: number): Promise<string> {
    const wanted = this.#service.spec.clusterIPs?.[index] ?? '';
    return wanted === '' ? this.#freeAddress(family) : this.#wantedAddress(wanted);
  }

  async #wantedAddress(wanted: string): Promise<string> {
    const address = parseAddress(wanted) as Address;
    const refused = (why: string) => this.#refusal(`failed to allocate IP ${wanted}: ${why}`);
    const ranges = this.#ranges(address.family);
    if (this.#context.dryRun) {
      const problem = dryRunProblem(address, ranges[0]);
      if (problem !== undefined) throw refused(problem);
      return wanted;
    }
    if (!ranges.some((range) => canServe(range, address))) throw refused('the provided network does not match the current range');
    try {
      await this.#take(wanted);
    } catch (e) {
      if (!(e instanceof ApiError)) throw e;
      throw refused(e.reason === 'AlreadyExists' ? 'provided IP is already allocated' : e.message);
    }
    return wanted;
  }

  /** From a range of chance, as long as it has one. */
  async #freeAddress(family: Family): Promise<string> {
    const { random } = this.#context.services;
    const ranges = this.#ranges(family);
    if (this.#context.dryRun) {
      if (!ranges[0]) throw this.#refusal(`failed to allocate IP: ${NOT_READY}`);
      return addressText(family, ranges[0].base);
    }
    while (ranges.length > 0) {
      const [range] = ranges.splice(Math.floor(random() * ranges.length), 1) as [Prefix];
      const ip = await this.#freeIn(range);
      if (ip !== undefined) return ip;
    }
    throw internalError(`failed to allocate a serviceIP for Service ${JSON.stringify(this.#service.metadata.name)}: range is full`);
  }

  async #freeIn(range: Prefix): Promise<string | undefined> {
    const { reader, random } = this.#context.services;
    const [first, last] = usableRange(range);
    const lost = new Set<string>();
    const isTaken = (name: string) => lost.has(name) || reader.get(ipaddresses, '', name) !== undefined;
    for (;;) {
      const value = pickFree(
        { first, last, reserved: reservedPart(last - first + 1n, BANDS) },
        (candidate) => isTaken(addressText(range.family, candidate)),
        random,
      );
      if (value === undefined) return undefined;
      const ip = addressText(range.family, value);
      try {
        await this.#take(ip);
        return ip;
      } catch (e) {
        if (!(e instanceof ApiError)) throw e;
        // somebody else was faster
        if (e.reason === 'AlreadyExists') lost.add(ip);
        else throw this.#refusal(`failed to allocate IP: ${e.message}`);
      }
    }
  }

  async #take(ip: string): Promise<void> {
    await this.#context.services.own.create(ipaddresses, addressObject(ip, this.#service));
    this.#taken.push(ip);
  }

  #ranges(family: Family): Prefix[] {
    const ready = this.#context.services.reader.list(servicecidrs).filter(isReady);
    return ready.flatMap(prefixesOf).filter((r) => r.family === family && (family === 'IPv4' || r.length >= SHORTEST_IPV6_PREFIX));
  }

  #refusal(detail: string): ApiError {
    const { metadata, spec } = this.#service;
    return invalidObject({ group: '', kind: 'Service' }, metadata.name, [invalid(CLUSTER_IPS, spec.clusterIPs, detail)]);
  }
}

/** As upstream, a dry run asks one range only, and not whether the address is free. */
function dryRunProblem(address: Address, range: Prefix | undefined): string | undefined {
  if (!range) return NOT_READY;
  if (canServe(range, address)) return undefined;
  const ip = addressText(address.family, address.value);
  return `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${prefixText(range)}`;
}

/** Gives back addresses; those that are free are no matter. */
export async function giveBack(ips: readonly string[], { own }: Services): Promise<void> {
  for (const ip of ips) {
    try {
      await own.delete(ipaddresses, { namespace: '', name: addressName(ip) });
    } catch (e) {
      // as upstream: what cannot be given back now, the repair loop finds
      if (!(e instanceof ApiError)) throw e;
    }
  }
}
