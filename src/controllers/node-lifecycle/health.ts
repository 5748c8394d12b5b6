// Whether a node has shown signs of life lately. Its own times are not trusted, they may be from another clock: what counts
// is when a change of its Lease or of its Ready condition was seen.
import type { Lease } from '../../api/types/coordination-v1.gen.js';
import type { Node, NodeCondition } from '../../api/types/core-v1.gen.js';
import { timestamp } from '../../util/clock.js';

/** A node that has been ready once is unknown after so long without a sign (--node-monitor-grace-period). */
const GRACE = 50_000;
/** A new node has so long for its first status (--node-startup-grace-period). */
const STARTUP_GRACE = 60_000;

/** What a silent node's conditions become; others stay. */
const LOST = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface Sign {
  readonly uid: string | undefined;
  readonly heartbeat: string | undefined;
  readonly renewed: string | undefined;
  readonly at: number;
}

/** When each node last gave a sign of life, by the time at which it was seen here: clocks of nodes may differ. */
export class NodeHealth {
  readonly #signs = new Map<string, Sign>();

  /** Notes what the node shows. @returns false when it has shown nothing new for too long */
  observe(node: Node, lease: Lease | undefined, now: number): boolean {
    const { name, uid, creationTimestamp } = node.metadata;
    const ready = readyCondition(node);
    const known = this.#signs.get(name);
    const heartbeat = ready?.lastHeartbeatTime;
    const renewed = lease?.spec?.renewTime;
    const first = known?.uid !== uid;
    const alive = !first && (known?.heartbeat !== heartbeat || isLater(renewed, known?.renewed));
    // a node without status has its grace from its creation on, any other from when it is first seen
    const since = first && !ready && creationTimestamp ? Date.parse(creationTimestamp) : now;
    const at = first ? since : alive ? now : (known?.at ?? now);
    this.#signs.set(name, { uid, heartbeat, renewed: renewed ?? known?.renewed, at });
    return now <= at + (ready ? GRACE : STARTUP_GRACE);
  }

  /** Everyone gets their whole grace again: nobody could have been heard. */
  reset(now: number): void {
    for (const [name, sign] of this.#signs) this.#signs.set(name, { ...sign, at: now });
  }

  /** The node is gone. */
  forget(name: string): void {
    this.#signs.delete(name);
  }
}

/** The condition Ready; undefined before the node has written one. */
export function readyCondition(node: Node): NodeCondition | undefined {
  return node.status.conditions?.find((c) => c.type === 'Ready');
}

/** The conditions of a node that has gone silent; undefined when they say so already. */
export function lostConditions(node: Node, now: number): NodeCondition[] | undefined {
  if (readyCondition(node)?.status === 'Unknown') return undefined;
  const time = timestamp(now);
  const present = node.status.conditions ?? [];
  const changed = present.map((c) => {
    if (!LOST.includes(c.type) || c.status === 'Unknown') return c;
    return {
      ...c,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: time,
    };
  });
  const missing = LOST.filter((type) => !present.some((c) => c.type === type)).map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: time,
  }));
  return [...changed, ...missing];
}

function isLater(time: string | undefined, than: string | undefined): boolean {
  return time !== undefined && (than === undefined || time > than);
}
