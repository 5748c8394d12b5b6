import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { UserError } from '../util/user-error.js';
import { messageOf } from '../util/errors.js';
import type { Runtime } from './runtime.js';
import { simulatedRuntime } from './simulated.js';
import { TimerWheel } from './timer-wheel.js';

/** Which runtime, and for which cluster. */
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

/** Whether there is anything to ask: Docker's client takes a fifth of the time that a cluster needs to start. */
function mayHaveDocker(): boolean {
  if (process.env.DOCKER_HOST || process.platform === 'win32') return true;
  return ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')].some((socket) => existsSync(socket));
}

/** Opens the runtimes of a host: the simulation always, Docker when asked for. @throws UserError when Docker is asked for and does not answer */
export async function openRuntimes(options: RuntimesOptions): Promise<Runtimes> {
  const simulated = simulatedRuntime({ clock: new TimerWheel(options.clock), random: options.random });
  const simulation = { runtime: simulated, runtimes: [] };
  if (options.runtime === 'simulated' || (options.runtime === 'auto' && !mayHaveDocker())) return simulation;
  const [{ dockerRuntime }, { dockerAvailable }] = await Promise.all([import('./docker.js'), import('./docker-leftovers.js')]);
  if (options.runtime === 'auto' && !(await dockerAvailable())) return simulation;
  try {
    return { runtime: await dockerRuntime(options), runtimes: [simulated] };
  } catch (error) {
    if (options.runtime === 'docker')
      throw new UserError(`--runtime docker: Docker does not answer as it should: ${messageOf(error)}`, 'failure', { cause: error });
    options.logger.info('Docker answers but cannot be used: nodes are simulated', { error: messageOf(error) });
    return simulation;
  }
}

/**
 * Removes what the nodes of a cluster that has stopped have left on this host: containers, network, volumes.
 * @returns what was removed, for people to read; nothing when Docker does not answer
 */
export async function removeLeftovers(clusterId: string, dataDir: string): Promise<string[]> {
  const leftovers = await import('./docker-leftovers.js');
  return leftovers.removeLeftovers(clusterId, dataDir);
}
