import { Command } from 'commander';
import { addServerFlags, clusterOptions, type Flags } from './flags.js';
import { runUntilStopped, type StartCluster } from './run.js';
import { versionLine } from './version.js';

const EXAMPLES = `
Examples:
  kubemu apiserver --data-dir ./data                    for controllers, scheduler and kubelets of your own
  kubemu apiserver --token-auth-file tokens.csv --authorization-mode RBAC`;

/** kube-apiserver's own defaults; those of a cluster are others. */
const DEFAULT_MODE = 'AlwaysAllow';
const DEFAULTS: Flags = { authorizationMode: [DEFAULT_MODE], enableAdmissionPlugins: [] };

/** `kubemu apiserver`: no controllers, no scheduler, no nodes. */
export function apiserverCommand(start: StartCluster): Command {
  const command = new Command('apiserver').description('Start the API server alone.').addHelpText('after', EXAMPLES);
  return addServerFlags(command, DEFAULT_MODE).action(async (flags: Flags) => {
    const options = {
      ...clusterOptions({ ...DEFAULTS, ...flags }),
      components: { controllers: false, scheduler: false, nodes: false },
    };
    await runUntilStopped(start, options, (cluster, seconds) => {
      return `${versionLine()}: API server ready after ${seconds.toFixed(1)} s
  server      ${cluster.url}
  kubeconfig  ${cluster.kubeconfig}`;
    });
  });
}
