import type { ClusterOptions } from '../options.js';
import { createLogger } from '../util/log.js';

/** What the command line needs of a running cluster. */
export interface Running {
  readonly kubeconfig: string;
  readonly url: string;
  readonly nodes: { nodes(): readonly { readonly runtime: string }[] } | undefined;
  readonly settings: { readonly memory: boolean };
  stop(): Promise<void>;
}

/** `startCluster`, or what stands in for it. */
export type StartCluster = (options: ClusterOptions) => Promise<Running>;

/**
 * Starts a cluster, says so, and waits for SIGINT or SIGTERM to stop it. A second signal ends the process at once.
 * @param greeting what to print once it is ready
 */
export async function runUntilStopped(
  start: StartCluster,
  options: ClusterOptions,
  greeting: (cluster: Running, seconds: number) => string,
): Promise<void> {
  const logger = createLogger(options.verbosity ?? 0);
  const signal = nextSignal();
  const cluster = await start({ ...options, logger });
  process.stdout.write(`${greeting(cluster, process.uptime())}\n`);
  const name = await signal;
  // before anybody is told: without a listener the signal would end the process its own way
  void nextSignal().then((second) => process.exit(second === 'SIGINT' ? 130 : 143));
  process.stderr.write('Stopping; the same again stops at once.\n');
  logger.info('stopping', { signal: name });
  await cluster.stop();
}

function nextSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    const on = (name: 'SIGINT' | 'SIGTERM') => () => {
      process.off('SIGINT', interrupted).off('SIGTERM', terminated);
      resolve(name);
    };
    const interrupted = on('SIGINT');
    const terminated = on('SIGTERM');
    process.on('SIGINT', interrupted).on('SIGTERM', terminated);
  });
}
