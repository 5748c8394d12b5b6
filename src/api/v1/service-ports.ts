// Node ports. Who has one is read from the Services themselves; what writes under way have taken is remembered per cluster
// until they are done.
import type { Allocation, Context, Services } from '../context.js';
import { ApiError, internalError, invalid as invalidObject } from '../meta/errors.js';
import { at, invalid } from '../meta/field-errors.js';
import { services as servicesResource } from '../meta/resources.gen.js';
import { pickFree, reservedPart } from '../shared/allocation.js';
import type { Service, ServiceSpec } from '../types/core-v1.gen.js';
import { getsNodePorts, mayHaveNodePorts, needsHealthCheckPort, nodePortsOf } from './service-shape.js';

const BANDS = { min: 16n, max: 128n, step: 32n };
const DRY_RUN_PORT = 32768;

/** The ports that writes under way have taken, by cluster; the services object stands for it. */
const takenByClusters = new WeakMap<Services, Set<number>>();

function takenIn(services: Services): Set<number> {
  let taken = takenByClusters.get(services);
  if (!taken) takenByClusters.set(services, (taken = new Set()));
  return taken;
}

/** The node ports that one write takes. */
export class NodePorts implements Allocation {
  readonly #service: Service;
  readonly #context: Context;
  /** By writes under way, this one among them. */
  readonly #taken: Set<number>;
  readonly #new = new Set<number>();
  #highest = 0;
  #stored: ReadonlySet<number> | undefined;

  constructor(service: Service, context: Context) {
    this.#service = service;
    this.#context = context;
    this.#taken = takenIn(context.services);
  }

  /** From now on the Service itself shows them. */
  commit(): void {
    this.rollback();
  }
  rollback(): void {
    if (!this.#context.dryRun) for (const port of this.#new) this.#taken.delete(port);
  }

  /**
   * Gives the ports that need them node ports.
   * @throws ApiError Invalid when a wanted one cannot be had, InternalError when the range is used up
   */
  allocate(old: ServiceSpec | undefined): void {
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
    const wantedBy = new Map<number, number>();
    for (const { port, nodePort } of ports) if (nodePort && !wantedBy.has(port)) wantedBy.set(port, nodePort);
    for (const [i, port] of ports.entries()) {
      if (!port.nodePort && !getsNodePorts(spec)) continue;
      const shared = byPort.get(port.port);
      if (shared === undefined) {
        const wanted = wantedBy.get(port.port);
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
      else if (!had.has(port.nodePort) && !this.#new.has(port.nodePort)) this.#wantedPort(port.nodePort, i);
      const identity = `${port.protocol} ${port.nodePort}`;
      if (seen.has(identity)) throw new ApiError({ code: 500, message: `duplicate nodePort: {${identity}}` });
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
    if (problem !== undefined)
      throw invalidObject({ group: '', kind: 'Service' }, this.#service.metadata.name, [
        invalid(at('spec', 'ports').index(index).child('nodePort'), port, problem),
      ]);
    this.#takePort(port);
    return port;
  }

  #freePort(whatFailed: string): number {
    if (this.#context.dryRun) return this.#guessedPort();
    const [first, last] = this.#context.services.settings.serviceNodePortRange;
    const size = BigInt(last - first + 1);
    const port = pickFree(
      { first: BigInt(first), last: BigInt(last), reserved: reservedPart(size, BANDS) },
      (candidate) => this.#isPortTaken(Number(candidate)),
      this.#context.services.random,
    );
    if (port === undefined) throw internalError(`${whatFailed}: range is full`);
    this.#takePort(Number(port));
    return Number(port);
  }

  /** What a dry run answers with, free or not: the port after the highest it has, from the middle of the usual range on. */
  #guessedPort(): number {
    const port = (this.#new.size === 0 ? DRY_RUN_PORT : this.#highest) + 1;
    this.#note(port);
    return port;
  }

  #portProblem(port: number): string | undefined {
    const [first, last] = this.#context.services.settings.serviceNodePortRange;
    // as upstream: a dry run asks only whether the port is free
    const outside = !this.#context.dryRun && (port < first || port > last);
    if (outside) return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    return this.#isPortTaken(port) ? 'provided port is already allocated' : undefined;
  }

  #isPortTaken(port: number): boolean {
    return this.#new.has(port) || this.#taken.has(port) || this.#isStored(port);
  }

  #takePort(port: number): void {
    this.#note(port);
    if (!this.#context.dryRun) this.#taken.add(port);
  }

  #note(port: number): void {
    this.#new.add(port);
    this.#highest = Math.max(this.#highest, port);
  }

  #isStored(port: number): boolean {
    this.#stored ??= new Set(this.#context.services.reader.list(servicesResource).flatMap(({ spec }) => allPorts(spec)));
    return this.#stored.has(port);
  }
}

function allPorts(spec: ServiceSpec): number[] {
  return [...nodePortsOf(spec), ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : [])];
}
