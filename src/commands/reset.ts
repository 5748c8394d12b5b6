import { readFile, rm, rmdir } from 'node:fs/promises';
import { resolve, join } from 'node:path';
import { Command } from 'commander';
import { contentsOf } from '../data-directory.js';
import { defaultDataDir } from '../options.js';
import { assertStopped } from '../running.js';
import { pkiDirectory } from '../server/pki.js';
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
      const contents = await contentsOf(directory);
      if (!contents) return void process.stdout.write(`nothing to reset: there is no cluster in ${directory}\n`);
      const { own, others } = contents;
      await assertStopped(directory);
      const caCert = await authorityOf(directory);
      const leftovers = caCert === undefined ? [] : await removeLeftovers(directory, caCert);
      for (const leftover of leftovers) process.stdout.write(`removed ${leftover}\n`);
      for (const name of own) {
        await rm(join(directory, name), { recursive: true, force: true });
        process.stdout.write(`removed ${join(directory, name)}\n`);
      }
      if (others.length > 0) process.stdout.write(`kept ${directory}: it holds files of others (${others.join(', ')})\n`);
      else await removeDirectory(directory);
    });
}

/** What another system has put in its place (a mounted volume, a container's mount) cannot go; empty it is as good as gone. */
async function removeDirectory(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    process.stdout.write(`kept ${directory}: ${error.message}\n`);
  });
}

/** Undefined: a cluster whose first start was interrupted has no authority, and no containers. */
async function authorityOf(directory: string): Promise<string | undefined> {
  return readFile(join(pkiDirectory(directory), 'ca.crt'), 'utf8').catch(() => undefined);
}
