// Cluster IPs and node ports of Services. Who holds what is read from the Services themselves; what writes under way have
// taken is remembered per cluster until the reader shows it.
import type { Allocation, Context, Services } from '../definition.js';
import { internalError, invalid as invalidObject } from '../meta/errors.js';
import { at, invalid } from '../meta/field-errors.js';
import { services as servicesResource } from '../meta/resources.gen.js';
import { Claims, pickFree, reservedPart } from '../shared/allocation.js';
import {
  type Address,
  addressText,
  type Family,
  familyOf,
  lastOf,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixContains,
} from '../shared/ip.js';
import type { Service, ServiceSpec } from '../types/core-v1.gen.js';
import { initFamilies, keepsDualStackPreference } from './service-families.js';
import {
  getsNodePorts,
  isHeadless,
  keepAllocated,
  mayHaveNodePorts,
  needsHealthCheckPort,
  nodePortsOf,
  normalizeClusterIPs,
} from './service-shape.js';

const ADDRESS_BANDS = { min: 16n, max: 256n, step: 16n };
const PORT_BANDS = { min: 16n, max: 128n, step: 32n };
const DRY_RUN_PORT = 32768;
const CLUSTER_IPS = at('spec', 'clusterIPs');

/** What the writes of one cluster have claimed; the services object stands for the cluster. */
const claimsOfClusters = new WeakMap<Services, Pools>();

class Pools {
  readonly addresses = new Claims<string>();
  readonly ports = new Claims<number>();
}

function poolsOf(services: Services): Pools {
  let pools = claimsOfClusters.get(services);
  if (!pools) claimsOfClusters.set(services, (pools = new Pools()));
  return pools;
}

/**
 * Gives a new or changed Service its families, cluster IPs and node ports (the `begin` hook).
 * @throws ApiError Invalid when a wanted value cannot be had, InternalError when a range is used up
 */
export async function allocate(service: Service, old: Service | undefined, context: Context): Promise<Allocation | undefined> {
  if (context.subresource !== '') return undefined;
  const { spec } = service;
  if (old) keepAllocated(spec, old.spec);
  normalizeClusterIPs(spec, old?.spec);
  const operation = new Operation(service, context);
  try {
    initFamilies(service, old?.spec, operation.families);
    operation.allocateAddresses(old?.spec);
    operation.allocatePorts(old?.spec);
    return operation;
  } catch (e) {
    operation.rollback();
    throw e;
  }
}

/** Forgets what a deleted Service had (the `afterDelete` hook). */
export function release(service: Service, services: Services): void {
  const pools = claimsOfClusters.get(services);
  if (!pools) return;
  for (const ip of service.spec.clusterIPs ?? []) pools.addresses.release(canonical(ip));
  for (const port of allPorts(service.spec)) pools.ports.release(port);
}

/** The allocations of one write. */
class Operation implements Allocation {
  readonly #service: Service;
  readonly #context: Context;
  readonly #pools: Pools;
  readonly #ranges: readonly Prefix[];
  readonly #owner: string;
  /** What stored Services hold, theirs and ours. */
  readonly #heldAddresses = new Map<string, string>();
  readonly #heldPorts = new Map<number, string>();
  readonly #newAddresses: string[] = [];
  readonly #newPorts: number[] = [];

  constructor(service: Service, context: Context) {
    this.#service = service;
    this.#context = context;
    const { services } = context;
    this.#pools = poolsOf(services);
    this.#ranges = services.settings.serviceClusterIPRanges.flatMap((cidr) => parsePrefix(cidr) ?? []);
    this.#owner = keyOf(service);
    for (const stored of services.reader.list(servicesResource)) {
      const key = keyOf(stored);
      for (const ip of stored.spec.clusterIPs ?? []) this.#heldAddresses.set(canonical(ip), key);
      for (const port of allPorts(stored.spec)) this.#heldPorts.set(port, key);
    }
    this.#pools.addresses.settle((ip, owner) => this.#heldAddresses.get(ip) === owner);
    this.#pools.ports.settle((port, owner) => this.#heldPorts.get(port) === owner);
  }

  get families(): readonly Family[] {
    return this.#ranges.map((range) => range.family);
  }

  commit(): void {
    for (const ip of this.#newAddresses) this.#pools.addresses.keep(ip);
    for (const port of this.#newPorts) this.#pools.ports.keep(port);
  }
  rollback(): void {
    for (const ip of this.#newAddresses) this.#pools.addresses.release(ip);
    for (const port of this.#newPorts) this.#pools.ports.release(port);
  }

  /** A new Service, one that was an ExternalName, and one that becomes dual-stack get addresses; the others keep theirs. */
  allocateAddresses(old: ServiceSpec | undefined): void {
    const { spec } = this.#service;
    if (spec.type === 'ExternalName' || isHeadless(spec)) return;
    const isNew = old === undefined || old.type === 'ExternalName';
    if (!isNew && (keepsDualStackPreference(spec, old) || old.clusterIPs?.[0] === 'None')) return;
    const families = spec.ipFamilies ?? [];
    const upgraded = !isNew && old.ipFamilies?.length === 1 && families.length === 2;
    if (!isNew && !upgraded) return;
    const ips = [...(spec.clusterIPs ?? [])];
    for (let i = isNew ? 0 : 1; i < families.length; i++) ips[i] = this.#address(families[i] as Family, ips[i] ?? '');
    spec.clusterIPs = ips;
    if (isNew) spec.clusterIP = ips[0];
  }

  #address(family: Family, wanted: string): string {
    const ip = wanted === '' ? this.#freeAddress(family) : wanted;
    const problem = wanted === '' ? undefined : this.#addressProblem(wanted);
    if (problem !== undefined) this.#refuse(CLUSTER_IPS, this.#service.spec.clusterIPs, `failed to allocate IP ${wanted}: ${problem}`);
    if (!this.#context.dryRun) {
      this.#pools.addresses.claim(canonical(ip), this.#owner);
      this.#newAddresses.push(canonical(ip));
    }
    return ip;
  }

  #freeAddress(family: Family): string {
    const range = this.#ranges.find((r) => r.family === family);
    const [first, last] = range ? usable(range) : [1n, 0n];
    const value = pickFree(
      { first, last, reserved: reservedPart(last - first + 1n, ADDRESS_BANDS) },
      (candidate) => this.#isAddressTaken(addressText(family, candidate)),
      this.#context.services.random,
    );
    if (value === undefined)
      throw internalError(`failed to allocate a serviceIP for Service ${JSON.stringify(this.#service.metadata.name)}: range is full`);
    return addressText(family, value);
  }

  #addressProblem(ip: string): string | undefined {
    const address = parseAddress(ip) as Address;
    const range = this.#ranges.find((r) => prefixContains(r, address));
    const [first, last] = range ? usable(range) : [1n, 0n];
    if (address.value < first || address.value > last) return 'the provided network does not match the current range';
    return this.#isAddressTaken(canonical(ip)) ? 'provided IP is already allocated' : undefined;
  }

  #isAddressTaken(ip: string): boolean {
    return this.#pools.addresses.has(ip) || this.#heldAddresses.has(ip);
  }

  allocatePorts(old: ServiceSpec | undefined): void {
    const { spec } = this.#service;
    if (mayHaveNodePorts(spec)) {
      if (old) this.#changePorts(spec, old);
      else this.#newServicePorts(spec);
    }
    if (needsHealthCheckPort(spec) && !(old && needsHealthCheckPort(old))) this.#healthCheckPort(spec);
  }

  /** Ports of the same number (TCP and UDP) share a node port. */
  #newServicePorts(spec: ServiceSpec): void {
    const ports = spec.ports ?? [];
    const byPort = new Map<number, number>();
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort && !getsNodePorts(spec)) continue;
      const shared = byPort.get(port.port);
      if (shared === undefined) {
        const wanted = ports.find((p) => p.port === port.port && p.nodePort)?.nodePort;
        port.nodePort = wanted ? this.#wantedPort(wanted, i) : this.#freePort('failed to allocate a nodePort');
        byPort.set(port.port, port.nodePort);
      } else if (!port.nodePort) port.nodePort = shared;
      else if (port.nodePort !== shared) this.#wantedPort(port.nodePort, i);
    }
  }

  #changePorts(spec: ServiceSpec, old: ServiceSpec): void {
    const had = new Set(nodePortsOf(old));
    const seen = new Set<string>();
    for (const [i, port] of (spec.ports ?? []).entries()) {
      if (!port.nodePort && !getsNodePorts(spec)) continue;
      if (!port.nodePort) port.nodePort = this.#freePort('failed to allocate a nodePort');
      else if (!had.has(port.nodePort) && !this.#newPorts.includes(port.nodePort)) this.#wantedPort(port.nodePort, i);
      const identity = `${port.protocol} ${port.nodePort}`;
      if (seen.has(identity)) throw internalError(`duplicate nodePort: {${identity}}`);
      seen.add(identity);
    }
  }

  #healthCheckPort(spec: ServiceSpec): void {
    const wanted = spec.healthCheckNodePort;
    if (!wanted) {
      spec.healthCheckNodePort = this.#freePort('failed to allocate a HealthCheck NodePort 0');
      return;
    }
    const problem = this.#portProblem(wanted);
    if (problem !== undefined) throw internalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${problem}`);
    this.#takePort(wanted);
  }

  #wantedPort(port: number, index: number): number {
    const problem = this.#portProblem(port);
    if (problem !== undefined) this.#refuse(at('spec', 'ports').index(index).child('nodePort'), port, problem);
    this.#takePort(port);
    return port;
  }

  #freePort(whatFailed: string): number {
    if (this.#context.dryRun) return this.#guessedPort();
    const [first, last] = this.#context.services.settings.serviceNodePortRange;
    const size = BigInt(last - first + 1);
    const port = pickFree(
      { first: BigInt(first), last: BigInt(last), reserved: reservedPart(size, PORT_BANDS) },
      (candidate) => this.#isPortTaken(Number(candidate)),
      this.#context.services.random,
    );
    if (port === undefined) throw internalError(`${whatFailed}: range is full`);
    this.#takePort(Number(port));
    return Number(port);
  }

  /** What a dry run answers with, free or not: the port after the highest it has, from the middle of the usual range on. */
  #guessedPort(): number {
    const port = Math.max(...this.#newPorts, this.#newPorts.length === 0 ? DRY_RUN_PORT : 0) + 1;
    this.#newPorts.push(port);
    return port;
  }

  #portProblem(port: number): string | undefined {
    // a dry run asks the ports that are taken, not the range
    if (this.#context.dryRun) return this.#isPortTaken(port) ? 'provided port is already allocated' : undefined;
    const [first, last] = this.#context.services.settings.serviceNodePortRange;
    if (port < first || port > last) return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    return this.#isPortTaken(port) ? 'provided port is already allocated' : undefined;
  }

  #isPortTaken(port: number): boolean {
    return this.#newPorts.includes(port) || this.#pools.ports.has(port) || this.#heldPorts.has(port);
  }

  #takePort(port: number): void {
    this.#newPorts.push(port);
    if (!this.#context.dryRun) this.#pools.ports.claim(port, this.#owner);
  }

  #refuse(path: Parameters<typeof invalid>[0], value: unknown, detail: string): never {
    throw invalidObject({ group: '', kind: 'Service' }, this.#service.metadata.name, [invalid(path, value, detail)]);
  }
}

/** The first and last address that can be given out: not the network's own, nor the broadcast address of IPv4. */
function usable(range: Prefix): [bigint, bigint] {
  return [range.base + 1n, range.family === 'IPv4' ? lastOf(range) - 1n : lastOf(range)];
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function canonical(ip: string): string {
  const address = parseAddress(ip);
  return address ? addressText(familyOf(ip), address.value) : ip;
}

function allPorts(spec: ServiceSpec): number[] {
  return [...nodePortsOf(spec), ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : [])];
}
