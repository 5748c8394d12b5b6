import { Command } from 'commander';
import { addClusterFlags, addServerFlags, clusterOptions, type Flags } from './flags.js';
import { type Running, runUntilStopped, type StartCluster } from './run.js';
import { versionLine } from './version.js';

const EXAMPLES = `
Examples:
  kubemu up                                   one node, Docker where it answers
  kubemu up --nodes 3 --runtime simulated     three nodes without any containers
  kubemu up --memory --secure-port 0          nothing is kept, any free port
  kubemu up --controllers '*,-deployment'     all controllers but one`;

/** `kubemu up`: the whole cluster in this process. */
export function upCommand(start: StartCluster): Command {
  const command = new Command('up')
    .description('Start a cluster: API server, controllers, scheduler and nodes.')
    .addHelpText('after', EXAMPLES);
  return addClusterFlags(addServerFlags(command, 'Node,RBAC')).action(async (flags: Flags) => {
    await runUntilStopped(start, clusterOptions(flags), (cluster, seconds) => {
      return `${versionLine()} is ready after ${seconds.toFixed(1)} s
  server      ${cluster.url}
  kubeconfig  ${cluster.kubeconfig}
  nodes       ${nodesOf(cluster)}

In another terminal:
  export KUBECONFIG=${cluster.kubeconfig}
  kubectl get nodes

Ctrl-C stops the cluster; ${cluster.settings.memory ? 'its objects go with it' : 'its objects are kept'}.`;
    });
  });
}

/** Nodes of earlier starts are there too, whatever --nodes says. */
function nodesOf({ nodes }: Running): string {
  const counts = new Map<string, number>();
  for (const { runtime } of nodes?.nodes() ?? []) counts.set(runtime, (counts.get(runtime) ?? 0) + 1);
  return [...counts].map(([runtime, count]) => `${count} (${runtime})`).join(', ') || 'none';
}
