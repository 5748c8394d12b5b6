import { readFile, rm, rmdir } from 'node:fs/promises';
import { resolve, join } from 'node:path';
import { Command } from 'commander';
import { contentsOf } from '../data-directory.js';
import { defaultDataDir } from '../options.js';
import { readKubeconfig } from '../server/kubeconfig.js';
import { pkiDirectory } from '../server/pki.js';
import { UserError } from '../util/user-error.js';
import { connect } from './api.js';
import { dataDirFlag } from './flags.js';

/**
 * Removes what the nodes of a cluster have left: containers, networks, volumes.
 * @param caCert PEM of the cluster's authority, which tells its containers from those of others
 * @returns what was removed, for people to read
 */
export type RemoveLeftovers = (dataDir: string, caCert: string) => Promise<readonly string[]>;

const EXAMPLES = `
Examples:
  kubemu reset
  kubemu reset --data-dir ./data`;

/** `kubemu reset`: back to before the first `up`. */
export function resetCommand(removeLeftovers: RemoveLeftovers): Command {
  return new Command('reset')
    .description('Remove everything a stopped cluster has left: objects, keys, kubeconfig, containers.')
    .addOption(dataDirFlag())
    .addHelpText('after', EXAMPLES)
    .action(async ({ dataDir = defaultDataDir() }: { dataDir?: string }) => {
      const directory = resolve(dataDir);
      const { own, others } = await contentsOf(directory);
      await checkStopped(directory);
      const caCert = await authorityOf(directory);
      const leftovers = caCert === undefined ? [] : await removeLeftovers(directory, caCert);
      for (const leftover of leftovers) process.stdout.write(`removed ${leftover}\n`);
      for (const name of own) {
        await rm(join(directory, name), { recursive: true, force: true });
        process.stdout.write(`removed ${join(directory, name)}\n`);
      }
      if (others.length === 0) await rmdir(directory);
      else process.stdout.write(`kept ${directory}: it holds files of others (${others.join(', ')})\n`);
    });
}

/** Undefined: a cluster whose first start was interrupted has no authority, and no containers. */
async function authorityOf(directory: string): Promise<string | undefined> {
  return readFile(join(pkiDirectory(directory), 'ca.crt'), 'utf8').catch(() => undefined);
}

/** The kubeconfig of a running cluster may be lost; its lock on the store is not. */
async function checkStopped(directory: string): Promise<void> {
  const { assertUnlocked } = await import('../storage/lock.js');
  await assertUnlocked(join(directory, 'store')).catch((error: Error) => {
    throw new UserError(`${error.message}: stop it first`, 'failure', { cause: error });
  });
  const access = await readKubeconfig(directory).catch(() => undefined);
  if (!access) return;
  const running = await connect(directory)
    .then((api) => api({ method: 'GET', path: '/version' }))
    .then(
      () => true,
      () => false,
    );
  if (running) throw new UserError(`the cluster at ${access.server} is running: stop it first`);
}
