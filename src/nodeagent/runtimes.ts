import { createHash } from 'node:crypto';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { UserError } from '../util/user-error.js';
import type { Runtime } from './runtime.js';
import { dockerRuntime } from './docker.js';
import { dockerAvailable } from './docker-leftovers.js';
import { simulatedRuntime } from './simulated.js';
import { messageOf } from './text.js';
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

/** The runtimes of a process. */
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

/** Opens the runtimes of a host: the simulation always, Docker when asked for. @throws UserError when Docker is asked for and does not answer */
export async function openRuntimes(options: RuntimesOptions): Promise<Runtimes> {
  const simulated = simulatedRuntime({ clock: new TimerWheel(options.clock), random: options.random });
  if (options.runtime === 'simulated' || (options.runtime === 'auto' && !(await dockerAvailable())))
    return { runtime: simulated, runtimes: [] };
  try {
    return { runtime: await dockerRuntime(options), runtimes: [simulated] };
  } catch (error) {
    if (options.runtime === 'docker')
      throw new UserError(`--runtime docker: Docker does not answer as it should: ${messageOf(error)}`, 'failure', { cause: error });
    options.logger.info('Docker answers but cannot be used: nodes are simulated', { error: messageOf(error) });
    return { runtime: simulated, runtimes: [] };
  }
}
