import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { kubeconfigPath, readKubeconfig } from '../server/kubeconfig.js';
import { defaultDataDir } from '../options.js';
import { dataDirFlag } from './flags.js';

const EXAMPLES = `
Examples:
  kubemu kubeconfig > ~/.kube/config
  export KUBECONFIG=$(kubemu kubeconfig --path)`;

/** `kubemu kubeconfig`: the admin's access to the cluster of a data directory. */
export function kubeconfigCommand(): Command {
  return new Command('kubeconfig')
    .description("Print the cluster's kubeconfig.")
    .addOption(dataDirFlag())
    .option('--path', 'print only where it is')
    .addHelpText('after', EXAMPLES)
    .action(async ({ dataDir = defaultDataDir(), path }: { dataDir?: string; path?: boolean }) => {
      // also the check that there is one
      await readKubeconfig(dataDir);
      const file = kubeconfigPath(dataDir);
      process.stdout.write(path ? `${file}\n` : await readFile(file, 'utf8'));
    });
}
