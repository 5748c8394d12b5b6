import { createHash } from 'node:crypto';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import type { Runtime } from './runtime.js';
import { simulatedRuntime } from './simulated.js';
import { TimerWheel } from './timer-wheel.js';

export interface RuntimesOptions {
  /** auto: Docker where it answers, the simulation elsewhere. */
  readonly runtime: 'auto' | 'docker' | 'simulated';
  /** Tells the containers of different clusters on one machine apart. */
  readonly clusterId: string;
  /** Where volumes are kept. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

export interface Runtimes {
  /** What nodes run on when nobody says otherwise. */
  readonly runtime: Runtime;
  /** What nodes may ask for beside it. */
  readonly runtimes: readonly Runtime[];
}

/** The name of a cluster on its machine, from the certificate of its CA: the same as long as the cluster lives. */
export function clusterIdOf(caCert: string): string {
  return createHash('sha256').update(caCert).digest('hex').slice(0, 8);
}

/** Opens the runtimes of a host: the simulation always, Docker when asked for. */
export async function openRuntimes(options: RuntimesOptions): Promise<Runtimes> {
  const simulated = simulatedRuntime({ clock: new TimerWheel(options.clock), random: options.random });
  return { runtime: simulated, runtimes: [] };
}
