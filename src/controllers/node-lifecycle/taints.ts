// Taints that follow from the state of a node.
import { isApiError } from '../../api/meta/errors.js';
import { nodes } from '../../api/meta/resources.gen.js';
import { MEMORY_PRESSURE_TAINT, NOT_READY_TAINT, UNREACHABLE_TAINT, UNSCHEDULABLE_TAINT } from '../../api/meta/well-known.js';
import type { Node, Taint } from '../../api/types/core-v1.gen.js';
import type { Client } from '../../client/client.js';
import { timestamp } from '../../util/clock.js';

const MAX_TRIES = 5;

/** Which taint a condition in a status means. */
const OF_CONDITION: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY_TAINT, Unknown: UNREACHABLE_TAINT },
  MemoryPressure: { True: MEMORY_PRESSURE_TAINT },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const MANAGED = new Set([UNSCHEDULABLE_TAINT, ...Object.values(OF_CONDITION).flatMap((taints) => Object.values(taints))]);

type Effect = Taint['effect'];

/** What should be added to and removed from a node's taints. */
export interface TaintChange {
  readonly add: readonly Taint[];
  readonly remove: readonly Taint[];
}

/** Keeps new pods off a node in a bad state. */
export function noScheduleChange(node: Node): TaintChange {
  const wanted = (node.status.conditions ?? []).flatMap((c) => OF_CONDITION[c.type]?.[c.status] ?? []);
  if (node.spec.unschedulable) wanted.push(UNSCHEDULABLE_TAINT);
  return change(node, wanted, 'NoSchedule');
}

/** Drives pods off a node that is not ready; `spare`: lets them stay all the same. */
export function noExecuteChange(node: Node, spare: boolean): TaintChange {
  const ready = node.status.conditions?.find((c) => c.type === 'Ready');
  const wanted = ready && !spare ? OF_CONDITION['Ready']?.[ready.status] : undefined;
  return change(node, wanted === undefined ? [] : [wanted], 'NoExecute', new Set([NOT_READY_TAINT, UNREACHABLE_TAINT]));
}

function change(node: Node, wanted: readonly string[], effect: Effect, managed: ReadonlySet<string> = MANAGED): TaintChange {
  const present = (node.spec.taints ?? []).filter((t) => t.effect === effect && managed.has(t.key));
  return {
    add: wanted.filter((key) => !present.some((t) => t.key === key)).map((key) => ({ key, effect })),
    remove: present.filter((t) => !wanted.includes(t.key)),
  };
}

/**
 * Changes the taints of a node, from its present state. A node that has gone is left alone.
 * @throws ApiError when the server refuses
 */
export async function changeTaints(client: Client, node: Node, { add, remove }: TaintChange, now: number): Promise<void> {
  const key = { namespace: '', name: node.metadata.name };
  for (let tries = 1, present = node; ; tries++) {
    const kept = (present.spec.taints ?? []).filter((t) => ![...add, ...remove].some((other) => same(t, other)));
    const taints = [...kept, ...add.map((t) => ({ ...t, timeAdded: timestamp(now) }))];
    try {
      const body = { metadata: { resourceVersion: present.metadata.resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
      await client.patch(nodes, key, { type: 'merge', body });
      return;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      if (!isApiError(error, 'Conflict') || tries === MAX_TRIES) throw error;
      present = await client.get(nodes, key);
    }
  }
}

function same(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}
