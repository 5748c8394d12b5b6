import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { resolve, join } from 'node:path';
import { Command } from 'commander';
import { defaultDataDir } from '../options.js';
import { readKubeconfig } from '../server/kubeconfig.js';
import { pkiDirectory } from '../server/pki.js';
import { assertOwn } from '../storage/inspect.js';
import { UserError } from '../util/user-error.js';
import { connect } from './api.js';
import { dataDirFlag } from './flags.js';

/**
 * Removes what the nodes of a cluster have left: containers, networks, volumes.
 * @param caCert PEM of the cluster's authority, which tells its containers from those of others
 * @returns what was removed, for people to read
 */
export type RemoveLeftovers = (dataDir: string, caCert: string) => Promise<readonly string[]>;

/** What kubemu puts into a data directory. */
const OWN = ['pki', 'store', 'pods', 'kubeconfig'];

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
      const entries = await entriesOf(directory);
      const caCert = await authorityOf(directory, entries);
      await checkStopped(directory);
      if (entries.includes('store')) await checkStore(join(directory, 'store'));
      for (const leftover of await removeLeftovers(directory, caCert)) process.stdout.write(`removed ${leftover}\n`);
      for (const name of OWN.filter((n) => entries.includes(n))) {
        await rm(join(directory, name), { recursive: true, force: true });
        process.stdout.write(`removed ${join(directory, name)}\n`);
      }
      const others = entries.filter((n) => !OWN.includes(n));
      if (others.length === 0) await rmdir(directory);
      else process.stdout.write(`kept ${directory}: it holds files of others (${others.join(', ')})\n`);
    });
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw new UserError(`nothing to reset: ${directory} cannot be read`, 'failure', { cause: error });
  }
}

/** Directories of other programs may hold a "store" too: only one with our authority in it is ours. */
async function authorityOf(directory: string, entries: readonly string[]): Promise<string> {
  const authority = entries.includes('pki') ? await readFile(join(pkiDirectory(directory), 'ca.crt'), 'utf8').catch(() => '') : '';
  if (!authority.includes('-----BEGIN CERTIFICATE-----'))
    throw new UserError(`${directory} is not a data directory of kubemu: nothing was removed`);
  return authority;
}

/** `up` refuses a store of someone else after it has put our authority beside it. */
async function checkStore(store: string): Promise<void> {
  try {
    await assertOwn(store);
  } catch (error) {
    throw new UserError(`${(error as Error).message} Nothing was removed.`, 'failure', { cause: error });
  }
}

async function checkStopped(directory: string): Promise<void> {
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
