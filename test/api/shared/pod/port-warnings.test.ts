import { expect } from 'chai';
import { FieldPath } from '../../../../src/api/meta/field-errors.js';
import { portWarnings } from '../../../../src/api/shared/pod/port-warnings.js';
import type { ContainerPort } from '../../../../src/api/types/core-v1.gen.js';

/** Upstream compares every pair. */
function pairs(ports: readonly ContainerPort[]): string[] {
  return ports.flatMap((port, i) =>
    ports.slice(0, i).flatMap((other, j) => {
      if (port.containerPort !== other.containerPort || port.protocol !== other.protocol) return [];
      const same = port.hostIP === other.hostIP;
      const [a, b] = [port.hostPort ?? 0, other.hostPort ?? 0];
      const what =
        same && a === b
          ? 'duplicate'
          : a === 0 || b === 0
            ? 'overlapping'
            : a === b && (!port.hostIP || !other.hostIP)
              ? 'dangerously ambiguous'
              : undefined;
      return what ? [`c.ports[${i}]: ${what} port definition with c.ports[${j}]`] : [];
    }),
  );
}

describe('warnings about ports', () => {
  it('name every pair that meets, in order', () => {
    const ports: ContainerPort[] = [];
    for (const containerPort of [1, 2])
      for (const protocol of ['TCP', 'UDP'] as const)
        for (const hostPort of [undefined, 7, 8, 7])
          for (const hostIP of hostPort ? [undefined, '10.0.0.1', '10.0.0.2'] : [undefined])
            ports.push({ containerPort, protocol, hostPort, hostIP });
    const mixed = ports.map((_, i) => ports[(i * 7) % ports.length] as ContainerPort);
    const found = [...portWarnings([{ container: { name: 'c', ports: mixed }, path: new FieldPath('c') }])];
    expect(found).to.deep.equal(pairs(mixed));
    expect(found.length).to.be.greaterThan(50);
  });
});
