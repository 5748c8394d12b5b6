// Ports of a pod that get in each other's way. Every port is compared with those before it that can matter, found by what they
// have in common: a body has room for many thousands.
import type { FieldPath } from '../../meta/field-errors.js';
import type { ContainerPort } from '../../types/core-v1.gen.js';
import type { Placed } from './visit.js';

interface PlacedPort {
  readonly index: number;
  readonly port: ContainerPort;
  readonly path: FieldPath;
}

/** Warnings about the ports of all containers together, in upstream's order. */
export function* portWarnings(containers: readonly Placed[]): Generator<string> {
  const ports = containers
    .flatMap(({ container, path }) => (container.ports ?? []).map((port, i) => ({ port, path: path.child('ports').index(i) })))
    .map((placed, index) => ({ ...placed, index }));
  const earlier = new Earlier();
  for (const placed of ports) {
    const { port, path } = placed;
    if (port.hostIP && !port.hostPort) yield warning(path, `hostIP set without hostPort: ${goStruct(port)}`);
    for (const other of earlier.meeting(port)) yield warning(path, `${relation(port, other.port)} with ${String(other.path)}`);
    earlier.add(placed);
  }
  yield* nameWarnings(ports);
}

function relation(port: ContainerPort, other: ContainerPort): string {
  const [a, b] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (a === b && (port.hostIP ?? '') === (other.hostIP ?? '')) return 'duplicate port definition';
  return a === 0 || b === 0 ? 'overlapping port definition' : 'dangerously ambiguous port definition';
}

/** The ports so far, by what a later one can meet them in. */
class Earlier {
  readonly #byKey = new Map<string, PlacedPort[]>();

  add(placed: PlacedPort): void {
    const { hostPort = 0, hostIP = '' } = placed.port;
    const common = commonOf(placed.port);
    for (const key of [common, `${common} ${hostPort}`, `${common} ${hostPort} ${hostIP}`]) {
      const list = this.#byKey.get(key);
      if (list) list.push(placed);
      else this.#byKey.set(key, [placed]);
    }
  }

  /** Those of the same number and protocol that have no host port, or the same one on the same or on every address. */
  meeting(port: ContainerPort): readonly PlacedPort[] {
    const common = commonOf(port);
    const { hostPort = 0, hostIP = '' } = port;
    if (hostPort === 0) return this.#of(common);
    const same =
      hostIP === ''
        ? this.#of(`${common} ${hostPort}`)
        : [...this.#of(`${common} ${hostPort} ${hostIP}`), ...this.#of(`${common} ${hostPort} `)];
    return [...this.#of(`${common} 0`), ...same].sort((a, b) => a.index - b.index);
  }

  #of(key: string): readonly PlacedPort[] {
    return this.#byKey.get(key) ?? [];
  }
}

function commonOf({ containerPort, protocol }: ContainerPort): string {
  return `${containerPort} ${protocol}`;
}

function* nameWarnings(ports: readonly PlacedPort[]): Generator<string> {
  const firsts = new Map<string, FieldPath>();
  for (const { port, path } of ports) {
    if (!port.name) continue;
    const first = firsts.get(port.name);
    if (!first) firsts.set(port.name, path);
    else
      yield warning(
        path,
        `duplicate port name ${JSON.stringify(port.name)} with ${String(first)}, services and probes that select ports by name will use ${String(first)}`,
      );
  }
}

function warning(path: FieldPath, text: string): string {
  return `${path.toString()}: ${text}`;
}

// as Go's %+v prints it
function goStruct({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
