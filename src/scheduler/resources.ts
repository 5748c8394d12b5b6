// Requests and capacities as plain numbers: cpu in thousandths, everything else in units.
import { milliValue, value } from '../api/meta/quantity.js';
import { type Counting, podRequests } from '../api/shared/pod/resources.js';
import type { Pod } from '../api/types/core-v1.gen.js';

/** Amounts by resource name; an absent name means zero. */
export type Amounts = Map<string, number>;

type Quantities = Readonly<Record<string, string>>;

/** What a container without a request counts for in scores, so that nodes with many such pods look busy (non_zero.go). */
const ASSUMED_REQUEST: ReadonlyMap<string, number> = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

/** A quantity as a number: thousandths of CPUs, whole units of all else. */
function amount(resource: string, quantity: string): number {
  return resource === 'cpu' ? milliValue(quantity) : value(quantity);
}

/** Quantities as numbers, by resource. */
export function amounts(quantities: Quantities | undefined): Amounts {
  return new Map(Object.entries(quantities ?? {}).map(([name, q]) => [name, amount(name, q)]));
}

/** Adds, or takes away, in place. */
export function add(to: Amounts, what: ReadonlyMap<string, number>, sign: 1 | -1 = 1): void {
  for (const [name, n] of what) to.set(name, (to.get(name) ?? 0) + sign * n);
}

/** Whole numbers: exact enough for every choice, and much faster than quantities in a pass over all nodes. */
const NUMBERS: Counting<number> = { read: amounts, plus: (a, b) => a + b, exceeds: (a, b) => a > b };

/** What a pod takes of its node. */
export function requestedAmounts({ spec }: Pod): Amounts {
  return podRequests(spec, NUMBERS);
}

/** The same for scores: containers without a cpu or memory request count with a small one. */
export function assumedAmounts({ spec }: Pod): Amounts {
  return podRequests(spec, NUMBERS, ({ resources }) => {
    const requests = amounts(resources?.requests);
    for (const [name, assumed] of ASSUMED_REQUEST) if (!requests.has(name)) requests.set(name, assumed);
    return requests;
  });
}
