// How fast pods may be driven off nodes. When most of a zone is down, the fault is rather in the network than in the
// nodes, and moving everything would make it worse; when all of the cluster seems down, nothing is moved at all.
import { REGION_LABEL, ZONE_LABEL } from '../../api/meta/well-known.js';
import type { Node } from '../../api/types/core-v1.gen.js';
import type { Clock } from '../../util/clock.js';
import { TokenBucket } from '../../util/token-bucket.js';
import { readyCondition } from './health.js';

/** Nodes a second whose pods are driven off (--node-eviction-rate), and in a large zone in trouble (--secondary-node-eviction-rate). */
const RATE = 0.1;
const SECONDARY_RATE = 0.01;
const LARGE_ZONE = 50;
const UNHEALTHY_THRESHOLD = 0.55;
const EXCLUDED = 'node.kubernetes.io/exclude-disruption';

/** normal: enough nodes are ready; partial: too many are not; full: none is. */
export type ZoneState = 'normal' | 'partial' | 'full';

/** @returns how a zone does, by whether its nodes are ready */
export function zoneState(ready: number, notReady: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'full';
  return notReady > 2 && notReady / (notReady + ready) >= UNHEALTHY_THRESHOLD ? 'partial' : 'normal';
}

interface Zone {
  state: ZoneState;
  size: number;
  /** Undefined: nobody is driven off. */
  bucket: TokenBucket | undefined;
}

/** What changes for the cluster as a whole. */
export type Turn = 'all-lost' | 'some-back' | undefined;

/** How fast the nodes of each zone may be given up: the more of them are silent, the likelier the fault is ours. */
export class Zones {
  readonly #clock: Clock;
  readonly #zones = new Map<string, Zone>();
  #lost = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in the state of all nodes. @returns whether the cluster has just gone dark, or has just come back */
  observe(nodes: readonly Node[]): Turn {
    const counts = new Map<string, { ready: number; notReady: number }>();
    for (const node of nodes) {
      if (node.metadata.labels?.[EXCLUDED] !== undefined) continue;
      const count = counts.get(zoneOf(node)) ?? { ready: 0, notReady: 0 };
      count[readyCondition(node)?.status === 'True' ? 'ready' : 'notReady']++;
      counts.set(zoneOf(node), count);
    }
    for (const name of this.#zones.keys()) if (!counts.has(name)) this.#zones.delete(name);
    const states = [...counts].map(([name, { ready, notReady }]) => ({ name, size: ready + notReady, state: zoneState(ready, notReady) }));
    const lost = states.length > 0 && states.every((s) => s.state === 'full');
    const turn = lost === this.#lost ? undefined : lost ? 'all-lost' : 'some-back';
    this.#lost = lost;
    for (const { name, size, state } of states) this.#update(name, size, state, turn !== undefined);
    return turn;
  }

  /** Whether the pods of one more node of the zone may be driven off now. */
  mayEvict(node: Node): boolean {
    return !this.#lost && (this.#zones.get(zoneOf(node))?.bucket?.tryTake() ?? false);
  }

  #update(name: string, size: number, state: ZoneState, anew: boolean): void {
    const zone = this.#zones.get(name);
    if (zone && zone.state === state && (state !== 'partial' || zone.size > LARGE_ZONE === size > LARGE_ZONE) && !anew) {
      zone.size = size;
      return;
    }
    const rate = state !== 'partial' ? RATE : size > LARGE_ZONE ? SECONDARY_RATE : 0;
    this.#zones.set(name, { state, size, bucket: rate > 0 ? new TokenBucket(this.#clock, { perSecond: rate, burst: 1 }) : undefined });
  }
}

function zoneOf({ metadata: { labels = {} } }: Node): string {
  return `${labels[REGION_LABEL] ?? ''}/${labels[ZONE_LABEL] ?? ''}`;
}
